import type { Attempt, FinishReason, Made, ModelPart, Usage } from './model.ts';
import type { ModelStream } from './routes/route-stream.ts';
import { writeSignature } from './signatures.ts';

/** `ChatStreamEvent`. */
export interface ChatEvent {
  readonly index: number;
  readonly text: string;
  readonly model: string;
  readonly provider: string;
  readonly reasoning?: string;
  readonly toolCall?: object;
  readonly signature?: string;
  readonly logprobs?: unknown;
  readonly finishReason?: FinishReason;
  readonly usage?: Usage | undefined;
  readonly attempts?: readonly Attempt[];
  readonly cached?: boolean;
  readonly cacheAgeSeconds?: number | undefined;
}

type Change = Partial<ChatEvent>;

/** All that a stream brings, as flat events counted from 0. */
export function chatEvents(
  parts: ModelStream,
  asked: { name: string; provider: string },
): AsyncIterableIterator<ChatEvent> {
  let index = 0;
  const iterator: AsyncIterableIterator<ChatEvent> = {
    async next() {
      const { done, value: part } = await parts.next();
      if (done) return { done: true, value: undefined };
      const { name: model, provider } = parts.model ?? asked;
      return { done: false, value: { index: index++, text: '', model, provider, ...changeOf(part) } };
    },
    async return() {
      await parts.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}

function changeOf(part: ModelPart): Change {
  switch (part.type) {
    case 'text':
      return { text: part.text, ...signed(part), ...(part.logprobs !== undefined && { logprobs: part.logprobs }) };
    case 'reasoning':
      return { reasoning: part.text, ...signed(part) };
    case 'tool-call': {
      const { index, id, name, arguments: text } = part;
      return { toolCall: { index, id, name, arguments: text, ...signed(part) } };
    }
    case 'native':
      // Who asks in words of the graph is answered in them.
      return {};
    case 'finish':
      return {
        finishReason: part.reason,
        usage: part.usage,
        attempts: part.made?.attempts ?? [],
        ...keptAs(part.made),
      };
  }
}

/** Whether an answer was kept, and how long. */
export function keptAs(made: Made | undefined): { readonly cached: boolean; readonly cacheAgeSeconds?: number } {
  const { isCached = false, ageMs } = made ?? {};
  return { cached: isCached, ...(ageMs !== undefined && { cacheAgeSeconds: Math.floor(ageMs / 1_000) }) };
}

function signed({ signature }: Extract<ModelPart, { signature?: unknown }>): { signature?: string } {
  return signature === undefined ? {} : { signature: writeSignature(signature) };
}
