import { describeError, type SkeinError } from '../../../kernel/errors.ts';
import type { Clock } from '../../../kernel/ports.ts';
import type { CallContext } from '../../source.ts';
import { estimateInputTokens, estimateTextTokens, estimateTokens } from '../capabilities.ts';
import { usdOf } from '../cost.ts';
import type { Meter, ModelCallRecord } from '../meter.ts';
import type { EmbedRequest, Made, ModelRequest, Usage } from '../model.ts';
import { type Attempts, isQuestionsFault } from './attempts.ts';
import type { Latencies } from './latencies.ts';
import type { ModelRoute } from './route.ts';

/** What calls are told to, and measured with. */
export interface CallWorld {
  readonly clock: Clock;
  readonly meter: Meter;
  readonly latencies: Latencies;
}

/** What a provider has told of the tokens of one attempt. */
export interface Told {
  readonly usage: Usage | undefined;
  /** It is the last word on them. Else it is what was known when the attempt ended. */
  readonly isCounted: boolean;
}

export const NOTHING_TOLD: Told = { usage: undefined, isCounted: false };

export type Asked =
  | { readonly kind: 'chat'; readonly request: ModelRequest }
  | { readonly kind: 'embed'; readonly request: EmbedRequest };

/** One call of a model, from its beginning to the record that is made of it. */
export class Settlement {
  readonly attempts: Attempts;
  readonly #route: ModelRoute;
  readonly #asked: Asked;
  readonly #context: CallContext;
  readonly #world: CallWorld;
  readonly #startedAt: number;
  #attemptAt: number;
  /** Whether the attempt under way was sent: those of a request that had ended before are not. */
  #isSent = false;
  #firstTokenMs: number | undefined;
  /** Of an attempt that has failed, and is paid: whether another one follows is still to be seen. */
  #spent: { readonly told: Told; readonly record: ModelCallRecord } | undefined;
  #isSettled = false;

  constructor(route: ModelRoute, asked: Asked, attempts: Attempts, context: CallContext, world: CallWorld) {
    this.attempts = attempts;
    this.#route = route;
    this.#asked = asked;
    this.#context = context;
    this.#world = world;
    this.#startedAt = world.clock.now();
    this.#attemptAt = this.#startedAt;
  }

  begin(): void {
    this.#attemptAt = this.#world.clock.now();
    this.#isSent = this.#context.cancellation.reason === undefined;
  }

  firstToken(): void {
    const now = this.#world.clock.now();
    this.#recordSpent();
    this.#firstTokenMs ??= now - this.#startedAt;
    this.#world.latencies.record(this.attempts.target.deployment.target.name, now - this.#attemptAt, now);
  }

  /** The attempt came to nothing. True: there is another one to be made. */
  failed(error: SkeinError, mayGoOn: boolean, told: Told): boolean {
    const now = this.#world.clock.now();
    // What is refused here was never sent: it says nothing of the model, and is no attempt.
    if (error.code !== 'BAD_USER_INPUT' && this.#isSent) {
      this.#note(error.code, error.extensions.upstreamStatus);
      if (told.usage !== undefined) this.#spent = { told, record: this.#recordOfAttempt(error.code, told) };
      const isOwn = error.code === 'CLIENT_CLOSED_REQUEST' || error.code === 'DEADLINE_EXCEEDED';
      if (!isOwn && !isQuestionsFault(error) && this.#firstTokenMs === undefined) {
        this.#world.latencies.record(this.attempts.target.deployment.target.name, Number.POSITIVE_INFINITY, now);
      }
    }
    return mayGoOn && this.#context.cancellation.reason === undefined && this.attempts.goOn(error);
  }

  /** A whole answer, which need not fit what was asked for. Its usage, with what it cost. */
  succeed(
    usage: Usage | undefined,
    outputCharacters: number,
    isFit = true,
  ): { readonly usage: Usage | undefined; readonly made: Made } {
    const errorCode = isFit ? undefined : 'MODEL_OUTPUT_INVALID';
    this.#note(errorCode ?? 'ok');
    const { model, provider } = this.#names();
    const made = { model, provider, attempts: this.attempts.made };
    const told = { usage, isCounted: true };
    const settled = this.#settle(isFit ? 'ok' : 'schemaFailed', errorCode, told, outputCharacters);
    return { usage: settled, made };
  }

  /** Nobody wants it any more: its client has gone, or the call was ended by somebody else. */
  leave(told: Told, outputCharacters: number): void {
    const { reason } = this.#context.cancellation;
    const isCut = reason !== undefined && reason.code !== 'CLIENT_CLOSED_REQUEST';
    if (isCut) this.failed(reason, false, told);
    this.end(isCut ? reason : undefined, told, outputCharacters);
  }

