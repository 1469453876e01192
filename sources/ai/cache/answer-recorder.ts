import type { AnswerPart, FinishPart, ModelPart, ModelResponse, Signature } from '../model.ts';

type Piece = Exclude<ModelPart, FinishPart>;

const MAX_CHARACTERS = 2_000_000;

/** Puts the parts of a stream together, while they are given out. */
export class AnswerRecorder {
  #content: AnswerPart[] = [];
  /** Where the calls of tools stand, by their index in the stream. */
  #calls = new Map<number, number>();
  #characters = 0;
  #isWhole = true;

  /** Whether all that came is here. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  add(part: Piece): void {
    if (!this.#isWhole) return;
    if (part.type === 'native') this.#isWhole = false;
    else this.#characters += part.type === 'tool-call' ? part.arguments.length : part.text.length;
    if (this.#characters > MAX_CHARACTERS) this.#isWhole = false;
    if (!this.#isWhole) {
      this.#content = [];
      this.#calls.clear();
    } else if (part.type === 'tool-call') this.#appendCall(part);
    else if (part.type !== 'native') this.#appendText(part);
  }

  /** All that came until now, in as few parts as it takes. */
  parts(): Piece[] {
    return partsOf(this.#content);
  }

  /** The whole answer; undefined when it cannot be put together of what came. */
  answer({ id, modelId, reason, usage, made }: FinishPart): ModelResponse | undefined {
    if (!this.#isWhole) return undefined;
    const text = this.#content.map((part) => (part.type === 'text' ? part.text : '')).join('');
    return { id, modelId, text, finishReason: reason, usage, made, content: this.#content };
  }

  /** Pieces of one text are one text; a signature ends it. */
  #appendText({ type, text, signature }: Extract<ModelPart, { readonly type: 'text' | 'reasoning' }>): void {
    const last = this.#content.at(-1);
    const part = { type, text, ...(signature !== undefined && { signature }) };
    if (last?.type === type && last.signature === undefined)
      this.#content[this.#content.length - 1] = { ...part, text: last.text + text };
    else this.#content.push(part);
  }

  #appendCall(part: Extract<ModelPart, { readonly type: 'tool-call' }>): void {
    const place = this.#calls.get(part.index) ?? this.#content.length;
    const known = this.#content[place];
    const call = known?.type === 'tool-call' ? known : undefined;
    const signature: Signature | undefined = part.signature ?? call?.signature;
    this.#calls.set(part.index, place);
    this.#content[place] = {
      type: 'tool-call',
      id: part.id ?? call?.id ?? '',
      name: part.name ?? call?.name ?? '',
      arguments: (call?.arguments ?? '') + part.arguments,
      ...(signature !== undefined && { signature }),
    };
  }
}

/** The content of an answer as a stream would have brought it. */
export function partsOf(content: readonly AnswerPart[]): Piece[] {
  let calls = 0;
  return content.map(({ extras: _, ...part }) =>
    part.type === 'tool-call' ? { ...part, index: calls++ } : { signature: undefined, ...part },
  );
}
