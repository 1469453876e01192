import type { Dispatcher } from 'undici';
import type { SkeinError } from '../../kernel/errors.ts';
import type { CallContext } from '../source.ts';
import { ChunkList } from './chunk-list.ts';
import { decodeBody, isEncoded } from './decode-body.ts';
import { readFreshness } from './freshness.ts';
import type { HttpAnswer, HttpHeaders, HttpRequest } from './http.ts';
import { type CallSettings, HttpCall, logFailure } from './http-call.ts';

type Controller = Dispatcher.DispatchController;

/** A call whose answer is read whole, up to `maxResponseBytes` and within `timeoutMs`. */
export class BufferedCall extends HttpCall {
  readonly #resolve: (answer: HttpAnswer | Promise<HttpAnswer>) => void;
  readonly #reject: (error: SkeinError) => void;
  readonly #chunks = new ChunkList();
  readonly #method: string;

  constructor(
    settings: CallSettings,
    { operation, method }: Pick<HttpRequest, 'operation' | 'method'>,
    context: CallContext,
    resolve: (answer: HttpAnswer | Promise<HttpAnswer>) => void,
    reject: (error: SkeinError) => void,
  ) {
    super(settings, operation, context);
    this.#method = method;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  override onResponseStart(controller: Controller, status: number, headers: HttpHeaders): void {
    super.onResponseStart(controller, status, headers);
    if (status >= 200 && !this.ended) this.context.onFreshness?.(readFreshness(headers, this.#method));
    // To HEAD the size is that of a body which does not come.
    const bytes = this.#method === 'HEAD' ? 0 : Number(headers['content-length'] ?? 0);
    if (bytes > this.settings.maxResponseBytes) this.#tooLarge();
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    if (this.ended) return;
    const isFirst = this.#chunks.bytes === 0;
    this.#chunks.push(chunk);
    if (this.#chunks.bytes > this.settings.maxResponseBytes) {
      this.#tooLarge();
    } else if (!isFirst && Date.now() - this.startedAt > this.settings.timeoutMs) {
      // undici times silences; this ends an answer that drips for ever.
      this.refuse('UPSTREAM_TIMEOUT', 'The answer was still coming when the time was up.');
    }
  }

  onResponseEnd(): void {
    if (this.ended) return;
    this.finish();
    const { status, headers } = this;
    const body = this.#chunks.whole();
    const encoding = headers['content-encoding'];
    if (isEncoded(encoding) && body.length > 0) {
      const decoded = decodeBody(body, encoding, this.settings.maxResponseBytes, this.details);
      const answer = decoded.then(
        (plain) => ({ status, headers, body: plain }),
        (error: SkeinError) => {
          logFailure(this.context, error);
          throw error;
        },
      );
      this.#resolve(answer);
    } else {
      this.#resolve({ status, headers, body });
    }
  }

  protected override onFailure(error: SkeinError): void {
    this.#chunks.clear();
    this.#reject(error);
  }

  #tooLarge(): void {
    this.refuse('UPSTREAM_RESPONSE_TOO_LARGE', `The answer has more than ${this.settings.maxResponseBytes} bytes.`);
  }
}
