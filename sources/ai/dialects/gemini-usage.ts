import type { Usage } from '../model.ts';
import { type Billing, classesOf, tierOf, tokensOf } from './billing.ts';
import { arrayOf, countOf, isObject, type JsonObject, objectOf, sumOf, textOf } from './read.ts';

/** Thoughts are counted apart from the answer; ours has them in. What tools of the provider read is apart as well. */
export function geminiUsage(answer: JsonObject): Usage | undefined {
  const raw = answer.usageMetadata;
  if (!isObject(raw)) return undefined;
  const prompt = countOf(raw.promptTokenCount);
  const thoughts = countOf(raw.thoughtsTokenCount);
  const inputTokens = prompt === undefined ? undefined : sumOf(prompt, countOf(raw.toolUsePromptTokenCount));
  const totalTokens = countOf(raw.totalTokenCount);
  return {
    inputTokens,
    outputTokens: sumOf(countOf(raw.candidatesTokenCount), thoughts) ?? restOf(totalTokens, inputTokens),
    totalTokens,
    cachedInputTokens: countOf(raw.cachedContentTokenCount),
    reasoningTokens: thoughts,
    ...billed(answer, raw),
    raw,
  };
}

/** Counts of nothing are left out: of a question that is refused the total alone says that nothing was written. */
function restOf(total: number | undefined, part: number | undefined): number | undefined {
  return total === undefined || part === undefined || total < part ? undefined : total - part;
}

function billed({ candidates, modelVersion }: JsonObject, raw: JsonObject): Billing {
  const { webSearchQueries, groundingChunks } = objectOf(objectOf(arrayOf(candidates)[0]).groundingMetadata);
  const queries = arrayOf(webSearchQueries).length;
  // Models before the third generation are paid for each answer that was looked up, and not for each search.
  const isByAnswer = /gemini-[12]\b/.test(textOf(modelVersion) ?? '');
  const cachedInputAudio = tokensOf(raw.cacheTokensDetails, 'AUDIO') ?? 0;
  const audio = sumOf(tokensOf(raw.promptTokensDetails, 'AUDIO'), tokensOf(raw.toolUsePromptTokensDetails, 'AUDIO'));
  const tier = tierOf(raw.serviceTier ?? raw.trafficType);
  return {
    ...classesOf({
      inputAudio: Math.max(0, (audio ?? 0) - cachedInputAudio),
      cachedInputAudio,
      outputAudio: tokensOf(raw.candidatesTokensDetails, 'AUDIO'),
      outputImage: tokensOf(raw.candidatesTokensDetails, 'IMAGE'),
      webSearch: isByAnswer ? Math.min(queries, 1) : queries,
    }),
    ...(tier !== undefined && { serviceTier: tier }),
    // Places on maps have a fee of their own.
    ...(arrayOf(groundingChunks).some((chunk) => isObject(objectOf(chunk).maps)) && { hasOtherFees: true }),
  };
}
