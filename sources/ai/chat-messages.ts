import { SkeinError } from '../../kernel/errors.ts';
import type { ContentPart, MediaSource, ModelMessage, ModelRole } from './model.ts';
import { readSignature } from './signatures.ts';

type Given<T> = T | null | undefined;

/** `ChatMessageInput` as GraphQL has coerced it. */
export interface ChatMessageInput {
  readonly role: ModelRole;
  readonly content?: Given<string>;
  readonly parts?: Given<readonly ChatPartInput[]>;
  readonly toolCalls?: Given<
    readonly {
      readonly id: string;
      readonly name: string;
      readonly arguments: string;
      readonly signature?: Given<string>;
    }[]
  >;
  readonly reasoning?: Given<readonly { readonly text: string; readonly signature?: Given<string> }[]>;
  readonly signature?: Given<string>;
  readonly toolCallId?: Given<string>;
  readonly isError?: Given<boolean>;
}

interface ChatPartInput {
  readonly text?: Given<string>;
  readonly image?: Given<ChatMediaInput>;
  readonly file?: Given<ChatMediaInput>;
}

interface ChatMediaInput {
  readonly url?: Given<string>;
  readonly base64?: Given<string>;
  readonly mediaType?: Given<string>;
  readonly name?: Given<string>;
}

const MEDIA_TYPE = /^[\w.+-]+\/[\w.+-]+$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+);base64,/;

/** What fields belong to one role alone. */
const OWN_FIELDS = [
  ['user', ['parts']],
  ['assistant', ['toolCalls', 'reasoning', 'signature']],
  ['tool', ['toolCallId', 'isError']],
] as const;

/** @throws SkeinError BAD_USER_INPUT naming what is wrong, with its place. */
export function readMessage(input: ChatMessageInput, index: number): ModelMessage {
  const path = `messages[${index}]`;
  const { role, content, parts } = input;
  for (const [owner, fields] of OWN_FIELDS) {
    const stray = role === owner ? undefined : fields.find((field) => isGiven(input[field]));
    if (stray !== undefined) throw wrong(`${path}.${stray}`, `is for messages of the role ${owner.toUpperCase()}`);
  }
  if (isGiven(content) && isGiven(parts)) throw wrong(path, 'has content and parts: only one of them can be');
  if (role === 'tool') return { role, content: [resultOf(input, path)] };
  if (role === 'assistant') return assistantMessage(input, path);
  if (isGiven(content)) return { role, content };
  if (!isGiven(parts) || parts.length === 0) throw wrong(path, 'needs content');
  return { role, content: parts.map((part, place) => partOf(part, `${path}.parts[${place}]`)) };
}

function resultOf({ content, toolCallId, isError }: ChatMessageInput, path: string): ContentPart {
  if (!isGiven(toolCallId)) throw wrong(`${path}.toolCallId`, 'must say which call is answered');
  return { type: 'tool-result', id: toolCallId, content: content ?? '', ...(isError && { isError }) };
}

/** Thoughts first, then text, then calls: the order in which models write. */
function assistantMessage({ content, toolCalls, reasoning, signature }: ChatMessageInput, path: string): ModelMessage {
  const role = 'assistant';
  if (isGiven(content) && !toolCalls?.length && !reasoning?.length && !isGiven(signature)) return { role, content };
  const parts: ContentPart[] = [];
  const signed = (text: Given<string>, place: string) =>
    isGiven(text) ? { signature: readSignature(text, place) } : {};
  for (const [place, thought] of (reasoning ?? []).entries())
    parts.push({
      type: 'reasoning',
      text: thought.text,
      ...signed(thought.signature, `${path}.reasoning[${place}].signature`),
    });
  if (isGiven(content)) parts.push({ type: 'text', text: content, ...signed(signature, `${path}.signature`) });
  for (const [place, { signature: own, ...call }] of (toolCalls ?? []).entries())
    parts.push({ type: 'tool-call', ...call, ...signed(own, `${path}.toolCalls[${place}].signature`) });
  if (parts.length === 0) throw wrong(path, 'needs content, toolCalls or reasoning');
  return { role, content: parts };
}

function partOf({ text, image, file }: ChatPartInput, path: string): ContentPart {
  if ([text, image, file].filter(isGiven).length !== 1)
    throw wrong(path, 'must have exactly one of text, image and file');
  if (isGiven(image)) return { type: 'image', source: sourceOf(image, `${path}.image`) };
  if (!isGiven(file)) return { type: 'text', text: text ?? '' };
  return { type: 'file', source: sourceOf(file, `${path}.file`), ...(isGiven(file.name) && { name: file.name }) };
}

function sourceOf({ url, base64, mediaType }: ChatMediaInput, path: string): MediaSource {
  if (isGiven(mediaType) && !MEDIA_TYPE.test(mediaType)) throw wrong(`${path}.mediaType`, 'must be such as image/png');
  if (isGiven(url) === isGiven(base64)) throw wrong(path, 'must have a url or base64, and not both');
  if (isGiven(base64)) {
    if (!isGiven(mediaType)) throw wrong(`${path}.mediaType`, 'must be said of bytes');
    return bytesOf(base64, mediaType, `${path}.base64`);
  }
  const address = url ?? '';
  const data = DATA_URL.exec(address);
  if (data !== null) return bytesOf(address.slice(data[0].length), data[1] ?? '', `${path}.url`);
  if (!/^https?:\/\//.test(address) || !URL.canParse(address))
    throw wrong(`${path}.url`, 'must be an http or https address, or data with base64');
  return { type: 'url', url: address, ...(isGiven(mediaType) && { mediaType }) };
}

function bytesOf(data: string, mediaType: string, path: string): MediaSource {
  if (data === '' || !BASE64.test(data)) throw wrong(path, 'must be base64');
  return { type: 'base64', data, mediaType };
}

function isGiven<T>(value: T): value is NonNullable<T> {
  return value !== null && value !== undefined;
}

function wrong(path: string, expectation: string): SkeinError {
  return new SkeinError('BAD_USER_INPUT', `"${path}" ${expectation}.`);
}
