import type { Usage, UsageClass } from './model.ts';

/**
 * What tokens of each class cost, searches and calls: integer nano-USD (a billionth of a dollar) for a million of them. Of
 * tokens of text a class without a price costs what the class costs that it is part of; of all else nobody knows.
 */
export interface Price extends Readonly<Partial<Record<UsageClass, bigint | undefined>>> {
  readonly input: bigint;
  /** Not there for models that write nothing. */
  readonly output?: bigint | undefined;
  readonly cachedInput?: bigint | undefined;
  readonly cacheWrite?: bigint | undefined;
  readonly cacheWrite1h?: bigint | undefined;
  readonly reasoning?: bigint | undefined;
  /** Of each call, whatever is in it. */
  readonly request?: bigint | undefined;
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
  const more = moreOf(usage, price);
  if (more === undefined || inputTokens === undefined || outputTokens === undefined) return undefined;
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
    BigInt(reasoned) * (price.reasoning ?? output) +
    more;
  return (sum + MILLION / 2n) / MILLION;
}

/** What is to be paid beside tokens of text; for tokens that are none, by how much they are dearer. */
function moreOf({ classes, hasOtherFees, ...usage }: Usage, price: Price): bigint | undefined {
  if (hasOtherFees) return undefined;
  let sum = price.request ?? 0n;
  if (classes === undefined) return sum;
  const { input, cachedInput = input, output = 0n } = price;
  const { inputTokens = 0, outputTokens = 0 } = usage;
  const parts: Readonly<Record<UsageClass, readonly [text: bigint, most: number]>> = {
    inputAudio: [input, inputTokens],
    cachedInputAudio: [cachedInput, inputTokens],
    outputAudio: [output, outputTokens],
    outputImage: [output, outputTokens],
    citation: [0n, Number.POSITIVE_INFINITY],
    webSearch: [0n, Number.POSITIVE_INFINITY],
    fileSearch: [0n, Number.POSITIVE_INFINITY],
  };
  for (const [name, [text, most]] of Object.entries(parts) as [UsageClass, readonly [bigint, number]][]) {
    const count = Math.min(classes[name] ?? 0, most);
    const own = price[name];
    if (count === 0) continue;
    if (own === undefined) return undefined;
    sum += BigInt(count) * (own - text);
  }
  return sum;
}

/** Dollars as nano-USD, to the ninth decimal. */
export function nanoUsdOf(usd: number): bigint {
  return BigInt(Math.round(usd * NANO));
}

/** For people: nano-USD as dollars. */
export function usdOf(nanoUsd: bigint): number {
  return Number(nanoUsd) / NANO;
}
