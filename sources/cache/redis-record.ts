import { deserialize, serialize } from 'node:v8';
import type { KeptAnswer } from './store.ts';

export interface RedisRecord {
  readonly answer: KeptAnswer;
  /** When it was asked for. */
  readonly stamp: number;
}

/** A kept answer as text: what is to be known of it in the first line, then its value. */
export function writeRecord({ answer, stamp }: RedisRecord): string {
  const { value, isJson, ...rest } = answer;
  const head = JSON.stringify({ ...rest, stamp, format: isJson ? 'json' : 'v8' });
  return `${head}\n${isJson ? JSON.stringify(value) : serialize(value).toString('base64')}`;
}

/** Undefined for what cannot be read, such as the record of another version. */
export function readRecord(text: string): RedisRecord | undefined {
  const end = text.indexOf('\n');
  try {
    const { format, stamp, ...head } = JSON.parse(text.slice(0, end)) as Omit<KeptAnswer, 'value' | 'isJson'> & {
      readonly format: unknown;
      readonly stamp: number;
    };
    const body = text.slice(end + 1);
    const isJson = format === 'json';
    if (!isJson && format !== 'v8') return undefined;
    const value: unknown = isJson ? JSON.parse(body) : deserialize(Buffer.from(body, 'base64'));
    return { answer: { ...head, validators: head.validators, value, isJson }, stamp };
  } catch {
    return undefined;
  }
}
