import type { ContentPart, Extras, JsonObject, MediaSource, ModelMessage, ModelRequest, TextPart } from '../model.ts';
import { refuse } from './dialect.ts';
import { isObject } from './read.ts';

/** The parts of a message, in one form. */
export function partsOf({ content }: ModelMessage): readonly ContentPart[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content;
}

/** What a part is called where people are told of it. */
export function partPath(message: number, part: number, content: ModelMessage['content']): string {
  return typeof content === 'string' ? `messages[${message}].content` : `messages[${message}].content[${part}]`;
}

/** All text of a list of parts. */
export function joinText(parts: readonly { readonly type: string; readonly text?: string }[]): string {
  return parts.map((part) => (part.type === 'text' ? (part.text ?? '') : '')).join('');
}

/** What is told beforehand, in its order. @throws SkeinError BAD_USER_INPUT for a system message that is not text. */
export function systemParts(call: ModelRequest): readonly TextPart[] {
  const own: TextPart[] = call.system === undefined ? [] : [{ type: 'text', text: call.system }];
  for (const [index, message] of call.messages.entries()) {
    if (message.role !== 'system') continue;
    for (const [place, part] of partsOf(message).entries()) {
      if (part.type !== 'text') throw misplaced(part, partPath(index, place, message.content), message.role);
      own.push(part);
    }
  }
  return own;
}

/** The fields a request or a part has for this dialect alone. */
export function extrasOf(dialect: string, { extras }: { readonly extras?: Extras | undefined }): JsonObject {
  return extras?.[dialect] ?? {};
}

/** Names that extras of a request may not have: they are decided elsewhere. `n` asks for several answers, which have no place. */
const RESERVED = ['model', 'messages', 'input', 'contents', 'stream', 'stream_options', 'n', 'candidateCount'];

/** @throws SkeinError BAD_USER_INPUT for a field that is not the caller's to set. */
export function requestExtras(dialect: string, call: { readonly extras?: Extras | undefined }): JsonObject {
  const extras = extrasOf(dialect, call);
  const taken = RESERVED.find((name) => Object.hasOwn(extras, name));
  if (taken !== undefined) throw refuse(`extras.${dialect}.${taken}`, 'cannot be set');
  return extras;
}

/** `data:image/png;base64,…`, or the address. */
export function mediaUrl(source: MediaSource): string {
  return source.type === 'url' ? source.url : `data:${source.mediaType};base64,${source.data}`;
}

/** The arguments of a call as an object, for formats that send them so. @throws SkeinError BAD_USER_INPUT */
export function argumentsObject(text: string, path: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text === '' ? '{}' : text);
    if (isObject(value)) return value;
  } catch {
    // Told below, without the text.
  }
  throw refuse(`${path}.arguments`, 'must be the JSON of an object');
}

export function misplaced(part: ContentPart, path: string, role: string): Error {
  return refuse(path, `is a part of type ${part.type}, which a message of role ${role} cannot have`);
}
