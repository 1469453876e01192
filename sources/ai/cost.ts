import type { Usage } from './model.ts';

/**
 * What tokens of each class cost: integer nano-USD (a billionth of a dollar) for a million of them. A class without a
 * price costs what the class costs that it is part of.
 */
export interface Price {
  readonly input: bigint;
  /** Not there for models that write nothing. */
  readonly output?: bigint | undefined;
  readonly cachedInput?: bigint | undefined;
  readonly cacheWrite?: bigint | undefined;
  readonly cacheWrite1h?: bigint | undefined;
  readonly reasoning?: bigint | undefined;
}

const NANO = 1_000_000_000;
const MILLION = 1_000_000n;

/** Dollars for a million tokens, to the ninth decimal. */
export function nanoUsdPerMillion(usd: number): bigint {
  return BigInt(Math.round(usd * NANO));
}

/**
 * The exact sum over all classes, rounded once, half up, to nano-USD; `undefined` where tokens or a price that is needed
 * are not known.
 */
export function costNanoUsd(usage: Usage, price: Price): bigint | undefined {
  const { inputTokens, outputTokens = price.output ? undefined : 0 } = usage;
  if (inputTokens === undefined || outputTokens === undefined) return undefined;
  if (price.output === undefined && outputTokens > 0) return undefined;
  // Whatever a provider says of the parts, they are no more than the whole.
  const cached = Math.min(usage.cachedInputTokens ?? 0, inputTokens);
  const written = Math.min(usage.cacheWriteTokens ?? 0, inputTokens - cached);
  const writtenHour = Math.min(usage.cacheWrite1hTokens ?? 0, written);
  const reasoned = Math.min(usage.reasoningTokens ?? 0, outputTokens);
  const output = price.output ?? 0n;
  const cacheWrite = price.cacheWrite ?? price.input;
  const sum =
    BigInt(inputTokens - cached - written) * price.input +
    BigInt(cached) * (price.cachedInput ?? price.input) +
    BigInt(written - writtenHour) * cacheWrite +
    BigInt(writtenHour) * (price.cacheWrite1h ?? cacheWrite) +
    BigInt(outputTokens - reasoned) * output +
    BigInt(reasoned) * (price.reasoning ?? output);
  return (sum + MILLION / 2n) / MILLION;
}

/** Dollars as nano-USD, to the ninth decimal. */
export function nanoUsdOf(usd: number): bigint {
  return BigInt(Math.round(usd * NANO));
}

/** For people: nano-USD as dollars. */
export function usdOf(nanoUsd: bigint): number {
  return Number(nanoUsd) / NANO;
}
