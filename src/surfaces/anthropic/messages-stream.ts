import type { JsonObject, ModelPart } from '../../../sources/ai/model.ts';
import type { AnswerInfo, StreamEncoder } from '../format.ts';
import { messageId, messagesUsage, stopReason, toolBlock } from './messages-answer.ts';
import { thinkingBlock, writeSignature } from './signatures.ts';

export function eventOf(type: string, fields: JsonObject): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
}

/** https://docs.anthropic.com/en/docs/build-with-claude/streaming */
export function createMessagesStream(info: AnswerInfo): StreamEncoder {
  const blocks = new Blocks();
  let begun = false;
  const opening = (): string => {
    if (begun) return '';
    begun = true;
    const message = {
      id: messageId(info.requestId),
      type: 'message',
      role: 'assistant',
      model: info.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: messagesUsage(undefined),
    };
    return eventOf('message_start', { message });
  };
  return {
    part(part) {
      const head = opening();
      switch (part.type) {
        case 'text':
          return part.text === '' ? head : head + blocks.text(part.text);
        case 'reasoning':
          return head + blocks.reasoning(part);
        case 'tool-call':
          return head + blocks.toolCall(part);
        case 'finish': {
          const delta = { stop_reason: stopReason(part.reason), stop_sequence: null };
          const end = eventOf('message_delta', { delta, usage: messagesUsage(part.usage) });
          return `${head}${blocks.closeAll()}${end}${eventOf('message_stop', {})}`;
        }
      }
    },
  };
}

type Part<T extends ModelPart['type']> = Extract<ModelPart, { readonly type: T }>;

/** Text and thoughts are one block at a time; pieces of calls of tools may come mixed, so that theirs stay open. */
class Blocks {
  #next = 0;
  #open: 'text' | 'thinking' | undefined;
  /** Of the open block of text or thoughts. */
  #prefix = '';
  readonly #calls = new Map<number, number>();

  text(text: string): string {
    const head = this.#open === 'text' ? '' : this.#begin('text', { type: 'text', text: '', citations: null });
    return `${head}${this.#prefix}"delta":{"type":"text_delta","text":${JSON.stringify(text)}}}\n\n`;
  }

  reasoning({ text, signature }: Part<'reasoning'>): string {
    if (signature?.isRedacted) {
      const head = this.#closeText();
      const index = this.#next++;
      return `${head}${start(index, thinkingBlock({ text, signature }))}${stop(index)}`;
    }
    const block = { type: 'thinking', thinking: '', signature: '' };
    let events = this.#open === 'thinking' ? '' : this.#begin('thinking', block);
    if (text !== '')
      events += `${this.#prefix}"delta":{"type":"thinking_delta","thinking":${JSON.stringify(text)}}}\n\n`;
    if (signature === undefined) return events;
    const signed = JSON.stringify(writeSignature(signature));
    return `${events}${this.#prefix}"delta":{"type":"signature_delta","signature":${signed}}}\n\n${this.#closeText()}`;
  }

  toolCall({ index: call, id, name, arguments: given, signature }: Part<'tool-call'>): string {
    let index = this.#calls.get(call);
    let events = '';
    if (index === undefined) {
      events = this.#closeText();
      index = this.#next++;
      this.#calls.set(call, index);
      events += start(index, toolBlock({ type: 'tool-call', id: id ?? `call_${call}`, name: name ?? '', signature }));
    }
    if (given === '') return events;
    return events + eventOf('content_block_delta', { index, delta: { type: 'input_json_delta', partial_json: given } });
  }

  closeAll(): string {
    const text = this.#closeText();
    const calls = [...this.#calls.values()].map(stop).join('');
    this.#calls.clear();
    return text + calls;
  }

  #closeText(): string {
    if (this.#open === undefined) return '';
    this.#open = undefined;
    return stop(this.#next - 1);
  }

  #begin(type: 'text' | 'thinking', block: JsonObject): string {
    const head = this.#closeText();
    const index = this.#next++;
    this.#open = type;
    this.#prefix = `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},`;
    return head + start(index, block);
  }
}

function start(index: number, block: JsonObject): string {
  return eventOf('content_block_start', { index, content_block: block });
}

function stop(index: number): string {
  return eventOf('content_block_stop', { index });
}
