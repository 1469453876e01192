import { InputError, isRecord } from './codec.ts';

/** RFC 3339 has room for the years 0001 to 9999 only. */
const MIN_SECONDS = -62_135_596_800;
const MAX_SECONDS = 253_402_300_799;

/** About 10,000 years, which is as far as a Duration may go. */
const MAX_DURATION_SECONDS = 315_576_000_000;

const TIME = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)$/;

/** Null for what is no Timestamp. */
export function readTimestamp(message: unknown): string | null {
  const { seconds, nanos } = partsOf(message);
  if (!(seconds >= MIN_SECONDS && seconds <= MAX_SECONDS && nanos >= 0 && nanos < 1e9)) return null;
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}${fraction(nanos)}Z`;
}

export function writeTimestamp(value: unknown, field: string): unknown {
  const match = typeof value === 'string' ? TIME.exec(value) : null;
  const [text, year, month, day, hour, minute, second, digits = '', zone = ''] = match ?? [];
  const local = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  // JavaScript takes 30 February for 2 March, and 24:00 for the next day.
  const isReal =
    !Number.isNaN(local.getTime()) &&
    local.toISOString().slice(0, 19).toLowerCase() === text?.slice(0, 19).toLowerCase();
  const seconds = isReal ? Date.parse(`${text?.slice(0, 19)}${zone.toUpperCase()}`) / 1000 : Number.NaN;
  if (!(seconds >= MIN_SECONDS && seconds <= MAX_SECONDS)) {
    throw new InputError(`"${field}" must be an RFC 3339 time from year 1 to 9999, e.g. 2026-11-21T08:00:00Z.`);
  }
  return { f1: seconds, f2: Number(digits.padEnd(9, '0')) };
}

/** Null for what is no Duration: out of range, or with parts of different sign. */
export function readDuration(message: unknown): string | null {
  const { seconds, nanos } = partsOf(message);
  const isValid =
    Math.abs(seconds) <= MAX_DURATION_SECONDS && Math.abs(nanos) < 1e9 && Math.sign(seconds) * Math.sign(nanos) >= 0;
  if (!isValid) return null;
  const sign = seconds < 0 || nanos < 0 ? '-' : '';
  return `${sign}${Math.abs(seconds)}${fraction(Math.abs(nanos))}s`;
}

export function writeDuration(value: unknown, field: string): unknown {
  const match = typeof value === 'string' ? /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(value) : null;
  const [, sign, whole, digits = ''] = match ?? [];
  const seconds = Number(whole);
  if (match === null || seconds > MAX_DURATION_SECONDS || (seconds === MAX_DURATION_SECONDS && Number(digits) > 0)) {
    throw new InputError(
      `"${field}" must be a duration in seconds, e.g. 1.5s, and no longer than ${MAX_DURATION_SECONDS}s.`,
    );
  }
  const factor = sign === '-' ? -1 : 1;
  return { f1: factor * seconds, f2: factor * Number(digits.padEnd(9, '0')) };
}

function partsOf(message: unknown): { readonly seconds: number; readonly nanos: number } {
  if (!isRecord(message)) return { seconds: Number.NaN, nanos: Number.NaN };
  return { seconds: Number(message.f1 ?? 0), nanos: Number(message.f2 ?? 0) };
}

/** No digits, or 3, 6 or 9 of them. */
function fraction(nanos: number): string {
  if (nanos === 0) return '';
  return `.${String(nanos)
    .padStart(9, '0')
    .replace(/(?:000){1,2}$/, '')}`;
}
