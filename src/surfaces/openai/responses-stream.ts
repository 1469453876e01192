import type { JsonObject, ModelPart } from '../../../sources/ai/model.ts';
import type { AnswerInfo, ChatCall, StreamEncoder } from '../format.ts';
import { callItem, envelope, idOf, messageItem, reasoningItem, textPiece } from './responses-answer.ts';

type Part<T extends ModelPart['type']> = Extract<ModelPart, { readonly type: T }>;

interface OpenCall {
  readonly at: number;
  readonly id: string;
  readonly call: { readonly id: string; readonly name: string; readonly signature: Part<'tool-call'>['signature'] };
  text: string;
}

/** https://platform.openai.com/docs/api-reference/responses-streaming */
export function createResponsesStream(call: ChatCall, info: AnswerInfo): StreamEncoder {
  return new ResponsesStream(call, info);
}

/** Text and thoughts are one item at a time; pieces of calls of tools may come mixed, so that theirs stay open. */
class ResponsesStream implements StreamEncoder {
  readonly #call: ChatCall;
  readonly #info: AnswerInfo;
  readonly #output: JsonObject[] = [];
  readonly #calls = new Map<number, OpenCall>();
  #sequence = 0;
  #isOpen = false;
  #item: { readonly type: 'text' | 'reasoning'; readonly at: number; readonly id: string } | undefined;
  #text = '';
  #logprobs: unknown[] = [];
  /** Between the sequence number and the text of a delta. */
  #middle = '';

  constructor(call: ChatCall, info: AnswerInfo) {
    this.#call = call;
    this.#info = info;
  }

  part(part: Exclude<ModelPart, { readonly type: 'native' }>): string {
    const head = this.#opening();
    switch (part.type) {
      case 'text':
        return part.text === '' ? head : head + this.#textDelta(part);
      case 'reasoning':
        return head + this.#reasoning(part);
      case 'tool-call':
        return head + this.#toolCall(part);
      case 'finish': {
        const end = this.#closeItem() + this.#closeCalls();
        const { reason, usage } = part;
        const response = envelope({ call: this.#call, info: this.#info, output: this.#output, reason, usage });
        const type = response.status === 'completed' ? 'response.completed' : 'response.incomplete';
        return head + end + this.#event(type, { response });
      }
    }
  }

  #event(type: string, fields: JsonObject): string {
    const sequence_number = this.#sequence++;
    return `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number, ...fields })}\n\n`;
  }

  #opening(): string {
    if (this.#isOpen) return '';
    this.#isOpen = true;
    const begin = { call: this.#call, info: this.#info, output: [], reason: undefined, usage: undefined };
    const response = envelope(begin);
    return this.#event('response.created', { response }) + this.#event('response.in_progress', { response });
  }

  #textDelta({ text, logprobs }: Part<'text'>): string {
    const head = this.#item?.type === 'text' ? '' : this.#beginText();
    this.#text += text;
    if (Array.isArray(logprobs)) this.#logprobs.push(...(logprobs as unknown[]));
    return head + this.#delta('response.output_text.delta', text, logprobs);
  }

  #delta(type: string, text: string, logprobs?: unknown): string {
    const more = logprobs === undefined ? '' : `,"logprobs":${JSON.stringify(logprobs)}`;
    return `event: ${type}\ndata: {"type":"${type}","sequence_number":${this.#sequence++}${this.#middle}${JSON.stringify(text)}${more}}\n\n`;
  }

  #beginText(): string {
    const head = this.#closeItem();
    const at = this.#output.length;
    const id = idOf('msg', this.#info.requestId, at);
    this.#item = { type: 'text', at, id };
    this.#output.push({});
    this.#text = '';
    this.#logprobs = [];
    this.#middle = `,"item_id":"${id}","output_index":${at},"content_index":0,"delta":`;
    const item = messageItem(id, [], 'in_progress');
    return (
      head +
      this.#event('response.output_item.added', { output_index: at, item }) +
      this.#event('response.content_part.added', { ...place(id, at), content_index: 0, part: textPiece('') })
    );
  }

  #reasoning({ text, signature }: Part<'reasoning'>): string {
    let events = this.#item?.type === 'reasoning' ? '' : this.#beginReasoning();
    if (text !== '') {
      if (this.#text === '') events += this.#summary('response.reasoning_summary_part.added', { part: summary('') });
      this.#text += text;
      events += this.#delta('response.reasoning_summary_text.delta', text);
    }
    return signature === undefined ? events : events + this.#closeItem(signature);
  }

  #beginReasoning(): string {
    const head = this.#closeItem();
    const at = this.#output.length;
    const id = idOf('rs', this.#info.requestId, at);
    this.#item = { type: 'reasoning', at, id };
    this.#output.push({});
    this.#text = '';
    this.#middle = `,"item_id":"${id}","output_index":${at},"summary_index":0,"delta":`;
    const item = reasoningItem(id, { text: '' });
    return head + this.#event('response.output_item.added', { output_index: at, item });
  }

  #summary(type: string, fields: JsonObject): string {
    const { id = '', at = 0 } = this.#item ?? {};
    return this.#event(type, { ...place(id, at), summary_index: 0, ...fields });
  }

  #toolCall({ index, id, name, arguments: given, signature }: Part<'tool-call'>): string {
    let open = this.#calls.get(index);
    let events = '';
    if (open === undefined) {
      events = this.#closeItem();
      const at = this.#output.length;
      const call = { id: id ?? `call_${index}`, name: name ?? '', signature };
      open = { at, id: idOf('fc', this.#info.requestId, at), call, text: '' };
      this.#calls.set(index, open);
      this.#output.push({});
      const item = callItem(open.id, call, 'in_progress');
      events += this.#event('response.output_item.added', { output_index: at, item });
    }
    if (given === '') return events;
    open.text += given;
    const delta = { ...place(open.id, open.at), delta: given };
    return events + this.#event('response.function_call_arguments.delta', delta);
  }

  #closeItem(signature?: Part<'reasoning'>['signature']): string {
    const open = this.#item;
    if (open === undefined) return '';
    const { type, at, id } = open;
    const text = this.#text;
    let events = '';
    let item: JsonObject;
    if (type === 'text') {
      const piece = textPiece(text, this.#logprobs);
      const where = { ...place(id, at), content_index: 0 };
      events += this.#event('response.output_text.done', { ...where, text, logprobs: this.#logprobs });
      events += this.#event('response.content_part.done', { ...where, part: piece });
      item = messageItem(id, [piece]);
    } else {
      if (text !== '') {
        events += this.#summary('response.reasoning_summary_text.done', { text });
        events += this.#summary('response.reasoning_summary_part.done', { part: summary(text) });
      }
      item = { ...reasoningItem(id, { text, signature }), id };
    }
    this.#item = undefined;
    return events + this.#done(at, item);
  }

  #closeCalls(): string {
    let events = '';
    for (const { at, id, call, text } of this.#calls.values()) {
      const { name } = call;
      events += this.#event('response.function_call_arguments.done', { ...place(id, at), name, arguments: text });
      events += this.#done(at, { ...callItem(id, call), arguments: text });
    }
    this.#calls.clear();
    return events;
  }

  #done(at: number, item: JsonObject): string {
    this.#output[at] = item;
    return this.#event('response.output_item.done', { output_index: at, item });
  }
}

function place(item_id: string, output_index: number): JsonObject {
  return { item_id, output_index };
}

function summary(text: string): JsonObject {
  return { type: 'summary_text', text };
}
