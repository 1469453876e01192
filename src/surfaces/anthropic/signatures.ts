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

export function writeSignature({ dialect, value, id = '' }: Signature): string {
  return dialect === 'anthropic' ? value : `skein:${dialect}:${encodeURIComponent(id)}:${value}`;
}

export function thinkingBlock({ text, signature }: Pick<ReasoningPart, 'text' | 'signature'>): JsonObject {
  if (signature?.isRedacted) return { type: 'redacted_thinking', data: writeSignature(signature) };
  return { type: 'thinking', thinking: text, signature: signature === undefined ? '' : writeSignature(signature) };
}
