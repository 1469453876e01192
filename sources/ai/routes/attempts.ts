import { CancellationSource } from '../../../kernel/cancellation.ts';
import { SkeinError } from '../../../kernel/errors.ts';
import type { CallContext } from '../../source.ts';
import type { Attempt } from '../model.ts';
import { ProviderFailure } from '../provider-errors.ts';
import type { ModelRoute, RouteTarget } from './route.ts';

/** Errors of one model that say nothing of the others. */
const PASSES = new Set<string>([
  'UPSTREAM_UNREACHABLE',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_UNAVAILABLE',
  'UPSTREAM_BUSY',
  'UPSTREAM_FAILED',
  'UPSTREAM_BAD_RESPONSE',
  'UPSTREAM_RESPONSE_TOO_LARGE',
  'MODEL_STREAM_TRUNCATED',
  'MODEL_OUTPUT_INVALID',
]);
/** What another model would answer to as well: the question is wrong. */
const WRONG_QUESTION = new Set([400, 413, 422]);
/** Longer than this nobody waits for the same model: the next one is asked. */
const SOON_MS = 100;

/** The question is refused, whoever is asked: it says nothing of how well the model is. */
export function isQuestionsFault({ code, extensions }: SkeinError): boolean {
  return code === 'UPSTREAM_REJECTED' && WRONG_QUESTION.has(extensions.upstreamStatus ?? 0);
}

/** The models of one call, one after the other. */
export class Attempts {
  readonly made: Attempt[] = [];
  readonly #route: ModelRoute;
  readonly #targets: readonly RouteTarget[];
  readonly #leftOut: () => SkeinError | undefined;
  #place = 0;
  #asked: RouteTarget | undefined;
  #retriesLeft: number;
  /** Refused before it was sent: the first of its kind is told if nobody takes the question. */
  #refusal: SkeinError | undefined;
  /** Of the last that was asked. */
  #failure: SkeinError | undefined;

  /** @param leftOut why a model of the route is not among the targets */
  constructor(
    route: ModelRoute,
    targets: readonly RouteTarget[],
    leftOut: () => SkeinError | undefined = () => undefined,
  ) {
    this.#route = route;
    this.#targets = targets;
    this.#leftOut = leftOut;
    this.#retriesLeft = targets[0]?.retries ?? 0;
  }

  /** Whom to ask now. */
  get target(): RouteTarget {
    const target = this.#targets[this.#place];
    if (target === undefined) throw new SkeinError('MODEL_NOT_FOUND');
    return target;
  }

  /** Who was asked last: who refuses a question beforehand was not. */
  get asked(): RouteTarget {
    return this.#asked ?? this.target;
  }

  /** Whether there may be another attempt. */
  get hasMore(): boolean {
    return this.#retriesLeft > 0 || this.#place + 1 < this.#targets.length;
  }

  note(outcome: string, latencyMs: number, upstreamStatus?: number): void {
    this.#asked = this.target;
    const { name: model, provider } = this.target.deployment.target;
    this.made.push({ model, provider, outcome, latencyMs, ...(upstreamStatus !== undefined && { upstreamStatus }) });
  }

  /** Goes on to whom to ask after the error. False: it is the answer to the call. */
  goOn(error: SkeinError): boolean {
    const { upstreamStatus: status, retryAfterMs = 0 } = error.extensions;
    const isBusy = error.code === 'UPSTREAM_REJECTED' && (status === 429 || status === 408);
    const mayRetry = isBusy || (PASSES.has(error.code) && error.code !== 'UPSTREAM_RESPONSE_TOO_LARGE');
    if (mayRetry && this.#retriesLeft > 0 && retryAfterMs <= SOON_MS) {
      this.#retriesLeft -= 1;
      return true;
    }
    if (error.code === 'BAD_USER_INPUT') this.#refusal ??= error;
    else this.#failure = error;
    if (!this.#passes(error) || this.#place + 1 >= this.#targets.length) return false;
    this.#place += 1;
    this.#retriesLeft = this.target.retries;
    return true;
  }

  /** What the caller is told when nobody is left: the failure, and why others were not asked in its place. */
  verdict(error: SkeinError): SkeinError {
    // A question that one could take was no wrong one.
    const failure = error.code === 'BAD_USER_INPUT' ? this.#failure : error;
    if (failure === undefined) return this.#refusal ?? error;
    const refusal = this.#passes(failure) ? (this.#refusal ?? this.#leftOut()) : undefined;
    if (refusal === undefined) return failure;
    const { code, ...details } = failure.extensions;
    const message = `${failure.message} Another model of the route could not be asked: ${refusal.message}`;
    return new SkeinError(code, message, { details, cause: failure.cause });
  }

  #passes(error: SkeinError): boolean {
    // A format that cannot carry the question: another may.
    if (error.code === 'BAD_USER_INPUT') return true;
    if (error.code !== 'UPSTREAM_REJECTED') return PASSES.has(error.code);
    if (error.cause instanceof ProviderFailure && error.cause.isContextOverflow) return this.#route.goesOnWhenFull;
    return !isQuestionsFault(error);
  }
}

/** A context for one attempt: it ends with the call, or when the target has had its time. */
export class AttemptContext {
  readonly context: CallContext;
  readonly #call: CallContext;
  readonly #own: CancellationSource | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #watch = { abort: () => this.#cancel() };

  constructor(call: CallContext, timeoutMs: number | undefined) {
    this.#call = call;
    if (timeoutMs === undefined) {
      this.context = call;
      return;
    }
    this.#own = new CancellationSource();
    this.context = { ...call, callerScope: call.callerScope, cancellation: this.#own };
    const { cancellation } = call;
    if (cancellation.reason !== undefined) this.#cancel();
    else cancellation.watch(this.#watch);
    this.#timer = setTimeout(() => this.#own?.cancel(new SkeinError('UPSTREAM_TIMEOUT')), timeoutMs);
  }

  /** Its answer has begun: from here on it has all the time of the call. */
  begun(): void {
    clearTimeout(this.#timer);
  }

  /** Nothing more is to be cancelled. */
  end(): void {
    clearTimeout(this.#timer);
    this.#call.cancellation.unwatch(this.#watch);
  }

  #cancel(): void {
    this.#own?.cancel(this.#call.cancellation.reason ?? new SkeinError('CLIENT_CLOSED_REQUEST'));
  }
}
