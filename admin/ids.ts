import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/**
 * A new id: the prefix says of what, then 48 bits of time and 80 of chance in Crockford's base 32, as ULIDs have them
 * (https://github.com/ulid/spec), so that ids sort by when they were made.
 */
export function newId(prefix: string, now = Date.now()): string {
  let time = '';
  for (let rest = now, index = 0; index < 10; index += 1) {
    time = ALPHABET[rest % 32] + time;
    rest = Math.floor(rest / 32);
  }
  const chance = Array.from(randomBytes(16), (byte) => ALPHABET[byte % 32]).join('');
  return `${prefix}_${time}${chance}`;
}

/** Whether it looks like an id of that prefix; whether there is such a thing is another matter. */
export function isId(prefix: string, text: string): boolean {
  return text.length === prefix.length + 27 && text.startsWith(`${prefix}_`) && /^[0-9a-z]+$/.test(text.slice(-26));
}

/** What ids of that prefix made at the moment begin with: all later ones sort behind it. */
export function momentId(prefix: string, moment: Date): string {
  return newId(prefix, moment.getTime()).slice(0, prefix.length + 11);
}

export function isMoment(value: unknown): value is Date {
  return value instanceof Date;
}
