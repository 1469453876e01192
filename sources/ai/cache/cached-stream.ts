import { SkeinError } from '../../../kernel/errors.ts';
import type { Clock } from '../../../kernel/ports.ts';
import type { CallContext } from '../../source.ts';
import type { Meter } from '../meter.ts';
import type { CacheFacts, FinishPart, ModelPart, ModelResponse } from '../model.ts';
import type { ModelTarget } from '../provider.ts';
import { isQuestionsFault } from '../routes/attempts.ts';
import type { ModelStream } from '../routes/route-stream.ts';
import { toSkeinError } from '../routes/run-call.ts';
import type { CachedQuestion } from './answer-store.ts';
import type { AnswerStream } from './flight.ts';
import type { Flights, Way } from './flights.ts';
import { given, hitOf, toParts, toResponse } from './kept-answer.ts';
import { meterShared, type SharedEnd } from './meter-shared.ts';

export interface CachedStreamOptions {
  readonly question: CachedQuestion;
  /** Who is to be asked, if anybody. */
  readonly asked: ModelTarget;
  /** Asks. */
  open(context: CallContext): AnswerStream;
  /** Its parts are not looked at before the last has come. */
  readonly isWhole: boolean;
}

export interface CachedStreamDeps {
  readonly flights: Flights;
  readonly meter: Meter;
  readonly clock: Clock;
}

/** Whose calls have come to nothing so often asks for no more: the provider fails, whoever asks. */
const MOST_FOLLOWED = 2;

type Flying = Extract<Way, { readonly kept?: undefined }>;

/** A kept answer as a stream, or that of a model, which others who ask the same may be given at the same time. */
export class CachedStream implements ModelStream {
  readonly #options: CachedStreamOptions;
  readonly #deps: CachedStreamDeps;
  readonly #startedAt: number;
  #way: Way | undefined;
  #kept: ModelPart[] | undefined;
  /** How many calls of others it has waited for. */
  #followed = 0;
  #hasGiven = false;
  #isOver = false;
  #answer: ModelResponse | undefined;

  constructor(options: CachedStreamOptions, deps: CachedStreamDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#startedAt = deps.clock.now();
  }

  get model(): ModelTarget {
    const { asked } = this.#options;
    const way = this.#way;
    if (way === undefined) return asked;
    if (way.kept !== undefined) return { ...asked, name: way.kept.model, provider: way.kept.provider };
    return way.flight.model ?? asked;
  }

  get cache(): CacheFacts | undefined {
    const way = this.#way;
    if (way === undefined) return undefined;
    if (way.kept !== undefined) return hitOf(way.kept, way.ageMs);
    return !way.isLeader ? { isCached: true, ageMs: 0 } : MISS;
  }

  /** The whole answer, when the last part has come, and it is not too long. */
  get answer(): ModelResponse | undefined {
    return this.#answer;
  }

  async next(): Promise<IteratorResult<ModelPart>> {
    if (this.#isOver) return DONE;
    this.#way ??= await this.#deps.flights.enter(this.#options.question, this.#options.open);
    const way = this.#way;
    // Left while it was looked for.
    if (this.#isOver) {
      if (way.kept === undefined) way.reader.leave();
      return DONE;
    }
    const result = way.kept === undefined ? await this.#fly(way) : this.#replay(way);
    this.#hasGiven = !this.#options.isWhole;
    if (!result.done && result.value.type === 'finish') this.#isOver = true;
    return result;
  }

  async return(): Promise<IteratorResult<ModelPart>> {
    if (this.#isOver) return DONE;
    this.#isOver = true;
    const way = this.#way;
    if (way?.kept === undefined && way !== undefined) {
      way.reader.leave();
      if (!way.isLeader) this.#leaveShared(way, this.#options.question.context.cancellation.reason);
    }
    return DONE;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #replay(way: Exclude<Way, Flying>): IteratorResult<ModelPart> {
    const { kept, ageMs } = way;
    if (this.#kept === undefined) {
      this.#kept = [...toParts(kept, ageMs)].reverse();
      this.#answer = toResponse(kept, ageMs);
      this.#meter({ ...kept, outcome: 'cached' });
    }
    const part = this.#kept.pop();
    return part === undefined ? DONE : { done: false, value: part };
  }

  async #fly(way: Flying): Promise<IteratorResult<ModelPart>> {
    try {
      const result = await way.reader.next();
      if (result.done === true || this.#isOver) return DONE;
      const part = result.value;
      if (part.type !== 'finish') return result;
      return way.isLeader ? this.#finish(part, way) : this.#finishShared(part, way);
    } catch (caught) {
      const error = toSkeinError(caught);
      if (this.#isOver) return DONE;
      if (way.isLeader) throw error;
      this.#followed += 1;
      if (this.#mayAsk(error)) {
        this.#way = undefined;
        return this.next();
      }
      this.#isOver = true;
      this.#leaveShared(way, error);
      throw error;
    }
  }

  /**
   * Whether it asks anew after the call of others has come to nothing: of all who waited for that one, the first makes a
   * call, and the others wait for it. What would be told again is told, and so it is where it is too late to begin anew.
   */
  #mayAsk(error: SkeinError): boolean {
    if (this.#options.question.context.cancellation.reason !== undefined || this.#followed >= MOST_FOLLOWED)
      return false;
    return !this.#hasGiven && error.code !== 'BAD_USER_INPUT' && !isQuestionsFault(error);
  }

  #finish(part: FinishPart, way: Flying): IteratorResult<ModelPart> {
    const made = part.made && { ...part.made, ...MISS };
    const answer = answerOf(way);
    this.#answer = answer && { ...answer, made };
    return { done: false, value: { ...part, made } };
  }

  /** What others have asked for is given again as what was kept. @throws SkeinError where it is nothing to give again */
  #finishShared(part: FinishPart, way: Flying): IteratorResult<ModelPart> {
    const { question, isWhole } = this.#options;
    const answer = answerOf(way);
    const isFit = answer !== undefined && question.context.prompt?.accepts?.(answer) !== false;
    if (isWhole && !isFit) throw new SkeinError('MODEL_OUTPUT_INVALID');
    const { model, provider } = part.made ?? { model: this.model.name, provider: this.model.provider };
    const made = { model, provider, modelId: part.modelId, costUsd: part.usage?.costUsd };
    this.#meter({ ...made, outcome: 'cached' });
    const told = given(made, 0);
    this.#answer = answer && { ...answer, ...told };
    return { done: false, value: { ...part, ...told } };
  }

  /** It ends without the answer that it waited for. A question that was never sent is no call. */
  #leaveShared(way: Flying, error: SkeinError | undefined): void {
    if (error?.code === 'BAD_USER_INPUT') return;
    const { name: model, provider } = way.flight.model ?? this.#options.asked;
    const isAborted = error === undefined || error.code === 'CLIENT_CLOSED_REQUEST';
    const isUnfit = error?.code === 'MODEL_OUTPUT_INVALID' && answerOf(way) !== undefined;
    const outcome = isAborted ? 'aborted' : isUnfit ? 'schemaFailed' : 'failed';
    this.#meter({ model, provider, outcome, error });
  }

  #meter(end: Omit<SharedEnd, 'latencyMs'>): void {
    const { meter, clock } = this.#deps;
    meterShared(this.#options.question, { ...end, latencyMs: clock.now() - this.#startedAt }, meter);
  }
}

function answerOf({ flight: { outcome } }: Flying): ModelResponse | undefined {
  return outcome !== undefined && 'answer' in outcome ? outcome.answer : undefined;
}

const DONE = { done: true as const, value: undefined };
const MISS: CacheFacts = { isCached: false };
