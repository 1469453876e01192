import type {
  ContentPart,
  ImagePart,
  MediaSource,
  ModelMessage,
  TextPart,
  ToolResultPart,
} from '../../../sources/ai/model.ts';
import { FieldReader, wrong } from '../field-reader.ts';
import { mediaOf } from '../media.ts';
import { readExtraContent } from '../openai/extra-content.ts';
import type { Translation } from '../translation.ts';
import { isForeign, readSignature } from './signatures.ts';

export interface ReadMessages {
  readonly messages: readonly ModelMessage[];
  /** Where each stands in the client's list: a turn with results of tools and more becomes two messages. */
  readonly places: readonly number[];
}

/** https://docs.anthropic.com/en/api/messages */
export function readMessages(body: FieldReader, translation: Translation): ReadMessages {
  const given = body.objects('messages');
  if (given === undefined || given.length === 0) throw wrong('messages', 'must have at least one message');
  const messages: ModelMessage[] = [];
  const places: number[] = [];
  for (const [place, message] of given.entries()) {
    const role = message.needText('role');
    if (role !== 'user' && role !== 'assistant' && role !== 'system')
      throw wrong(message.path('role'), 'must be user or assistant');
    for (const read of readMessage(role, message, translation)) {
      messages.push(read);
      places.push(place);
    }
    translation.onlyRest(message);
  }
  return { messages, places };
}

function readMessage(
  role: 'user' | 'assistant' | 'system',
  message: FieldReader,
  translation: Translation,
): ModelMessage[] {
  const content = message.any('content');
  if (typeof content === 'string') return [{ role, content }];
  if (content === undefined) throw wrong(message.path('content'), 'is required');
  const parts = readBlocks(message, 'content', translation);
  const results = parts.filter((part) => part.type === 'tool-result');
  if (results.length === 0) return [{ role, content: parts }];
  const others = parts.filter((part) => part.type !== 'tool-result');
  if (role === 'assistant') throw wrong(message.path('content'), 'cannot have results of tools in an answer');
  return [{ role: 'tool', content: results }, ...(others.length > 0 ? [{ role, content: others } as const] : [])];
}

export function readBlocks(owner: FieldReader, name: string, translation: Translation): ContentPart[] {
  return (owner.objects(name) ?? []).flatMap((block) => {
    const part = readBlock(block, translation);
    const cache = block.json('cache_control');
    if (cache !== undefined) translation.hint('cache_control');
    translation.onlyRest(block);
    if (part === undefined) return [];
    return [cache === undefined ? part : { ...part, extras: { anthropic: { cache_control: cache } } }];
  });
}

/** Undefined for what only Anthropic knows. */
function readBlock(block: FieldReader, translation: Translation): ContentPart | undefined {
  const type = block.needText('type');
  switch (type) {
    case 'text':
      return { type, text: block.needText('text') };
    case 'image':
      return readImage(block, translation);
    case 'document':
      return readDocument(block, translation);
    case 'thinking': {
      const signature = block.text('signature');
      const text = block.text('thinking') ?? '';
      if (isForeign(signature)) translation.hasForeign = true;
      return { type: 'reasoning', text, ...(signature && { signature: readSignature(signature) }) };
    }
    case 'redacted_thinking':
      if (isForeign(block.text('data'))) translation.hasForeign = true;
      return {
        type: 'reasoning',
        text: '',
        signature: { ...readSignature(block.needText('data')), isRedacted: true },
      };
    case 'tool_use': {
      const signature = readExtraContent(block.any('extra_content'));
      if (signature !== undefined) translation.hasForeign = true;
      const input = JSON.stringify(block.json('input') ?? {});
      translation.onlyDirect(block);
      const call = {
        type: 'tool-call',
        id: block.needText('id'),
        name: block.needText('name'),
        arguments: input,
      } as const;
      return signature === undefined ? call : { ...call, signature };
    }
    case 'tool_result':
      return readResult(block, translation);
    default:
      translation.only(block.path('type'));
      return undefined;
  }
}

function readImage(block: FieldReader, translation: Translation): ImagePart | undefined {
  const source = readSource(block, translation);
  return source === undefined || source === 'other' ? undefined : { type: 'image', source };
}

function readDocument(block: FieldReader, translation: Translation): ContentPart | undefined {
  const name = block.text('title');
  const source = readSource(block, translation);
  if (source === undefined || source === 'other') return undefined;
  return { type: 'file', source, ...(name !== undefined && { name }) };
}

function readSource(block: FieldReader, translation: Translation): MediaSource | 'other' | undefined {
  const source = new FieldReader(block.any('source'), block.path('source'));
  const type = source.needText('type');
  switch (type) {
    case 'base64':
      return { type, mediaType: source.needText('media_type'), data: source.needText('data') };
    case 'url':
      return mediaOf(source.needText('url'), source.path('url'));
    case 'text':
      source.any('media_type');
      return {
        type: 'base64',
        mediaType: 'text/plain',
        data: Buffer.from(source.needText('data'), 'utf8').toString('base64'),
      };
    default:
      translation.only(source.path('type'));
      return 'other';
  }
}

function readResult(block: FieldReader, translation: Translation): ToolResultPart {
  const id = block.needText('tool_use_id');
  const isError = block.boolean('is_error');
  const content = block.any('content');
  const parts =
    typeof content === 'string' || content === undefined
      ? (content ?? '')
      : readBlocks(block, 'content', translation).filter((part): part is TextPart | ImagePart => {
          if (part.type === 'text' || part.type === 'image') return true;
          translation.only(block.path('content'));
          return false;
        });
  return { type: 'tool-result', id, content: parts, ...(isError !== undefined && { isError }) };
}
