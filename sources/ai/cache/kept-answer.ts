import type { AnswerPart, CacheFacts, Made, ModelPart, ModelResponse, Usage } from '../model.ts';
import { partsOf } from './answer-recorder.ts';

/** A whole answer as it is kept: plain data. */
export interface KeptModelAnswer {
  readonly id: string | undefined;
  readonly modelId: string | undefined;
  readonly text: string;
  /** Text and thoughts, in their order. */
  readonly content: readonly AnswerPart[] | undefined;
  readonly model: string;
  readonly provider: string;
  /** What it cost to make, in dollars. */
  readonly costUsd: number | undefined;
}

/** What a kept answer costs whoever is given it. */
export const NOTHING_USED: Usage = {
  inputTokens: 0,
  outputTokens: 0,
  totalTokens: 0,
  cachedInputTokens: 0,
  reasoningTokens: 0,
  raw: undefined,
  costUsd: 0,
};

/** What is kept of an answer; undefined for one that is not to be given again. */
export function toKept(answer: ModelResponse): KeptModelAnswer | undefined {
  const { id, modelId, text, content, finishReason, usage, made } = answer;
  if (finishReason !== 'stop' || made === undefined || answer.native !== undefined) return undefined;
  // What a tool does is to be done each time.
  if (content?.some(({ type }) => type === 'tool-call')) return undefined;
  const { model, provider } = made;
  return { id, modelId, text, content, model, provider, costUsd: usage?.costUsd };
}

export function toResponse(kept: KeptModelAnswer, ageMs: number): ModelResponse {
  const { id, modelId, text, content } = kept;
  return { id, modelId, text, content, finishReason: 'stop', ...given(kept, ageMs) };
}

/** The parts of a kept answer, as a stream of it would have brought them. */
export function toParts(kept: KeptModelAnswer, ageMs: number): readonly ModelPart[] {
  const { id, modelId, text, content = [] } = kept;
  const parts = partsOf(content.length > 0 ? content : [{ type: 'text', text }]);
  return [...parts, { type: 'finish', reason: 'stop', id, modelId, ...given(kept, ageMs) }];
}

export function hitOf({ costUsd: savedUsd }: Pick<KeptModelAnswer, 'costUsd'>, ageMs: number): CacheFacts {
  // Clocks of instances differ.
  return { isCached: true, ageMs: Math.max(0, ageMs), savedUsd };
}

/** What is said with an answer that is given again. */
export function given(
  kept: Pick<KeptModelAnswer, 'model' | 'provider' | 'costUsd'>,
  ageMs: number,
): { readonly usage: Usage; readonly made: Made } {
  const { model, provider, costUsd: savedUsd } = kept;
  return {
    usage: { ...NOTHING_USED, savedUsd },
    made: { model, provider, attempts: [], ...hitOf(kept, ageMs) },
  };
}
