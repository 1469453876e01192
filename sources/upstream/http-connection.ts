import type { CallContext } from '../source.ts';
import type { HttpEndpoint } from './http-endpoint.ts';
import { type KeptHeaders, keepHeaders } from './kept-headers.ts';
import type { CallRun, Endpoint, Judgement, PlannedCall, Repeatable } from './resilience/contracts.ts';

/** Where an endpoint is, and how it is connected to. */
export type HttpPlace = Pick<HttpEndpoint, 'target' | 'lookup' | 'tls'>;

/** Something else than an exchange that begins as one, such as a WebSocket. It occupies its endpoint until it ends. */
export interface HttpConnection<R> {
  /** For errors and logs. */
  readonly operation: string;
  /** Of an attempt that did not come to be open. */
  readonly repeatable: Repeatable;
  /**
   * Resolves when it is open. `onEnd` must be called once when it ends after that. Headers for the client are handed to
   * the context that it gets.
   */
  open(place: HttpPlace, context: CallContext, onEnd: () => void): Promise<R>;
  /** What it says of the service that it was not opened. */
  judge(error: unknown): Judgement;
  /** Lets go of one that nobody wants any more. */
  close(opened: R): void;
}

const OPENED: Judgement = { outcome: 'ok' };

export class ConnectionRun<R> implements CallRun<HttpEndpoint, R> {
  readonly call: PlannedCall;
  readonly context: CallContext;
  readonly holds = true;
  readonly kept: KeptHeaders | undefined;
  readonly #connection: HttpConnection<R>;

  constructor(
    connection: HttpConnection<R>,
    context: CallContext,
    hashHeader: string | undefined,
    returnsHeaders: boolean,
  ) {
    const { operation, repeatable } = connection;
    const hashKey = hashHeader === undefined ? undefined : context.headers[hashHeader];
    this.#connection = connection;
    this.call = { operation, repeatable, hashKey };
    this.kept = returnsHeaders ? keepHeaders(context) : undefined;
    this.context = this.kept?.context ?? context;
  }

  attempt({ transport }: Endpoint<HttpEndpoint>, context: CallContext, onEnd: () => void): Promise<R> {
    this.kept?.restart();
    return this.#connection.open(transport, context, onEnd);
  }

  judge(settled: { readonly answer: R } | { readonly error: unknown }): Judgement {
    return 'error' in settled ? this.#connection.judge(settled.error) : OPENED;
  }

  discard(opened: R): void {
    this.#connection.close(opened);
  }
}
