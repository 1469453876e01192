import type { Abortable } from '../../../kernel/cancellation.ts';
import { SkeinError } from '../../../kernel/errors.ts';
import type { CallContext } from '../../source.ts';
import { abortError } from '../../upstream/abort.ts';
import { toSdkFailure } from './errors.ts';

/** What a package may take its time with. */
export interface Patience {
  readonly context: CallContext;
  /** Name of the model. */
  readonly operation: string;
  readonly timeoutMs: number;
}

/** The promise, or the end of patience: packages need not heed a signal, nor send what they send through us. */
export function within<T>(promise: PromiseLike<T>, patience: Patience): Promise<T> {
  const { context, operation, timeoutMs } = patience;
  return new Promise((resolve, reject) => {
    const watch: Abortable = { abort: () => end(() => reject(abortError(context, { source: 'ai', operation }))) };
    const timer = setTimeout(() => end(() => reject(silent())), timeoutMs);
    const end = (settle: () => void) => {
      clearTimeout(timer);
      context.cancellation.unwatch(watch);
      settle();
    };
    context.cancellation.watch(watch);
    if (context.cancellation.reason !== undefined) watch.abort();
    promise.then(
      (value) => end(() => resolve(value)),
      (error: unknown) => end(() => reject(error)),
    );
  });
}

function silent(): SkeinError {
  return new SkeinError('UPSTREAM_TIMEOUT', undefined, {
    cause: new Error('The package has told nothing for too long.'),
  });
}

/** How long a package that has told an error may take to say what was used. */
const LAST_WORD_MS = 250;

interface Waiting<T> {
  resolve(result: IteratorResult<T>): void;
  reject(error: unknown): void;
}

/**
 * The parts of a package's stream. It ends with the call, after a silence, soon after an error, and when nobody reads it any
 * more.
 */
export class PartReader<T extends { readonly type: string }> implements AsyncIterableIterator<T>, Abortable {
  readonly #reader: ReadableStreamDefaultReader<T>;
  readonly #patience: Patience;
  #timer: NodeJS.Timeout | undefined;
  #waiting: Waiting<T> | undefined;
  #failure: unknown;
  #hasEnded = false;
  /** It has told an error. */
  #hasFailed = false;

  constructor(stream: ReadableStream<T>, patience: Patience) {
    this.#reader = stream.getReader();
    this.#patience = patience;
    const { cancellation } = patience.context;
    cancellation.watch(this);
    if (cancellation.reason !== undefined) this.abort();
  }

  next(): Promise<IteratorResult<T>> {
    const failure = this.#failure;
    if (failure !== undefined) {
      this.#failure = undefined;
      return Promise.reject(failure);
    }
    if (this.#hasEnded) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      if (this.#timer === undefined) this.#timer = setTimeout(() => this.#expire(), this.#patience.timeoutMs);
      else if (!this.#hasFailed) this.#timer.refresh();
      this.#reader.read().then(
        (result) => {
          if (result.done) this.#end();
          else if (result.value.type === 'error') this.#hurry();
          this.#take()?.resolve(result.done ? { done: true, value: undefined } : { done: false, value: result.value });
        },
        (error: unknown) => this.#fail(brokenOff(error)),
      );
    });
  }

  return(): Promise<IteratorResult<T>> {
    this.#failure = undefined;
    if (!this.#hasEnded) {
      this.#end();
      this.#reader.cancel().catch(() => {});
    }
    this.#take()?.resolve({ done: true, value: undefined });
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Called by the call's cancellation. */
  abort(): void {
    const { context, operation } = this.#patience;
    this.#fail(abortError(context, { source: 'ai', operation }));
  }

  /** The package is silent only where somebody waits for what it tells. */
  #expire(): void {
    if (this.#waiting === undefined) this.#timer = undefined;
    else this.#fail(silent());
  }

  #hurry(): void {
    if (this.#hasEnded) return;
    this.#hasFailed = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.return(), LAST_WORD_MS);
  }

  #take(): Waiting<T> | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }

  #fail(error: unknown): void {
    if (this.#hasEnded) return;
    // The error that it has told says more.
    if (this.#hasFailed && this.#patience.context.cancellation.reason === undefined) {
      void this.return();
      return;
    }
    this.#end();
    this.#reader.cancel().catch(() => {});
    const waiting = this.#take();
    if (waiting === undefined) this.#failure = error;
    else waiting.reject(error);
  }

  #end(): void {
    this.#hasEnded = true;
    clearTimeout(this.#timer);
    this.#patience.context.cancellation.unwatch(this);
  }
}

/** A stream that breaks has told no end, whatever it breaks with, unless the error says more. */
function brokenOff(error: unknown): SkeinError {
  const failure = toSdkFailure(error);
  if (failure.code !== 'UPSTREAM_FAILED') return failure;
  return new SkeinError('MODEL_STREAM_TRUNCATED', undefined, { cause: failure.cause });
}
