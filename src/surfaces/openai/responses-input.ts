import { arrayOf, objectOf, textOf } from '../../../sources/ai/dialects/read.ts';
import type { ContentPart, JsonObject, ModelMessage, ReasoningPart, TextPart } from '../../../sources/ai/model.ts';
import { type FieldReader, wrong } from '../field-reader.ts';
import { mediaOf } from '../media.ts';
import type { Translation } from '../translation.ts';

/**
 * The items of a conversation as messages. Thoughts and calls of tools that follow one another are one answer of the
 * model, with the text beside them.
 */
export function readInput(body: FieldReader, translation: Translation): readonly ModelMessage[] {
  const input = body.any('input');
  if (typeof input === 'string') return [{ role: 'user', content: input }];
  // What OpenAI keeps may be all that is asked.
  if (input === undefined && body.any('prompt') !== undefined) {
    translation.only('prompt');
    return [];
  }
  const items = body.objects('input');
  if (items === undefined || items.length === 0) throw wrong('input', 'must be a text or have at least one item');
  const messages: ModelMessage[] = [];
  for (const item of items) {
    const message = readItem(item, translation);
    // Only of interest to those who gave them.
    item.any('id');
    item.any('status');
    translation.onlyRest(item);
    const last = messages.at(-1);
    if (message === undefined) continue;
    if (last?.role === 'assistant' && message.role === 'assistant')
      messages[messages.length - 1] = { role: 'assistant', content: [...partsOf(last), ...partsOf(message)] };
    else messages.push(message);
  }
  return messages;
}

function partsOf({ content }: ModelMessage): readonly ContentPart[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content;
}

/** Undefined for what only OpenAI knows. */
function readItem(item: FieldReader, translation: Translation): ModelMessage | undefined {
  const type = item.text('type') ?? 'message';
  switch (type) {
    case 'message':
      return readMessage(item, translation);
    case 'function_call':
      translation.onlyDirect(item);
      item.any('parsed_arguments');
      return {
        role: 'assistant',
        content: [
          {
            type: 'tool-call',
            id: item.needText('call_id'),
            name: item.needText('name'),
            arguments: item.text('arguments') ?? '',
            ...signed(item.text('skein_signature'), translation),
          },
        ],
      };
    case 'function_call_output':
      return { role: 'tool', content: [readOutput(item, translation)] };
    case 'reasoning':
      return { role: 'assistant', content: [readReasoning(item, translation)] };
    default:
      translation.only(item.path('type'));
      return undefined;
  }
}

function readMessage(item: FieldReader, translation: Translation): ModelMessage {
  const role = item.needText('role');
  if (role !== 'user' && role !== 'assistant' && role !== 'system' && role !== 'developer')
    throw wrong(item.path('role'), 'must be user, assistant, system or developer');
  const own = role === 'developer' ? 'system' : role;
  if (item.text('phase') !== undefined) translation.hint('phase');
  const content = item.any('content');
  if (typeof content === 'string') return { role: own, content };
  if (content === undefined) throw wrong(item.path('content'), 'is required');
  return { role: own, content: readPieces(item, 'content', translation) };
}

function readPieces(owner: FieldReader, name: string, translation: Translation): ContentPart[] {
  return (owner.objects(name) ?? []).flatMap((piece) => {
    const part = readPiece(piece, translation);
    translation.onlyRest(piece);
    return part === undefined ? [] : [part];
  });
}

function readPiece(piece: FieldReader, translation: Translation): ContentPart | undefined {
  const type = piece.needText('type');
  switch (type) {
    case 'input_text':
    case 'output_text':
    case 'text':
    case 'summary_text':
    case 'reasoning_text':
      piece.any('logprobs');
      // What the official client has made of the answer for its own use.
      piece.any('parsed');
      return { type: 'text', text: piece.needText('text') };
    case 'refusal':
      return { type: 'text', text: piece.needText('refusal') };
    case 'input_image': {
      const url = piece.text('image_url');
      const detail = piece.text('detail');
      if (url === undefined) {
        translation.only(piece.path('file_id'));
        return undefined;
      }
      const source = mediaOf(url, piece.path('image_url'));
      if (detail === undefined || detail === 'auto') return { type: 'image', source };
      translation.hint(piece.path('detail'), 'openai');
      return { type: 'image', source, extras: { openai: { detail } } };
    }
    case 'input_file': {
      const [data, url, name] = [piece.text('file_data'), piece.text('file_url'), piece.text('filename')];
      const given = data ?? url;
      if (given === undefined) {
        translation.only(piece.path('file_id'));
        return undefined;
      }
      const source = mediaOf(given, piece.path(data === undefined ? 'file_url' : 'file_data'));
      return { type: 'file', source, ...(name !== undefined && { name }) };
    }
    default:
      translation.only(piece.path('type'));
      return undefined;
  }
}

function readOutput(item: FieldReader, translation: Translation) {
  const id = item.needText('call_id');
  const output = item.any('output');
  if (typeof output === 'string') return { type: 'tool-result', id, content: output } as const;
  const parts = readPieces(item, 'output', translation).filter((part) => {
    if (part.type === 'text' || part.type === 'image') return true;
    translation.only(item.path('output'));
    return false;
  });
  return { type: 'tool-result', id, content: parts as TextPart[] } as const;
}

/** Another provider's thought says whose it is: see `writeEncrypted`. */
function readReasoning(item: FieldReader, translation: Translation): ReasoningPart {
  const id = item.text('id');
  const encrypted = item.text('encrypted_content');
  const texts = [...(item.objects('summary') ?? []), ...(item.objects('content') ?? [])];
  const text = texts.map((piece) => piece.text('text') ?? '').join('\n\n');
  if (encrypted === undefined) return { type: 'reasoning', text };
  const foreign = readForeign(encrypted);
  if (foreign !== undefined) translation.hasForeign = true;
  const signature = foreign ?? { dialect: 'openai-responses', value: encrypted, ...(id !== undefined && { id }) };
  return { type: 'reasoning', text, signature };
}

function signed(text: string | undefined, translation: Translation) {
  if (text !== undefined) translation.hasForeign = true;
  const signature = text === undefined ? undefined : readForeign(text);
  return signature === undefined ? {} : { signature };
}

function readForeign(text: string) {
  const [head, dialect, redacted] = /^skein:([a-z-]+):(r?):/.exec(text) ?? [];
  if (head === undefined || dialect === undefined) return undefined;
  return { dialect, value: text.slice(head.length), ...(redacted === 'r' && { isRedacted: true }) };
}

/** The conversation without the thoughts of others, as OpenAI takes it. */
export function withoutForeign(body: JsonObject): JsonObject {
  const input = arrayOf(body.input).flatMap((item) => {
    const { skein_signature: _, ...rest } = objectOf(item);
    const isThought = rest.type === 'reasoning' && readForeign(textOf(rest.encrypted_content) ?? '') !== undefined;
    return isThought ? [] : [rest];
  });
  return { ...body, input };
}
