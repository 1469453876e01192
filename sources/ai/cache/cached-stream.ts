import type { CacheFacts, ModelPart } from '../model.ts';
import type { ModelTarget } from '../provider.ts';
import type { ModelStream } from '../routes/route-stream.ts';
import type { CachedLookup } from './answer-store.ts';
import { AnswerRecorder, hitOf, toParts } from './kept-answer.ts';

/** A kept answer as a stream, or the stream of a model, which is kept when it has come to its end. */
export class CachedStream implements ModelStream {
  readonly #lookUp: () => Promise<CachedLookup>;
  readonly #ask: () => ModelStream;
  readonly #asked: ModelTarget;
  readonly #recorder = new AnswerRecorder();
  #lookup: CachedLookup | undefined;
  #kept: readonly ModelPart[] | undefined;
  #next = 0;
  #parts: ModelStream | undefined;
  #isOver = false;

  /** @param asked who is to be asked, if anybody */
  constructor(asked: ModelTarget, lookUp: () => Promise<CachedLookup>, ask: () => ModelStream) {
    this.#asked = asked;
    this.#lookUp = lookUp;
    this.#ask = ask;
  }

  get model(): ModelTarget {
    const kept = this.#lookup?.kept;
    if (kept !== undefined) return { ...this.#asked, name: kept.model, provider: kept.provider };
    return this.#parts?.model ?? this.#asked;
  }

  get cache(): CacheFacts | undefined {
    if (this.#lookup === undefined) return undefined;
    const { kept, ageMs } = this.#lookup;
    return kept === undefined ? MISS : hitOf(kept, ageMs);
  }

  async next(): Promise<IteratorResult<ModelPart>> {
    if (this.#isOver) return DONE;
    this.#lookup ??= await this.#lookUp();
    // Left while it was looked for.
    if (this.#isOver) return DONE;
    const { kept } = this.#lookup;
    if (kept !== undefined) {
      this.#kept ??= toParts(kept, this.#lookup.ageMs);
      const part = this.#kept[this.#next++];
      return part === undefined ? DONE : { done: false, value: part };
    }
    this.#parts ??= this.#ask();
    const result = await this.#parts.next();
    return result.done === true ? result : { done: false, value: this.#record(result.value) };
  }

  async return(): Promise<IteratorResult<ModelPart>> {
    this.#isOver = true;
    await this.#parts?.return?.();
    return DONE;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #record(part: ModelPart): ModelPart {
    if (part.type !== 'finish') {
      this.#recorder.add(part);
      return part;
    }
    const answer = this.#recorder.answer(part);
    if (answer !== undefined) this.#lookup?.keep(answer);
    return { ...part, made: part.made && { ...part.made, ...MISS } };
  }
}

export const MISS: CacheFacts = { isCached: false };

const DONE = { done: true as const, value: undefined };
