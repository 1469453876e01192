import type { StoredRecord } from '../models/record.ts';

/** Fields of records that hold a secret, or what it can be guessed by. */
const RECORD_SECRETS: ReadonlySet<string> = new Set(['hash', 'content']);
/** Names of fields that hold what nobody is shown. */
const SECRET_FIELD =
  /^(cookie|.*(api[-_]?key|authorization|password|passphrase|secret|token|credentials?|private[-_]?key))$/i;
const REFERENCE = /^(bearer |basic )?\$\{[^}]*\}$/i;
const CREDENTIALS = /\/\/[^/?#@\s]*@/g;
const KEPT_OUT: ReadonlySet<string> = new Set<keyof StoredRecord>(['seq', 'updatedAt', 'createdAt', 'version']);
/** Stands for a secret. */
export const MASK = '***';

/** What the audit log says of a record: without secrets, and without what changes by itself. */
export function masked(record: object): unknown {
  const kept = Object.entries(record).filter(([key]) => !KEPT_OUT.has(key));
  return Object.fromEntries(
    kept.map(([key, value]) => {
      // A resource has its options as text.
      if (key === 'options' && typeof value === 'string') return [key, maskSecrets(fromJson(value))];
      return [key, RECORD_SECRETS.has(key) ? maskText(value) : maskEntry(key, value)];
    }),
  );
}

/** The value with its secrets masked. References to secrets, and to variables, are none. */
export function maskSecrets(value: unknown): unknown {
  if (typeof value === 'string')
    return value.replaceAll(CREDENTIALS, (found) => (/\$\{/.test(found) ? found : `//${MASK}@`));
  if (Array.isArray(value)) return value.map(maskSecrets);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, maskEntry(key, inner)]));
}

function maskEntry(key: string, value: unknown): unknown {
  return SECRET_FIELD.test(key) ? maskText(value) : maskSecrets(value);
}

function maskText(value: unknown): unknown {
  if (typeof value === 'string') return value === '' || REFERENCE.test(value) ? value : MASK;
  if (Array.isArray(value)) return value.map(maskText);
  return maskSecrets(value);
}

/**
 * What was shown masked and comes back, with the secrets of what it was made of. Paths of masks that stand for nothing
 * are told.
 */
export function unmask(
  value: unknown,
  known: unknown,
  path: readonly string[],
  lost: (path: readonly string[]) => void,
): unknown {
  if (typeof value === 'string') {
    if (!value.includes(MASK) || value === known) return value;
    if (typeof known === 'string' && [MASK, maskSecrets(known)].includes(value)) return known;
    if (value === MASK || value.includes(`//${MASK}@`)) lost(path);
    return value;
  }
  if (typeof value !== 'object' || value === null) return value;
  const before = typeof known === 'object' && known !== null ? (known as Record<string, unknown>) : {};
  const inner = (key: string, one: unknown) =>
    unmask(one, Object.hasOwn(before, key) ? before[key] : undefined, [...path, key], lost);
  if (Array.isArray(value)) return value.map((one, index) => inner(String(index), one));
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inner(key, one)]));
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
