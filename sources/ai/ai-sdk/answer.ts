import type { LanguageModelV3Content, LanguageModelV3GenerateResult } from '@ai-sdk/provider';
import { joinText } from '../dialects/content.ts';
import { checkArguments, isCut } from '../dialects/tool-calls.ts';
import type { AnswerPart, ModelResponse } from '../model.ts';
import { signatureOf } from './metadata.ts';
import { finishReasonOf, usageOf } from './usage.ts';

/** A whole answer. @throws SkeinError UPSTREAM_FAILED, MODEL_OUTPUT_INVALID */
export function answerOf(result: LanguageModelV3GenerateResult, provider: string): ModelResponse {
  const finishReason = finishReasonOf(result.finishReason);
  const content = result.content.flatMap((part) => toPart(part, provider));
  if (!isCut(finishReason)) for (const part of content) if (part.type === 'tool-call') checkArguments(part.arguments);
  return {
    id: result.response?.id,
    text: joinText(content),
    finishReason,
    usage: usageOf(result.usage, result.providerMetadata),
    modelId: result.response?.modelId,
    content,
    raw: result.response?.body,
  };
}

/** What a provider calls and answers itself is not the client's to see; sources and files have no place yet. */
function toPart(part: LanguageModelV3Content, provider: string): AnswerPart[] {
  const { providerMetadata: metadata } = part as { providerMetadata?: Parameters<typeof signatureOf>[1] };
  const signed = metadata === undefined ? {} : { signature: signatureOf(provider, metadata) };
  switch (part.type) {
    case 'text':
      return [{ type: 'text', text: part.text, ...signed }];
    case 'reasoning': {
      if (part.text === '' && metadata === undefined) return [];
      return [{ type: 'reasoning', text: part.text, signature: signatureOf(provider, metadata, part.text === '') }];
    }
    case 'tool-call':
      if (part.providerExecuted === true) return [];
      return [
        { type: 'tool-call', id: part.toolCallId, name: part.toolName, arguments: part.input || '{}', ...signed },
      ];
    default:
      return [];
  }
}
