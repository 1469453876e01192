import { estimateTokens, type Need, TOKENS_PER_MEDIUM, unmet } from './capabilities.ts';
import { costNanoUsd, type Price } from './cost.ts';
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

const MEDIUM = /^data:[\w.+-]+\/[\w.+-]+;base64,[A-Za-z0-9+/]*={0,2}$/;
const PLACE_OF_MEDIUM = 'x'.repeat(TOKENS_PER_MEDIUM * 4);

/** About how many tokens arguments are that go into a question. Of bytes in them, each image or file counts a thousand. */
export function estimateArgumentTokens(args: unknown): number {
  const text = JSON.stringify(args, (key, value: unknown) => {
    const isMedium = typeof value === 'string' && (key === 'base64' || MEDIUM.test(value));
    return isMedium ? PLACE_OF_MEDIUM : value;
  });
  return estimateTokens(text?.length ?? 0);
}
