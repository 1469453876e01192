import { SkeinError } from '../../../kernel/errors.ts';
import type { CacheFacts, FinishPart, ModelPart, ModelRequest } from '../model.ts';
import type { ModelPartStream } from '../part-stream.ts';
import type { ModelTarget } from '../provider.ts';
import { billOf } from '../provider-errors.ts';
import { AttemptContext } from './attempts.ts';
import { type CallPlan, toSkeinError } from './run-call.ts';
import { NOTHING_TOLD, Settlement, type Told } from './settlement.ts';

/** The parts of an answer, and whose they are. */
export interface ModelStream extends AsyncIterableIterator<ModelPart> {
  /** Who is asked; who answers, once there is a part. */
  readonly model?: ModelTarget | undefined;
  /** Once there is a part. */
  readonly cache?: CacheFacts | undefined;
}

/** Who says more than that before the answer has begun it. */
const MOST_HELD_BYTES = 65_536;

/**
 * The parts of one answer, of the first model that begins one: until then the next is asked when one fails. The `finish`
 * part says who made it and what it cost.
 */
export class RouteStream implements ModelStream {
  readonly #plan: CallPlan;
  readonly #request: ModelRequest;
  #settlement: Settlement | undefined;
  #attempt: AttemptContext | undefined;
  #parts: ModelPartStream | undefined;
  #hasBegun = false;
  /** What only opens the answer, until it has begun; then what is still to be given out. */
  #held: ModelPart[] = [];
  #heldBytes = 0;
  #isOver = false;
  #characters = 0;

  constructor(plan: CallPlan, request: ModelRequest) {
    this.#plan = plan;
    this.#request = request;
  }

  get model(): ModelTarget {
    return this.#plan.attempts.target.deployment.target;
  }

  async next(): Promise<IteratorResult<ModelPart>> {
    if (this.#hasBegun && this.#held.length > 0) return { done: false, value: this.#held.shift() as ModelPart };
    while (!this.#isOver) {
      const parts = this.#parts ?? this.#begin();
      try {
        const { done, value } = await parts.next();
        // Left while it was waited for.
        if (this.#isOver) break;
        if (done) throw new SkeinError('MODEL_STREAM_TRUNCATED');
        const part = this.#take(value);
        if (part !== undefined) return { done: false, value: part };
      } catch (caught) {
        if (this.#isOver) break;
        this.#fail(toSkeinError(caught));
      }
    }
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<ModelPart>> {
    this.#held = [];
    if (!this.#isOver) {
      this.#isOver = true;
      const parts = this.#parts;
      const told = toldBy(parts);
      this.#attempt?.end();
      await parts?.return();
      this.#settlement?.leave(told, this.#characters);
    }
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #begin(): ModelPartStream {
    const { route, asked, attempts, context, world } = this.#plan;
    this.#settlement ??= new Settlement(route, asked, attempts, context, world);
    this.#settlement.begin();
    const { deployment, timeoutMs } = attempts.target;
    this.#attempt = new AttemptContext(context, timeoutMs);
    this.#parts = deployment.provider.stream(deployment.target, this.#request, this.#attempt.context);
    return this.#parts;
  }

  /** Undefined: it is held back until the model says something, as long as another could be asked in its place. */
  #take(part: ModelPart): ModelPart | undefined {
    if (part.type === 'native' && part.isOpening === true && !this.#hasBegun) {
      if (!this.#plan.attempts.hasMore) return part;
      this.#heldBytes += part.bytes.length;
      if (this.#heldBytes <= MOST_HELD_BYTES) {
        this.#held.push(part);
        return undefined;
      }
    }
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      this.#attempt?.begun();
      if (part.type !== 'finish') this.#settlement?.firstToken();
    }
    if (part.type !== 'finish') this.#characters += charactersOf(part);
    const given = part.type === 'finish' ? this.#finish(part) : part;
    if (this.#held.length === 0) return given;
    this.#held.push(given);
    return this.#held.shift();
  }

  /** The stream below closes itself, and reads what is left of its answer. */
  #finish(part: FinishPart): FinishPart {
    this.#isOver = true;
    this.#attempt?.end();
    return { ...part, ...this.#settlement?.succeed(part.usage, this.#characters) };
  }

  /** @throws the error, unless another model is to be asked. */
  #fail(error: SkeinError): void {
    const bill = billOf(error);
    const told = bill === undefined ? toldBy(this.#parts) : { usage: bill, isCounted: true };
    this.#attempt?.end();
    this.#parts = undefined;
    this.#held = [];
    this.#heldBytes = 0;
    if (this.#settlement?.failed(error, !this.#hasBegun, told)) return;
    this.#isOver = true;
    const verdict = this.#plan.attempts.verdict(error);
    this.#settlement?.end(verdict, told, this.#characters);
    throw verdict;
  }
}

/** Counts without a number say nothing. */
function toldBy(parts: ModelPartStream | undefined): Told {
  const usage = parts?.usage();
  const isTold = usage?.inputTokens !== undefined || usage?.outputTokens !== undefined;
  return parts !== undefined && isTold ? { usage, isCounted: parts.isCounted() } : NOTHING_TOLD;
}

function charactersOf(part: Exclude<ModelPart, FinishPart>): number {
  if (part.type === 'native') return part.characters;
  return part.type === 'tool-call' ? part.arguments.length : part.text.length;
}
