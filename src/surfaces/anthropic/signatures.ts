import { arrayOf, isObject, objectOf } from '../../../sources/ai/dialects/read.ts';
import type { JsonObject, ReasoningPart, Signature } from '../../../sources/ai/model.ts';

/**
 * Clients of this format send thoughts back with their signatures. One of another provider says whose it is, so that it
 * goes back to that alone; Anthropic's own are as they are.
 */
const FOREIGN = /^skein:([a-z-]+):([^:]*):/;

export function readSignature(text: string): Signature {
  const [head, dialect = 'anthropic', id = ''] = FOREIGN.exec(text) ?? [];
  if (head === undefined) return { dialect: 'anthropic', value: text };
  return { dialect, value: text.slice(head.length), ...(id !== '' && { id: decodeURIComponent(id) }) };
}

/** Whether Anthropic would not know it: it is another's, or none. */
export function isForeign(signature: unknown): boolean {
  return typeof signature !== 'string' || signature === '' || FOREIGN.test(signature);
}

export function writeSignature({ dialect, value, id = '' }: Signature): string {
  return dialect === 'anthropic' ? value : `skein:${dialect}:${encodeURIComponent(id)}:${value}`;
}

export function thinkingBlock({ text, signature }: Pick<ReasoningPart, 'text' | 'signature'>): JsonObject {
  if (signature?.isRedacted) return { type: 'redacted_thinking', data: writeSignature(signature) };
  return { type: 'thinking', thinking: text, signature: signature === undefined ? '' : writeSignature(signature) };
}

/** The conversation without the thoughts of others, as Anthropic takes it: no turn is empty. */
export function withoutForeign(body: JsonObject): JsonObject {
  const messages = arrayOf(body.messages).flatMap((message) => {
    const { content, ...rest } = objectOf(message);
    if (!Array.isArray(content)) return [message];
    const own = content.flatMap(withoutForeignBlock);
    return own.length === 0 && content.length > 0 ? [] : [{ ...rest, content: own }];
  });
  return { ...body, messages };
}

function withoutForeignBlock(block: unknown): unknown[] {
  if (!isObject(block)) return [block];
  const { type, signature, data, extra_content: _, ...rest } = block;
  if (type === 'thinking') return isForeign(signature) ? [] : [block];
  if (type === 'redacted_thinking') return isForeign(data) ? [] : [block];
  return type === 'tool_use' ? [{ type, ...rest }] : [block];
}
