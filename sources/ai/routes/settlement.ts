import { describeError, type SkeinError } from '../../../kernel/errors.ts';
import type { Clock } from '../../../kernel/ports.ts';
import type { CallContext } from '../../source.ts';
import { estimateInputTokens, estimateTokens } from '../capabilities.ts';
import { costNanoUsd, usdOf } from '../cost.ts';
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
    this.#firstTokenMs ??= now - this.#startedAt;
    this.#world.latencies.record(this.attempts.target.deployment.target.name, now - this.#attemptAt, now);
  }

  /** The attempt came to nothing. True: there is another one to be made. */
  failed(error: SkeinError, mayGoOn: boolean): boolean {
    const now = this.#world.clock.now();
    // What is refused here was never sent: it says nothing of the model, and is no attempt.
    if (error.code !== 'BAD_USER_INPUT' && this.#isSent) {
      this.attempts.note(error.code, now - this.#attemptAt, error.extensions.upstreamStatus);
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
    this.attempts.note(errorCode ?? 'ok', this.#world.clock.now() - this.#attemptAt);
    const { model, provider } = this.#names();
    const made = { model, provider, attempts: this.attempts.made };
    const settled = this.#settle(isFit ? 'ok' : 'schemaFailed', errorCode, usage, outputCharacters);
    return { usage: settled, made };
  }

  /** Nobody wants it any more: its client has gone, or the call was ended by somebody else. */
  leave(usage: Usage | undefined, outputCharacters: number): void {
    const { reason } = this.#context.cancellation;
    const isCut = reason !== undefined && reason.code !== 'CLIENT_CLOSED_REQUEST';
    if (isCut) this.failed(reason, false);
    this.end(isCut ? reason : undefined, usage, outputCharacters);
  }

  /** It ended with an error, or nobody wants it any more. */
  end(error: SkeinError | undefined, usage: Usage | undefined, outputCharacters: number): void {
    const isAborted = error === undefined || error.code === 'CLIENT_CLOSED_REQUEST';
    const code = error?.code ?? 'CLIENT_CLOSED_REQUEST';
    if (error === undefined) this.attempts.note(code, this.#world.clock.now() - this.#attemptAt);
    if (this.attempts.made.length === 0) return;
    this.#settle(isAborted ? 'aborted' : 'failed', code, usage, outputCharacters);
  }

  #names() {
    const { name: model, provider, modelId } = this.attempts.asked.deployment.target;
    return { model, provider, modelId };
  }

  #settle(
    outcome: ModelCallRecord['outcome'],
    errorCode: string | undefined,
    told: Usage | undefined,
    outputCharacters: number,
  ): Usage | undefined {
    if (this.#isSettled) return told;
    this.#isSettled = true;
    const { clock, meter } = this.#world;
    const now = clock.now();
    const { usage, isEstimated } = this.#usageOf(outcome, told, outputCharacters);
    const price = usage && this.attempts.asked.deployment.pricing.price(now, usage.inputTokens ?? 0);
    const cost = usage && price && costNanoUsd(usage, price);
    const record: ModelCallRecord = {
      kind: this.#asked.kind,
      asked: this.#route.name,
      ...this.#names(),
      usage,
      isEstimated,
      costNanoUsd: cost,
      price,
      latencyMs: now - this.#startedAt,
      firstTokenMs: this.#firstTokenMs,
      outcome,
      errorCode,
      attempts: this.attempts.made,
    };
    try {
      meter.record(record, this.#context);
    } catch (error) {
      const fields = { requestId: this.#context.requestId, reason: describeError(error) };
      this.#context.log.error(fields, 'A call of a model could not be metered.');
    }
    // What is reckoned is for the record; the caller is told what the provider told.
    if (told === undefined || cost === undefined || isEstimated) return told;
    return { ...told, costUsd: usdOf(cost) };
  }

  /**
   * What the provider told, or what must have been used: a question that was sent was read, and what came was written. A
   * failure that brought nothing has used nothing that anybody knows of.
   */
  #usageOf(
    outcome: ModelCallRecord['outcome'],
    told: Usage | undefined,
    outputCharacters: number,
  ): { readonly usage: Usage | undefined; readonly isEstimated: boolean } {
    const isAnswered = outcome === 'ok' || outcome === 'schemaFailed';
    const isWhole = isAnswered && told?.inputTokens !== undefined;
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
        raw: told?.raw,
      },
      isEstimated: true,
    };
  }
}

function inputTokensOf(asked: Asked): number {
  if (asked.kind === 'chat') return estimateInputTokens(asked.request);
  return estimateTokens(asked.request.texts.reduce((sum, text) => sum + text.length, 0));
}
