import type { Judgement, Repeatable } from './resilience/contracts.ts';

/** One request to an upstream. */
export interface HttpRequest {
  /** For errors and logs. */
  readonly operation: string;
  readonly method: string;
  /** Below the endpoint, beginning with `/`, already encoded, with the query. */
  readonly path: string;
  /** Of this request alone; they win over the upstream's own of the same name. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | Buffer | undefined;
  /** How much it may harm to send it again. Default: it goes once, unless nothing of it was sent. */
  readonly repeatable?: Repeatable | undefined;
  /** What an answer says of the service, where the protocol says more than the status. Default: what the status says. */
  readonly judge?: ((answer: HttpAnswer) => Judgement) | undefined;
  /** Its answer may be silent for as long as its request lives: only its beginning is timed, and it has a socket beside those of others. */
  readonly lasts?: boolean | undefined;
}

/** Names in lower case. */
export type HttpHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Any answer at all: judging the status is the caller's. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly body: Buffer;
}

/** An answer whose body is read as it comes. It must be read to its end, or `body.return()` be called. */
export interface HttpStream {
  readonly status: number;
  readonly headers: HttpHeaders;
  /**
   * Reading too slowly pauses the socket; `return()` closes it. Rejects with SkeinError: UPSTREAM_TIMEOUT after a
   * silence longer than `timeoutMs`, UPSTREAM_FAILED when the connection breaks.
   */
  readonly body: AsyncIterableIterator<Buffer> & { return(): Promise<IteratorResult<Buffer>> };
}
