import type { Usage } from '../model.ts';
import { type Billing, classesOf, tierOf } from './billing.ts';
import { arrayOf, countOf, isObject, type JsonObject, objectOf, sumOf, textOf } from './read.ts';

/**
 * `input_tokens` leaves cache reads and writes out; ours has them in. What was used to make a long conversation shorter is
 * told apart, and is paid as well.
 */
export function anthropicUsage(raw: unknown): Usage | undefined {
  if (!isObject(raw)) return undefined;
  const rounds = [raw, ...arrayOf(raw.iterations).map(objectOf).filter(isShortening)].map(countsOf);
  const sum = (name: keyof Counts) => sumOf(...rounds.map((counts) => counts[name]));
  const [inputTokens, outputTokens] = [sum('inputTokens'), sum('outputTokens')];
  return {
    inputTokens,
    outputTokens,
    totalTokens: inputTokens === undefined || outputTokens === undefined ? undefined : sumOf(inputTokens, outputTokens),
    cachedInputTokens: sum('cacheRead'),
    cacheWriteTokens: sum('cacheWrite'),
    cacheWrite1hTokens: sum('hour'),
    reasoningTokens: countOf(objectOf(raw.output_tokens_details).thinking_tokens),
    ...billed(raw),
    raw,
  };
}

interface Counts {
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
  readonly cacheRead: number | undefined;
  readonly cacheWrite: number | undefined;
  readonly hour: number | undefined;
}

function countsOf(raw: JsonObject): Counts {
  const fresh = countOf(raw.input_tokens);
  const cacheRead = countOf(raw.cache_read_input_tokens);
  const writes = objectOf(raw.cache_creation);
  const [fiveMinutes, hour] = [countOf(writes.ephemeral_5m_input_tokens), countOf(writes.ephemeral_1h_input_tokens)];
  const cacheWrite = countOf(raw.cache_creation_input_tokens) ?? sumOf(fiveMinutes, hour);
  const inputTokens = fresh === undefined ? undefined : sumOf(fresh, cacheRead, cacheWrite);
  return { inputTokens, outputTokens: countOf(raw.output_tokens), cacheRead, cacheWrite, hour };
}

function isShortening({ type }: JsonObject): boolean {
  return type === 'compaction';
}

/** To read what is at an address, or to look for a tool, costs its tokens alone. */
const WITHOUT_FEE = new Set(['web_search_requests', 'web_fetch_requests', 'tool_search_requests']);

function billed(raw: JsonObject): Billing {
  const { web_search_requests: searches, ...others } = objectOf(raw.server_tool_use);
  const isPaid = ([name, count]: [string, unknown]) => !WITHOUT_FEE.has(name) && (countOf(count) ?? 0) > 0;
  // Another model may have had a part in it, at its own price.
  const hasOthers = arrayOf(raw.iterations).some(
    (round) => !isShortening(objectOf(round)) && objectOf(round).type !== 'message',
  );
  const geography = textOf(raw.inference_geo);
  const tiers = [
    tierOf(raw.service_tier),
    tierOf(raw.speed),
    geography === 'global' || geography === 'not_available' ? undefined : tierOf(geography),
  ].filter((tier) => tier !== undefined);
  return {
    ...classesOf({ webSearch: countOf(searches) }),
    ...(tiers.length > 0 && { serviceTier: tiers.join('+') }),
    ...((hasOthers || Object.entries(others).some(isPaid)) && { hasOtherFees: true }),
  };
}
