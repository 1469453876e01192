import type { Usage } from '../model.ts';
import { countOf, isObject, objectOf, sumOf } from './read.ts';

/** Cached tokens are part of the prompt's, and reasoning of the completion's, unless the total says that it stands beside it. */
export function openaiUsage(raw: unknown): Usage | undefined {
  if (!isObject(raw)) return undefined;
  const promptDetails = objectOf(raw.prompt_tokens_details);
  const [inputTokens, completion] = [countOf(raw.prompt_tokens), countOf(raw.completion_tokens)];
  const totalTokens = countOf(raw.total_tokens);
  const reasoningTokens = countOf(objectOf(raw.completion_tokens_details).reasoning_tokens);
  const withReasoning = sumOf(completion, reasoningTokens);
  const isBeside = totalTokens !== undefined && sumOf(inputTokens, withReasoning) === totalTokens;
  return {
    inputTokens,
    outputTokens: isBeside && completion !== undefined ? withReasoning : completion,
    totalTokens,
    cachedInputTokens: countOf(promptDetails.cached_tokens) ?? countOf(raw.prompt_cache_hit_tokens),
    cacheWriteTokens: countOf(promptDetails.cache_write_tokens),
    reasoningTokens,
    raw,
  };
}
