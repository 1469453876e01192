import type { Usage } from '../model.ts';
import { countOf, isObject, objectOf } from './read.ts';

/** Cached tokens are part of the prompt's, reasoning is part of the completion's: nothing is to be added. */
export function openaiUsage(raw: unknown): Usage | undefined {
  if (!isObject(raw)) return undefined;
  const promptDetails = objectOf(raw.prompt_tokens_details);
  return {
    inputTokens: countOf(raw.prompt_tokens),
    outputTokens: countOf(raw.completion_tokens),
    totalTokens: countOf(raw.total_tokens),
    cachedInputTokens: countOf(promptDetails.cached_tokens) ?? countOf(raw.prompt_cache_hit_tokens),
    cacheWriteTokens: countOf(promptDetails.cache_write_tokens),
    reasoningTokens: countOf(objectOf(raw.completion_tokens_details).reasoning_tokens),
    raw,
  };
}