  /** It ended with an error, or nobody wants it any more. */
  end(error: SkeinError | undefined, told: Told, outputCharacters: number): void {
    const isAborted = error === undefined || error.code === 'CLIENT_CLOSED_REQUEST';
    const code = error?.code ?? 'CLIENT_CLOSED_REQUEST';
    if (error === undefined) this.#note(code);
    if (this.attempts.made.length === 0) return;
    // Whoever was to be asked next may never have been: then the last attempt is the one that was paid.
    const known = told.usage === undefined ? this.#spent?.told : told;
    this.#settle(isAborted ? 'aborted' : 'failed', code, known ?? told, outputCharacters);
  }

  #note(outcome: string, upstreamStatus?: number): void {
    this.#recordSpent();
    this.attempts.note(outcome, this.#world.clock.now() - this.#attemptAt, upstreamStatus);
  }

  /** What was paid for an attempt that another one follows is in a record of its own: models differ in price. */
  #recordSpent(): void {
    const record = this.#spent?.record;
    this.#spent = undefined;
    if (record !== undefined) this.#record(record);
  }

  #recordOfAttempt(errorCode: string, told: Told): ModelCallRecord {
    const now = this.#world.clock.now();
    return {
      ...this.#recordOf('failed', errorCode, this.#used('failed', told, 0)),
      latencyMs: now - this.#attemptAt,
      attempts: this.attempts.made.slice(-1),
      isFollowed: true,
    };
  }

  #names() {
    const { name: model, provider, modelId } = this.attempts.asked.deployment.target;
    return { model, provider, modelId };
  }

  #settle(
    outcome: ModelCallRecord['outcome'],
    errorCode: string | undefined,
    told: Told,
    outputCharacters: number,
  ): Usage | undefined {
    if (this.#isSettled) return told.usage;
    this.#isSettled = true;
    const record = this.#recordOf(outcome, errorCode, this.#used(outcome, told, outputCharacters));
    this.#record(record);
    // What is reckoned is for the record; the caller is told what the provider told.
    const { costNanoUsd: cost, isEstimated } = record;
    if (told.usage === undefined || cost === undefined || isEstimated) return told.usage;
    return { ...told.usage, costUsd: usdOf(cost) };
  }

  #recordOf(outcome: ModelCallRecord['outcome'], errorCode: string | undefined, used: Used): ModelCallRecord {
    const { usage, isEstimated } = used;
    const now = this.#world.clock.now();
    const bill = usage && this.attempts.asked.deployment.pricing.bill(usage, now);
    return {
      kind: this.#asked.kind,
      asked: this.#route.name,
      ...this.#names(),
      usage,
      isEstimated,
      costNanoUsd: bill?.costNanoUsd,
      price: bill?.price,
      latencyMs: now - this.#startedAt,
      firstTokenMs: this.#firstTokenMs,
      outcome,
      errorCode,
      attempts: this.attempts.made,
    };
  }

  #record(record: ModelCallRecord): void {
    try {
      this.#world.meter.record(record, this.#context);
    } catch (error) {
      const fields = { requestId: this.#context.requestId, reason: describeError(error) };
      this.#context.log.error(fields, 'A call of a model could not be metered.');
    }
  }

  /**
   * What the provider told, or what must have been used: a question that was sent was read, and what came was written. A
   * failure that brought nothing has used nothing that anybody knows of.
   */
  #used(outcome: ModelCallRecord['outcome'], { usage: told, isCounted }: Told, outputCharacters: number): Used {
    const isWhole = isCounted && told?.inputTokens !== undefined;
    if (isWhole || (outcome === 'failed' && told === undefined && outputCharacters === 0))
      return { usage: told, isEstimated: false };
    const inputTokens = told?.inputTokens ?? inputTokensOf(this.#asked);
    // The count until now may lag behind what has come.
    const outputTokens = Math.max(told?.outputTokens ?? 0, estimateTokens(outputCharacters));
    return {
      usage: {
        inputTokens,
        outputTokens,
        totalTokens: inputTokens + outputTokens,
        cachedInputTokens: told?.cachedInputTokens,
        cacheWriteTokens: told?.cacheWriteTokens,
        cacheWrite1hTokens: told?.cacheWrite1hTokens,
        reasoningTokens: told?.reasoningTokens,
        classes: told?.classes,
        serviceTier: told?.serviceTier,
        hasOtherFees: told?.hasOtherFees,
        raw: told?.raw,
      },
      isEstimated: true,
    };
  }
}

interface Used {
  readonly usage: Usage | undefined;
  readonly isEstimated: boolean;
}

function inputTokensOf(asked: Asked): number {
  if (asked.kind === 'chat') return estimateInputTokens(asked.request);
  return estimateTextTokens(asked.request.texts);
}
