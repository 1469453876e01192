import type { Dispatcher } from 'undici';
import type { SkeinError } from '../../kernel/errors.ts';
import type { CallContext } from '../source.ts';
import { isEncoded } from './decode-body.ts';
import type { HttpHeaders, HttpRequest, HttpStream } from './http.ts';
import { type CallSettings, HttpCall } from './http-call.ts';

type Controller = Dispatcher.DispatchController;

/** Bytes that may wait for the reader before the socket is paused. */
const HIGH_WATER_BYTES = 65_536;

interface Waiter {
  resolve(result: IteratorResult<Buffer>): void;
  reject(error: SkeinError): void;
}

/** A call whose answer is handed on as it comes. It is the body's iterator itself. */
export class StreamedCall extends HttpCall implements AsyncIterableIterator<Buffer> {
  readonly #opened: (stream: HttpStream) => void;
  readonly #notOpened: (error: SkeinError) => void;
  readonly #onEnd: (() => void) | undefined;
  readonly #waiters: Waiter[] = [];
  #chunks: Buffer[] = [];
  #waitingBytes = 0;
  #isPaused = false;
  #failure: SkeinError | undefined;
  #opening: NodeJS.Timeout | undefined;

  constructor(
    settings: CallSettings,
    { operation, lasts }: Pick<HttpRequest, 'operation' | 'lasts'>,
    context: CallContext,
    resolve: (stream: HttpStream) => void,
    reject: (error: SkeinError) => void,
    onEnd?: () => void,
  ) {
    super(settings, operation, context);
    this.#onEnd = onEnd;
    this.#opened = resolve;
    this.#notOpened = reject;
    // The sockets of what lasts are not timed.
    if (lasts === true) {
      this.#opening = setTimeout(
        () => this.refuse('UPSTREAM_TIMEOUT', 'The stream had not begun when the time was up.'),
        settings.timeoutMs,
      );
    }
  }

  override onResponseStart(controller: Controller, status: number, headers: HttpHeaders): void {
    super.onResponseStart(controller, status, headers);
    if (status < 200) return;
    clearTimeout(this.#opening);
    if (isEncoded(headers['content-encoding'])) {
      this.refuse('UPSTREAM_BAD_RESPONSE', 'The stream is encoded although identity was asked for.');
      return;
    }
    this.#opened({ status, headers, body: this });
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.ended) return;
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      waiter.resolve({ done: false, value: chunk });
      return;
    }
    this.#chunks.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes < HIGH_WATER_BYTES || this.#isPaused) return;
    this.#isPaused = true;
    controller.pause();
  }

  onResponseEnd(): void {
    if (this.ended) return;
    this.finish();
    for (const waiter of this.#waiters.splice(0)) waiter.resolve({ done: true, value: undefined });
  }

  protected override finish(): void {
    super.finish();
    clearTimeout(this.#opening);
    this.#onEnd?.();
  }

  override abort(): void {
    // Nobody wants what is still waiting.
    this.#chunks = [];
    super.abort();
  }

  protected override onFailure(error: SkeinError): void {
    // Of no effect once the stream was handed out.
    this.#notOpened(error);
    const [first, ...others] = this.#waiters.splice(0);
    if (first === undefined) this.#failure = error;
    else first.reject(error);
    for (const waiter of others) waiter.resolve({ done: true, value: undefined });
  }

  next(): Promise<IteratorResult<Buffer>> {
    const [first] = this.#chunks;
    if (first !== undefined) {
      // All that waits at once: a sender chooses how small its chunks are, and each costs its reader a turn.
      const value = this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks, this.#waitingBytes);
      this.#chunks = [];
      this.#waitingBytes = 0;
      if (this.#isPaused && !this.ended) {
        this.#isPaused = false;
        this.controller?.resume();
      }
      return Promise.resolve({ done: false, value });
    }
    const failure = this.#failure;
    if (failure !== undefined) {
      this.#failure = undefined;
      return Promise.reject(failure);
    }
    if (this.ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  return(): Promise<IteratorResult<Buffer>> {
    this.#chunks = [];
    this.#failure = undefined;
    if (!this.ended) {
      this.finish();
      this.controller?.abort(new Error('The reader of the stream went away.'));
    }
    for (const waiter of this.#waiters.splice(0)) waiter.resolve({ done: true, value: undefined });
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
