import { createHash } from 'node:crypto';

/** Longer keys are told by their digest. */
const MOST_KEY_LENGTH = 256;
const DIGEST_LENGTH = 32;

/** 192 bits of SHA-256, as text. */
export function digestOf(...parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('base64url').slice(0, DIGEST_LENGTH);
}

/** A key of some length at the most; different texts stay different. */
export function shortKey(text: string): string {
  return text.length <= MOST_KEY_LENGTH ? text : `#${digestOf(text)}`;
}

/**
 * The same text for values that mean the same, whatever the order of their keys. Undefined for what no text stands for,
 * such as an upload.
 */
export function keyText(value: unknown): string | undefined {
  try {
    return write(value);
  } catch (error) {
    if (error instanceof Unwritable || error instanceof RangeError) return undefined;
    throw error;
  }
}

class Unwritable extends Error {}

function write(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'bigint':
      return `${value}n`;
    case 'object': {
      if (value === null) return 'null';
      if (Array.isArray(value)) return `[${value.map(write).join()}]`;
      const prototype: unknown = Object.getPrototypeOf(value);
      if (prototype !== Object.prototype && prototype !== null) throw new Unwritable();
      const object = value as Readonly<Record<string, unknown>>;
      const keys = Object.keys(object);
      if (keys.length > 1) keys.sort();
      let text = '{';
      for (const key of keys) text += `${JSON.stringify(key)}:${write(object[key])},`;
      return `${text}}`;
    }
    default:
      throw new Unwritable();
  }
}
