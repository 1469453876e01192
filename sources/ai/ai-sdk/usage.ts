import type { LanguageModelV3FinishReason, LanguageModelV3Usage } from '@ai-sdk/provider';
import { SkeinError } from '../../../kernel/errors.ts';
import { arrayOf, countOf, objectOf, sumOf } from '../dialects/read.ts';
import type { FinishReason, Usage } from '../model.ts';

export function usageOf(told: LanguageModelV3Usage | undefined): Usage | undefined {
  const input = objectOf(told?.inputTokens);
  const output = objectOf(told?.outputTokens);
  const cachedInputTokens = countOf(input.cacheRead);
  const cacheWriteTokens = countOf(input.cacheWrite);
  const reasoningTokens = countOf(output.reasoning);
  const inputTokens = countOf(input.total) ?? sumOf(countOf(input.noCache), cachedInputTokens, cacheWriteTokens);
  const outputTokens = countOf(output.total) ?? sumOf(countOf(output.text), reasoningTokens);
  if (inputTokens === undefined && outputTokens === undefined) return undefined;
  const isWhole = inputTokens !== undefined && outputTokens !== undefined;
  return {
    inputTokens,
    outputTokens,
    totalTokens: isWhole ? inputTokens + outputTokens : undefined,
    cachedInputTokens,
    cacheWriteTokens,
    cacheWrite1hTokens: writtenForAnHour(told?.raw),
    reasoningTokens,
    raw: told?.raw ?? told,
  };
}

/** Bedrock and Anthropic tell it apart, and the specification has no place for it. */
function writtenForAnHour(raw: unknown): number | undefined {
  const { cacheDetails, cache_creation: created } = objectOf(raw);
  const hour = arrayOf(cacheDetails)
    .map(objectOf)
    .filter(({ ttl }) => ttl === '1h');
  if (hour.length > 0) return sumOf(...hour.map(({ inputTokens }) => countOf(inputTokens)));
  return countOf(objectOf(created).ephemeral_1h_input_tokens);
}

/** @throws SkeinError UPSTREAM_FAILED for an answer that ended with an error. */
export function finishReasonOf({ unified, raw }: LanguageModelV3FinishReason): FinishReason {
  if (unified !== 'error') return unified;
  throw new SkeinError('UPSTREAM_FAILED', undefined, {
    cause: new Error(`The model stopped because of an error: ${raw}.`),
  });
}
