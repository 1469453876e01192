import type { ProtoSchema } from './proto-schema.ts';
import { WELL_KNOWN_SHAPES } from './well-known-shapes.ts';

/** A message that is one value in GraphQL: a well-known one, or one without fields, which says that it is there. */
export function isValueMessage({ messages }: Pick<ProtoSchema, 'messages'>, fullName: string): boolean {
  return WELL_KNOWN_SHAPES.has(fullName) || messages.get(fullName)?.fields.length === 0;
}

/** The same of compiled messages. */
export function isValueType(messages: ReadonlyMap<string, readonly unknown[]>, fullName: string): boolean {
  return WELL_KNOWN_SHAPES.has(fullName) || messages.get(fullName)?.length === 0;
}
