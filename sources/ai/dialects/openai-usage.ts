import type { Usage } from '../model.ts';
import { type Billing, type CostField, classesOf, tierOf, toldUsd, withTier } from './billing.ts';
import { countOf, isObject, type JsonObject, objectOf, sumOf } from './read.ts';

export interface OpenaiBilling {
  /** The answer's word on its tier of service, beside the usage. */
  readonly serviceTier?: unknown;
  /** Tiers that cost what the standard one does. */
  readonly alikeTiers?: readonly string[] | undefined;
  readonly costField?: CostField | undefined;
}

/**
 * Cached tokens are part of the prompt's, and reasoning of the completion's, unless the total says that it stands beside
 * it. Perplexity's stands beside it, and the total leaves it out.
 */
export function openaiUsage(raw: unknown, billing: OpenaiBilling = {}): Usage | undefined {
  if (!isObject(raw)) return undefined;
  const promptDetails = objectOf(raw.prompt_tokens_details);
  const [inputTokens, completion] = [countOf(raw.prompt_tokens), countOf(raw.completion_tokens)];
  const totalTokens = countOf(raw.total_tokens);
  const isPerplexity = (countOf(raw.num_search_queries) ?? countOf(raw.citation_tokens)) !== undefined;
  const reasoningTokens =
    countOf(objectOf(raw.completion_tokens_details).reasoning_tokens) ?? countOf(raw.reasoning_tokens);
  const withReasoning = sumOf(completion, reasoningTokens);
  const isTotal = totalTokens !== undefined && sumOf(inputTokens, withReasoning) === totalTokens;
  const isBeside = isTotal || isPerplexity;
  const tier = tierOf(billing.serviceTier ?? raw.service_tier, billing.alikeTiers);
  return {
    inputTokens,
    outputTokens: isBeside && completion !== undefined ? withReasoning : completion,
    totalTokens,
    cachedInputTokens:
      countOf(promptDetails.cached_tokens) ?? countOf(raw.prompt_cache_hit_tokens) ?? countOf(raw.cached_tokens),
    cacheWriteTokens: countOf(promptDetails.cache_write_tokens),
    reasoningTokens,
    ...billed(raw),
    ...(tier !== undefined && { serviceTier: tier }),
    toldUsd: toldUsd(raw, billing.costField),
    raw: withTier(raw, tier),
  };
}

function billed(raw: JsonObject): Billing {
  // Minutes of sound and sources that were looked up have prices that no list has.
  const fees = [raw.prompt_audio_seconds, raw.num_sources_used, raw.num_server_side_tools_used];
  return {
    ...classesOf({
      inputAudio: countOf(objectOf(raw.prompt_tokens_details).audio_tokens),
      outputAudio: countOf(objectOf(raw.completion_tokens_details).audio_tokens),
      citation: countOf(raw.citation_tokens),
      webSearch: countOf(raw.num_search_queries),
    }),
    ...(fees.some((count) => typeof count === 'number' && count > 0) && { hasOtherFees: true }),
  };
}
