import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

const CHANCES = 16;
let last: { readonly now: number; readonly chance: Uint8Array } = { now: 0, chance: new Uint8Array(CHANCES) };

/**
 * A new id: the prefix says of what, then 48 bits of time and 80 of chance in Crockford's base 32, as ULIDs have them
 * (https://github.com/ulid/spec), so that ids sort by when they were made, also those that one process makes in the same
 * millisecond.
 */
export function newId(prefix: string, now = Date.now()): string {
  const chance = now === last.now ? following(last.chance) : randomDigits();
  last = { now, chance };
  return `${prefix}_${timeDigits(now)}${Array.from(chance, (digit) => ALPHABET[digit]).join('')}`;
}

function timeDigits(now: number): string {
  let time = '';
  for (let rest = now, index = 0; index < 10; index += 1) {
    time = ALPHABET[rest % 32] + time;
    rest = Math.floor(rest / 32);
  }
  return time;
}

function randomDigits(): Uint8Array {
  return randomBytes(CHANCES).map((byte) => byte % 32);
}

/** The next number. After the greatest, which nobody will see, any. */
function following(chance: Uint8Array): Uint8Array {
  const next = chance.slice();
  for (let index = CHANCES - 1; index >= 0; index -= 1) {
    const digit = next[index] ?? 0;
    next[index] = digit === 31 ? 0 : digit + 1;
    if (digit !== 31) return next;
  }
  return randomDigits();
}

/** Whether it looks like an id of that prefix; whether there is such a thing is another matter. */
export function isId(prefix: string, text: string): boolean {
  return text.length === prefix.length + 27 && text.startsWith(`${prefix}_`) && /^[0-9a-z]+$/.test(text.slice(-26));
}

/** What ids of that prefix made at the moment begin with: all later ones sort behind it. */
export function momentId(prefix: string, moment: Date): string {
  return `${prefix}_${timeDigits(moment.getTime())}`;
}

export function isMoment(value: unknown): value is Date {
  return value instanceof Date;
}

/** A moment with its zone (RFC 3339), e.g. `2030-01-31T12:00:00Z`. Undefined: it is none. */
export function toMoment(value: unknown): Date | undefined {
  const isText =
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(value);
  const moment = isText ? new Date(value) : undefined;
  return moment === undefined || Number.isNaN(moment.getTime()) ? undefined : moment;
}
