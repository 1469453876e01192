import type { AnswerPart, CacheFacts, FinishPart, Made, ModelPart, ModelResponse, Usage } from '../model.ts';

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

const MAX_CHARACTERS = 2_000_000;

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
  const parts: ModelPart[] = [];
  for (const part of content.length > 0 ? content : [{ type: 'text', text } as const]) {
    if (part.type === 'text') parts.push({ type: 'text', text: part.text, signature: part.signature });
    else if (part.type === 'reasoning') parts.push({ type: 'reasoning', text: part.text, signature: part.signature });
  }
  return [...parts, { type: 'finish', reason: 'stop', id, modelId, ...given(kept, ageMs) }];
}

export function hitOf({ costUsd: savedUsd }: Pick<KeptModelAnswer, 'costUsd'>, ageMs: number): CacheFacts {
  // Clocks of instances differ.
  return { isCached: true, ageMs: Math.max(0, ageMs), savedUsd };
}

/** What is said with an answer that is given again. */
function given(
  kept: Pick<KeptModelAnswer, 'model' | 'provider' | 'costUsd'>,
  ageMs: number,
): { readonly usage: Usage; readonly made: Made } {
  const { model, provider, costUsd: savedUsd } = kept;
  return {
    usage: { ...NOTHING_USED, savedUsd },
    made: { model, provider, attempts: [], ...hitOf(kept, ageMs) },
  };
}

/** Puts the parts of a stream together, while they are given out. */
export class AnswerRecorder {
  #content: AnswerPart[] = [];
  #characters = 0;
  #isWhole = true;

  add(part: Exclude<ModelPart, FinishPart>): void {
    if (part.type !== 'text' && part.type !== 'reasoning') this.#isWhole = false;
    else this.#characters += part.text.length;
    if (this.#characters > MAX_CHARACTERS) this.#isWhole = false;
    if (!this.#isWhole) this.#content = [];
    else if (part.type === 'text' || part.type === 'reasoning') this.#append(part);
  }

  /** The whole answer; undefined when it cannot be put together of what came. */
  answer({ id, modelId, reason, usage, made }: FinishPart): ModelResponse | undefined {
    if (!this.#isWhole) return undefined;
    const text = this.#content.map((part) => (part.type === 'text' ? part.text : '')).join('');
    return { id, modelId, text, finishReason: reason, usage, made, content: this.#content };
  }

  /** Pieces of one text are one text; a signature ends it. */
  #append({ type, text, signature }: Extract<ModelPart, { readonly type: 'text' | 'reasoning' }>): void {
    const last = this.#content.at(-1);
    const part = { type, text, ...(signature !== undefined && { signature }) };
    if (last?.type === type && last.signature === undefined)
      this.#content[this.#content.length - 1] = { ...part, text: last.text + text };
    else this.#content.push(part);
  }
}
