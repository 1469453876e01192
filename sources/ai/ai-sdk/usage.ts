import type { LanguageModelV3FinishReason, LanguageModelV3Usage, SharedV3ProviderMetadata } from '@ai-sdk/provider';
import { SkeinError } from '../../../kernel/errors.ts';
import { createAnthropicDialect } from '../dialects/anthropic.ts';
import { type Billing, tierOf } from '../dialects/billing.ts';
import { createGeminiDialect } from '../dialects/gemini.ts';
import { createResponsesDialect } from '../dialects/openai-responses.ts';
import { openaiUsage } from '../dialects/openai-usage.ts';
import { arrayOf, countOf, isObject, objectOf, sumOf } from '../dialects/read.ts';
import type { FinishReason, JsonObject, Usage } from '../model.ts';

/** As `LanguageModelV3Usage` has it, of which packages leave out what they do not know. */
interface ToldUsage {
  readonly inputTokens: Partial<LanguageModelV3Usage['inputTokens']>;
  readonly outputTokens: Partial<LanguageModelV3Usage['outputTokens']>;
  readonly raw?: unknown;
}

/** `metadata`: what a package tells of the answer beside it, by the name of its provider. */
export function usageOf(told: ToldUsage | undefined, metadata?: SharedV3ProviderMetadata): Usage | undefined {
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
    ...billed(told?.raw, metadata),
    raw: told?.raw ?? told,
  };
}

/** What has a price of its own, in whatever format it is told. */
function billed(raw: unknown, metadata: SharedV3ProviderMetadata = {}): Billing {
  const told = isObject(raw) && raw.inputTokens === undefined && raw.tokens === undefined ? raw : {};
  const own = usageInBody(told.promptTokenCount === undefined ? { usage: told } : { usageMetadata: told });
  const tiers = Object.values(metadata).map(({ serviceTier }) => tierOf(objectOf(serviceTier).type ?? serviceTier));
  const serviceTier = tiers.find((tier) => tier !== undefined) ?? own?.serviceTier;
  return {
    ...(own?.classes && { classes: own.classes }),
    ...(own?.hasOtherFees && { hasOtherFees: true }),
    ...(serviceTier !== undefined && { serviceTier }),
  };
}

const FORMATS = {
  anthropic: createAnthropicDialect(),
  gemini: createGeminiDialect(),
  responses: createResponsesDialect(),
};

/** Of an answer that a package has not taken: its body, in any of the formats that are known. */
export function usageInBody(body: unknown): Usage | undefined {
  const { usage, usageMetadata } = objectOf(body);
  if (isObject(usageMetadata)) return FORMATS.gemini.usage(body);
  const told = objectOf(usage);
  if (told.prompt_tokens !== undefined) return openaiUsage(told);
  if (told.input_tokens_details !== undefined) return FORMATS.responses.usage(body);
  if (told.input_tokens !== undefined) return FORMATS.anthropic.usage(body);
  if (told.inputTokens !== undefined) return bedrockUsage(told);
  // Cohere's.
  const { input_tokens: total, output_tokens: written } = objectOf(told.tokens);
  const [read, wrote] = [countOf(total), countOf(written)];
  return usageOf({ inputTokens: { total: read }, outputTokens: { total: wrote }, raw: told });
}

/** What was read from the cache, or written to it, is counted apart. */
function bedrockUsage(told: JsonObject): Usage | undefined {
  const cacheRead = countOf(told.cacheReadInputTokens);
  const cacheWrite = countOf(told.cacheWriteInputTokens);
  return usageOf({
    inputTokens: { noCache: countOf(told.inputTokens), cacheRead, cacheWrite },
    outputTokens: { total: countOf(told.outputTokens) },
    raw: told,
  });
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
