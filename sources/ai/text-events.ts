import type { FinishReason, ModelPart, Usage } from './model.ts';

/** One event of a streamed answer, as `ChatStreamEvent` and `PromptStreamEvent` show it. */
export interface TextEvent {
  readonly index: number;
  /** What was added since the event before. */
  readonly text: string;
  readonly model: string;
  /** With the last event. */
  readonly finishReason?: FinishReason;
  /** With the last event, if the provider told it. */
  readonly usage?: Usage | undefined;
}

/** The text of a stream as events counted from 0. Reasoning is not shown. */
export function textEvents(parts: AsyncIterableIterator<ModelPart>, model: string): AsyncIterableIterator<TextEvent> {
  let index = 0;
  const iterator: AsyncIterableIterator<TextEvent> = {
    async next() {
      for (;;) {
        const { done, value: part } = await parts.next();
        if (done) return { done: true, value: undefined };
        // Some pieces have nothing but a signature.
        if (part.type === 'text' && part.text !== '')
          return { done: false, value: { index: index++, text: part.text, model } };
        if (part.type === 'finish') {
          const { reason: finishReason, usage } = part;
          return { done: false, value: { index: index++, text: '', model, finishReason, usage } };
        }
      }
    },
    async return() {
      await parts.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}
