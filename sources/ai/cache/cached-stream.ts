import type { SkeinError } from '../../../kernel/errors.ts';
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

type Flying = Extract<Way, { readonly kept?: undefined }>;

/** A kept answer as a stream, or that of a model, which others who ask the same may be given at the same time. */
export class CachedStream implements ModelStream {
  readonly #options: CachedStreamOptions;
  readonly #deps: CachedStreamDeps;
  readonly #startedAt: number;
  #way: Way | undefined;
  #kept: ModelPart[] | undefined;
  /** Asked on its own, after the call that it waited for came to nothing. */
  #own: AnswerStream | undefined;
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
    return this.#own?.model ?? way.flight.model ?? asked;
  }

  get cache(): CacheFacts | undefined {
    const way = this.#way;
    if (way === undefined) return undefined;
    if (way.kept !== undefined) return hitOf(way.kept, way.ageMs);
    return this.#isFollowing(way) ? { isCached: true, ageMs: 0 } : MISS;
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
      if (this.#isFollowing(way)) this.#leaveShared(way, this.#options.question.context.cancellation.reason);
    }
    await this.#own?.return?.();
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
    if (this.#own !== undefined) return this.#ownPart(this.#own);
    try {
      const result = await way.reader.next();
      if (result.done === true || this.#isOver) return DONE;
      const part = result.value;
      if (part.type !== 'finish') return result;
      return way.isLeader ? this.#finish(part, way.flight.outcome) : await this.#finishShared(part, way);
    } catch (caught) {
      const error = toSkeinError(caught);
      if (this.#isOver) return DONE;
      if (way.isLeader) throw error;
      if (this.#mayAsk(error)) return this.#askAlone();
      this.#isOver = true;
      this.#leaveShared(way, error);
      throw error;
    }
  }

  /** What came of the call of others is told where it would be told again, or where it is too late to begin anew. */
  #mayAsk(error: SkeinError): boolean {
    if (this.#options.question.context.cancellation.reason !== undefined || this.#own !== undefined) return false;
    return !this.#hasGiven && error.code !== 'BAD_USER_INPUT' && !isQuestionsFault(error);
  }

  #askAlone(): Promise<IteratorResult<ModelPart>> {
    this.#own = this.#options.open(this.#options.question.context);
    return this.#ownPart(this.#own);
  }

  async #ownPart(own: AnswerStream): Promise<IteratorResult<ModelPart>> {
    const result = await own.next();
    if (result.done === true || result.value.type !== 'finish') return result;
    return this.#finish(result.value, { answer: own.answer });
  }

  #finish(part: FinishPart, ended: object | undefined): IteratorResult<ModelPart> {
    const made = part.made && { ...part.made, ...MISS };
    if (ended !== undefined && 'answer' in ended) {
      const answer = ended.answer as ModelResponse | undefined;
      this.#answer = answer && { ...answer, made };
    }
    return { done: false, value: { ...part, made } };
  }

  /** What others have asked for is given again as what was kept. */
  #finishShared(part: FinishPart, { flight }: Flying): Promise<IteratorResult<ModelPart>> | IteratorResult<ModelPart> {
    const { question, isWhole } = this.#options;
    const answer = flight.outcome !== undefined && 'answer' in flight.outcome ? flight.outcome.answer : undefined;
    const isFit = answer !== undefined && question.context.prompt?.accepts?.(answer) !== false;
    if (isWhole && !isFit) return this.#askAlone();
    const { model, provider } = part.made ?? { model: this.model.name, provider: this.model.provider };
    const made = { model, provider, modelId: part.modelId, costUsd: part.usage?.costUsd };
    this.#meter({ ...made, outcome: 'cached' });
    const told = given(made, 0);
    this.#answer = answer && { ...answer, ...told };
    return { done: false, value: { ...part, ...told } };
  }

  #isFollowing(way: Flying): boolean {
    return !way.isLeader && this.#own === undefined;
  }

  /** It ends without the answer that it waited for. A question that was never sent is no call. */
  #leaveShared({ flight }: Flying, error: SkeinError | undefined): void {
    if (error?.code === 'BAD_USER_INPUT') return;
    const { name: model, provider } = flight.model ?? this.#options.asked;
    const isAborted = error === undefined || error.code === 'CLIENT_CLOSED_REQUEST';
    this.#meter({ model, provider, outcome: isAborted ? 'aborted' : 'failed', error });
  }

  #meter(end: Omit<SharedEnd, 'latencyMs'>): void {
    const { meter, clock } = this.#deps;
    meterShared(this.#options.question, { ...end, latencyMs: clock.now() - this.#startedAt }, meter);
  }
}

const DONE = { done: true as const, value: undefined };
const MISS: CacheFacts = { isCached: false };
