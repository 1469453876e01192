import { joinText } from '../../../sources/ai/dialects/content.ts';
import type {
  ContentPart,
  JsonObject,
  ModelMessage,
  ReasoningPart,
  TextPart,
  ToolCallPart,
  ToolResultPart,
} from '../../../sources/ai/model.ts';
import { FieldReader, wrong } from '../field-reader.ts';
import { mediaOf } from '../media.ts';
import type { Translation } from '../translation.ts';
import { isOurs, readExtraContent, readReasoningDetail } from './extra-content.ts';

/** One canonical message for each, so that places stay what they are. */
export function readMessages(body: FieldReader, translation: Translation): readonly ModelMessage[] {
  const messages = body.objects('messages');
  if (messages === undefined || messages.length === 0) throw wrong('messages', 'must have at least one message');
  return messages.map((message) => {
    const read = readMessage(message, translation);
    translation.onlyRest(message);
    return read;
  });
}

function readMessage(message: FieldReader, translation: Translation): ModelMessage {
  const role = message.needText('role');
  switch (role) {
    case 'system':
    case 'developer':
      return { role: 'system', content: readContent(message, translation) };
    case 'user':
      return { role, content: readContent(message, translation) };
    case 'assistant':
      return { role, content: readAnswer(message, translation) };
    case 'tool': {
      const content = readContent(message, translation);
      const id = message.needText('tool_call_id');
      return { role, content: [{ type: 'tool-result', id, content: resultOf(content, message, translation) }] };
    }
    case 'function':
      translation.only(message.path('role'));
      return { role: 'user', content: message.text('content') ?? '' };
    default:
      throw wrong(message.path('role'), 'must be system, developer, user, assistant or tool');
  }
}

/** Texts and images; what else there may be is for providers of this format alone. */
function resultOf(
  content: string | readonly ContentPart[],
  message: FieldReader,
  translation: Translation,
): ToolResultPart['content'] {
  if (typeof content === 'string') return content;
  const parts = content.filter((part) => part.type === 'text' || part.type === 'image');
  if (parts.length < content.length) translation.only(message.path('content'));
  return parts;
}

function readContent(message: FieldReader, translation: Translation): string | readonly ContentPart[] {
  const content = message.any('content');
  if (typeof content === 'string') return content;
  if (content === undefined) throw wrong(message.path('content'), 'is required');
  return readPieces(message, translation);
}

function readPieces(message: FieldReader, translation: Translation): readonly ContentPart[] {
  return (message.objects('content') ?? []).flatMap((piece) => {
    const part = readPiece(piece, translation);
    translation.onlyRest(piece);
    return part === undefined ? [] : [part];
  });
}

/** Undefined for what only OpenAI knows. */
function readPiece(piece: FieldReader, translation: Translation): ContentPart | undefined {
  const type = piece.needText('type');
  switch (type) {
    case 'text':
      return { type, text: piece.needText('text') };
    case 'refusal':
      return { type: 'text', text: piece.needText('refusal') };
    case 'thinking':
      return readThinking(piece);
    case 'image_url':
      return readImage(piece, translation);
    case 'input_audio':
      return readAudio(piece, translation);
    case 'file':
      return readFile(new FieldReader(piece.any('file'), piece.path('file')), translation);
    default:
      translation.only(piece.path('type'));
      piece.any(type);
      return undefined;
  }
}

/** A thought as Mistral writes it, in pieces of text. */
function readThinking(piece: FieldReader): ReasoningPart {
  const told = piece.any('thinking');
  piece.any('closed');
  const text = typeof told === 'string' ? told : joinText((piece.objects('thinking') ?? []).map(textPiece));
  return { type: 'reasoning', text };
}

function textPiece(piece: FieldReader): TextPart {
  return { type: 'text', text: piece.text('text') ?? '' };
}

