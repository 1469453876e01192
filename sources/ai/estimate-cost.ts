import { estimateTokens, type Need, TOKENS_PER_MEDIUM, unmet } from './capabilities.ts';
import { costNanoUsd, type Price } from './cost.ts';
import { isObject, type JsonObject, objectOf } from './dialects/read.ts';
import type { ModelPricing } from './prices.ts';
import type { ModelRoute, RouteTarget } from './routes/route.ts';

const HOURS = 24;
const HOUR_MS = 3_600_000;

/** A call of a model, as far as it is known before it is made. */
export interface ExpectedCall {
  readonly needs: readonly Need[];
  readonly inputTokens: number;
  /** That the answer may have. Default: as many as the model's own options say. */
  readonly maxTokens?: number | undefined;
}

/**
 * What a call may cost in nano-USD: by the dearest of the models that can answer it, at the dearest hour of the day. A model
 * without a known price counts nothing.
 */
export function estimateCallCost({ targets }: ModelRoute, call: ExpectedCall, now = Date.now()): bigint {
  let most = 0n;
  for (const { deployment } of targets) {
    if (unmet(call.needs, deployment.capabilities) !== undefined) continue;
    const cost = costAt(deployment, call, now);
    if (cost > most) most = cost;
  }
  return most;
}

function costAt({ pricing, target }: RouteTarget['deployment'], call: ExpectedCall, now: number): bigint {
  const { inputTokens, maxTokens = target.maxTokens } = call;
  let most = 0n;
  for (const price of pricesOfDay(pricing, inputTokens, now)) {
    const outputTokens = price.output === undefined ? 0 : maxTokens;
    const isDearToReason = price.reasoning !== undefined && price.reasoning > (price.output ?? 0n);
    const cost = costNanoUsd(
      {
        ...{ inputTokens, outputTokens, totalTokens: undefined, cachedInputTokens: undefined, raw: undefined },
        reasoningTokens: isDearToReason ? outputTokens : undefined,
      },
      price,
    );
    if (cost !== undefined && cost > most) most = cost;
  }
  return most;
}

/** Some models cost less by night: an estimate must hold at any hour. */
function pricesOfDay(pricing: ModelPricing, inputTokens: number, now: number): readonly Price[] {
  const prices = Array.from({ length: HOURS }, (_, hour) => pricing.price(now + hour * HOUR_MS, inputTokens));
  return [...new Set(prices)].filter((price) => price !== undefined);
}

/** About how many tokens values are that go into a question, as JSON; images and files are counted, and not among them. */
export function estimateValueTokens(value: unknown, media: number): number {
  return estimateTokens(JSON.stringify(value)?.length ?? 0) + media * TOKENS_PER_MEDIUM;
}

/** About how many tokens the input of `chat` or `embed` is, whatever is in it. */
export function estimateQuestionTokens({ messages, ...asked }: JsonObject): number {
  let media = 0;
  const textsOf = (message: unknown): unknown => {
    const { parts } = objectOf(message);
    if (!Array.isArray(parts)) return message;
    const texts = parts.map((part: unknown) => {
      const { image, file, ...text } = objectOf(part);
      if (isObject(image) || isObject(file)) media += 1;
      return text;
    });
    return { ...objectOf(message), parts: texts };
  };
  const texts = Array.isArray(messages) ? messages.map(textsOf) : messages;
  return estimateValueTokens({ ...asked, messages: texts }, media);
}
