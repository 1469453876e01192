import type { FinishReason, Usage } from '../ai/model.ts';
import type { ModelStream } from '../ai/routes/route-stream.ts';
import { madeBy, type PromptAnswer } from './prompt-answers.ts';

/** An event of `PromptStreamEvent`. */
export interface PromptEvent {
  readonly index: number;
  /** What was added since the event before. */
  readonly text: string;
  readonly model: string;
  readonly provider: string;
  readonly version: string;
  readonly versionHash: string;
  /** With the last event. */
  readonly finishReason?: FinishReason;
  /** With the last event, if the provider told it. */
  readonly usage?: Usage | undefined;
  readonly cached?: boolean;
  /** With the last event: id of the call's usage record, where there are such records. */
  readonly call?: string | undefined;
}

/** The text of an answer as events counted from 0, with what made it. Reasoning is not shown. */
export function promptEvents(
  parts: ModelStream,
  answer: PromptAnswer,
  callOf: () => string | undefined,
): AsyncIterableIterator<PromptEvent> {
  let index = 0;
  const iterator: AsyncIterableIterator<PromptEvent> = {
    async next() {
      for (;;) {
        const { done, value: part } = await parts.next();
        if (done) return { done: true, value: undefined };
        const { version, hash: versionHash } = answer;
        const { name: model, provider } = parts.model ?? { name: answer.model, provider: answer.provider };
        const made = { model, provider, version, versionHash };
        // Some pieces have nothing but a signature.
        if (part.type === 'text' && part.text !== '')
          return { done: false, value: { index: index++, text: part.text, ...made } };
        if (part.type !== 'finish') continue;
        const { reason: finishReason, usage } = part;
        const { cached = false } = madeBy(answer, part.made);
        const last = { finishReason, usage, cached, call: callOf() };
        return { done: false, value: { index: index++, text: '', ...made, ...last } };
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
