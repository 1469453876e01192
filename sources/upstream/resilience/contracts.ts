import type { DurationCounts } from '../../../kernel/durations.ts';
import type { CallContext } from '../../source.ts';

/** One address that answers for a source. `T` is what its transport needs to reach it: a socket pool, a channel. */
export interface Endpoint<T> {
  /** Fit to be shown to operators: scheme, host and port, without credentials, path or query. */
  readonly address: string;
  /** Its share among the others; 1 for all is the default. */
  readonly weight: number;
  readonly transport: T;
}

/** Why an endpoint is left out of the choice. */
export type EndpointHealth = 'up' | 'down' | 'unknown';
export type BreakerState = 'closed' | 'open' | 'half-open';

/** Leaves an endpoint alone that keeps failing. Times are milliseconds of a clock that only goes forward. */
export interface Breaker {
  /** Whether a call may go there now; a half-open one lets single calls through. */
  allows(now: number): boolean;
  /** A call goes there. True for the trial of a half-open breaker. Each needs its `record`. */
  enter(now: number): boolean;
  /**
   * `isTrial` as `enter` said, `startedAt` when that was: a call from before the breaker opened says nothing of how the
   * endpoint is now, nor does it once the breaker has closed. Default: now.
   */
  record(outcome: Outcome, now: number, isTrial?: boolean, startedAt?: number): void;
  state(now: number): BreakerState;
  /** When an open one lets the next call try, past for a half-open one; undefined while it is closed. */
  retryAt(): number | undefined;
}

/** An endpoint with what is known of it. The counts are the pool's users' to keep. */
export interface PooledEndpoint<T> extends Endpoint<T> {
  readonly breaker: Breaker;
  health: EndpointHealth;
  /** Calls that are under way. */
  active: number;
  calls: number;
  failures: number;
  lastFailure: string | undefined;
  /** Milliseconds since the epoch. */
  lastFailureAt: number | undefined;
}

/** The endpoints of one source, and the choice among them. */
export interface EndpointPool<T> {
  readonly endpoints: readonly PooledEndpoint<T>[];
  /**
   * The one for a call: up, with a breaker that allows it. Those of `tried` only if there is no other. Undefined when
   * none may be asked.
   */
  pick(call: PlannedCall, now: number, tried?: ReadonlySet<PooledEndpoint<T>>): PooledEndpoint<T> | undefined;
  /** Told when an endpoint is taken for down or up, opens or closes: for the log. */
  dispose(): Promise<void>;
}

/** How much a repetition may harm. */
export type Repeatable =
  /** A read: it may be sent again whatever happened. */
  | 'always'
  /** Only when the service says that it has not begun: it is busy, or over its limits. */
  | 'unprocessed'
  /** Only when nothing of it can have reached a service. */
  | 'unsent';

/** What is known of a call before it is sent. */
export interface PlannedCall {
  /** For errors and logs. */
  readonly operation: string;
  readonly repeatable: Repeatable;
  /** Calls of one key go to one endpoint while it is up, under `balance: hash`. */
  readonly hashKey?: string | undefined;
}

/** How a call ended, for breakers, retries and counts. */
export type Outcome =
  /** The service answered; also when it said no to what the client asked for. */
  | 'ok'
  /**
   * It answered that it has not begun, for the time being: 503, 429, RESOURCE_EXHAUSTED. Not what a proxy says of a
   * service that may have begun (502, 504): calls that are `unprocessed` are sent again after this.
   */
  | 'busy'
  /** It was never reached: refused, no address, no connection in time. */
  | 'unsent'
  /** Anything else that is the service's fault: a timeout, a reset, a 500, an answer that cannot be read. */
  | 'failed'
  /** The client went away, or its deadline passed: says nothing of the service. */
  | 'given-up';

/** How an attempt is told apart: `retryAfterMs` as the service asks for it. */
export interface Judgement {
  readonly outcome: Outcome;
  readonly retryAfterMs?: number | undefined;
  /** Of `busy`: the service is well, and only its caller is over a limit (429). Does not count against the endpoint. */
  readonly overLimit?: boolean | undefined;
  /** The service asks that the call is not sent again, to itself or others like it. */
  readonly final?: boolean | undefined;
  /** For operators, without secrets: `HTTP 503`, `UNAVAILABLE`. Default: the code of a SkeinError, or the outcome. */
  readonly reason?: string | undefined;
}

/**
 * Sends a call once. `context` is the request's, or for a hedge one that ends with the attempt. For answers that are
 * read while they come (`holds`), `onEnd` must be called once when the last byte was read or the stream was closed.
 */
export type Attempt<T, R> = (endpoint: Endpoint<T>, context: CallContext, onEnd: () => void) => Promise<R>;

export interface CallRun<T, R> {
  readonly call: PlannedCall;
  readonly context: CallContext;
  /** Whether the answer occupies its endpoint until `onEnd`; otherwise it does until the attempt is settled. */
  readonly holds: boolean;
  readonly attempt: Attempt<T, R>;
  /** Of an answer, or of what the attempt rejected with. */
  judge(settled: { readonly answer: R } | { readonly error: unknown }): Judgement;
  /** Lets go of an answer that nobody wants any more: a hedge that came second, a 503 that is tried again. */
  discard(answer: R): void;
}

/** All that stands between a source and its endpoints. One for each source; immutable but for its counts. */
export interface Resilience<T> {
  /**
   * Chooses an endpoint, waits its turn, sends, and sends again where that is safe. Rejects as the last attempt did, or
   * with a SkeinError UPSTREAM_UNAVAILABLE (no endpoint is up, the breaker is open) or UPSTREAM_BUSY (too many calls
   * are under way and waiting).
   */
  run<R>(run: CallRun<T, R>): Promise<R>;
  /** For operators: plain data, nothing secret. */
  state(): UpstreamState;
  dispose(): Promise<void>;
}

/** The state of a source's upstream, as operators read it. */
export interface UpstreamState {
  readonly endpoints: readonly EndpointState[];
  /** Calls that are under way, and that wait for their turn. */
  readonly active: number;
  readonly queued: number;
  /** Undefined where there is no bound. */
  readonly maxActive: number | undefined;
  readonly retries: number;
  /** Retries that the budget refused. */
  readonly retriesRefused: number;
  readonly hedges: number;
  /** Calls that were refused without being sent. */
  readonly refused: number;
  /** Attempts that are over, by how they ended; also at endpoints that have left. */
  readonly attempts: Readonly<Record<Outcome, number>>;
  /** How long they took; those that opened a stream, until it was open. */
  readonly durations: DurationCounts;
}

export interface EndpointState {
  readonly address: string;
  readonly health: EndpointHealth;
  readonly breaker: BreakerState;
  readonly active: number;
  readonly calls: number;
  readonly failures: number;
  /** Without secrets; undefined while nothing failed. */
  readonly lastFailure: string | undefined;
  /** Milliseconds since the epoch. */
  readonly lastFailureAt: number | undefined;
}