function readAudio(piece: FieldReader, translation: Translation): ContentPart | undefined {
  const given = piece.any('input_audio');
  // Mistral takes the bytes alone, which do not say to others what they are.
  if (typeof given === 'string') {
    translation.only(piece.path('input_audio'));
    return undefined;
  }
  const audio = new FieldReader(given, piece.path('input_audio'));
  const data = audio.needText('data');
  return { type: 'file', source: { type: 'base64', data, mediaType: `audio/${audio.needText('format')}` } };
}

function readImage(piece: FieldReader, translation: Translation): ContentPart {
  const given = piece.any('image_url');
  // Mistral takes the address alone as well.
  if (typeof given === 'string') return { type: 'image', source: mediaOf(given, piece.path('image_url')) };
  const image = new FieldReader(given, piece.path('image_url'));
  const source = mediaOf(image.needText('url'), image.path('url'));
  const detail = image.text('detail');
  translation.onlyRest(image);
  if (detail === undefined || detail === 'auto') return { type: 'image', source };
  translation.hint(image.path('detail'), 'openai-responses');
  return { type: 'image', source, extras: { openai: { detail }, 'openai-responses': { detail } } };
}

function readFile(file: FieldReader, translation: Translation): ContentPart | undefined {
  const data = file.text('file_data');
  const name = file.text('filename');
  translation.onlyRest(file);
  if (data === undefined) {
    if (file.rest().length === 0) throw wrong(file.path('file_data'), 'is required');
    return undefined;
  }
  const source = data.startsWith('data:')
    ? mediaOf(data, file.path('file_data'))
    : ({ type: 'base64', data, mediaType: 'application/pdf' } as const);
  return { type: 'file', source, ...(name !== undefined && { name }) };
}

function readAnswer(message: FieldReader, translation: Translation): string | readonly ContentPart[] {
  const content = message.any('content');
  const refusal = message.text('refusal');
  // What the official client has made of the answer for its own use.
  message.any('parsed');
  const said: readonly ContentPart[] =
    typeof content === 'string' || content === undefined
      ? textParts(typeof content === 'string' && content !== '' ? content : refusal)
      : readPieces(message, translation);
  const calls = (message.objects('tool_calls') ?? []).flatMap((call) => readCall(call, translation));
  const thoughts = readThoughts(message, translation);
  if (calls.length === 0 && thoughts.length === 0 && typeof content === 'string') return content;
  return [...thoughts, ...said, ...calls];
}

function textParts(text: string | undefined): readonly TextPart[] {
  return text === undefined || text === '' ? [] : [{ type: 'text', text }];
}

/** In the words of others than OpenAI: a text alone, or thoughts that can be gone on from. */
function readThoughts(message: FieldReader, translation: Translation): readonly ReasoningPart[] {
  const plain = message.text('reasoning_content') ?? message.any('reasoning');
  const details = message.list('reasoning_details');
  if (details !== undefined) {
    if (details.some(isOurs)) translation.hasForeign = true;
    return details.map(readReasoningDetail).filter((part) => part !== undefined);
  }
  return typeof plain === 'string' && plain !== '' ? [{ type: 'reasoning', text: plain }] : [];
}

function readCall(call: FieldReader, translation: Translation): ToolCallPart[] {
  if ((call.text('type') ?? 'function') !== 'function') {
    translation.only(call.path('type'));
    return [];
  }
  const called = new FieldReader(call.any('function'), call.path('function'));
  const signature = readExtraContent(call.any('extra_content'));
  if (signature !== undefined) translation.hasForeign = true;
  call.any('index');
  called.any('parsed_arguments');
  const part: ToolCallPart = {
    type: 'tool-call',
    id: call.needText('id'),
    name: called.needText('name'),
    arguments: called.text('arguments') ?? '',
    ...(signature !== undefined && { signature }),
  };
  translation.onlyRest(call, called);
  return [part];
}

export const NO_PARAMETERS: JsonObject = { type: 'object', properties: {} };
