import type { ModelPart, ModelResponse } from '../model.ts';
import type { ModelTarget } from '../provider.ts';
import { partsOf } from './answer-recorder.ts';
import type { AnswerStream } from './flight.ts';

/** An answer that is asked for whole, as a stream: all of it comes at once. */
export function createWholeAnswer(asked: ModelTarget, ask: () => Promise<ModelResponse>): AnswerStream {
  let answer: ModelResponse | undefined;
  let parts: ModelPart[] | undefined;
  const stream: AnswerStream = {
    get model() {
      const { made } = answer ?? {};
      return made === undefined ? asked : { ...asked, name: made.model, provider: made.provider };
    },
    get answer() {
      return answer;
    },
    async next() {
      if (parts === undefined) {
        answer = await ask();
        const { id, modelId, text, content, finishReason: reason, usage, made } = answer;
        const finish = { type: 'finish', reason, usage, id, modelId, made } as const;
        parts = [finish, ...partsOf(content ?? [{ type: 'text', text }]).reverse()];
      }
      const value = parts.pop();
      return value === undefined ? { done: true, value: undefined } : { done: false, value };
    },
    [Symbol.asyncIterator]: () => stream,
  };
  return stream;
}
