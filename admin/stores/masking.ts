import type { StoredRecord } from '../models/record.ts';

/** Fields of records that hold a secret, or what it can be guessed by. */
const RECORD_SECRETS: ReadonlySet<string> = new Set(['hash', 'content']);
/** Names of fields that hold what nobody is shown. */
const SECRET_FIELD =
  /^(cookie|.*((api|access|secret|private|signing)[-_]?keys?|authorization|password|passphrase|secret|token|credentials?))$/i;
/** Maps whose names are others' to choose: all of their texts may be secrets, but for these. */
const SECRET_MAPS: ReadonlyMap<string, RegExp> = new Map([
  [
    'headers',
    /^(accept(-.*)?|content-(type|language|encoding)|user-agent|cache-control|pragma|prefer|soapaction|origin|host|(.*-)?version|.*-beta|(apollo|graphql)-require-preflight|apollographql-client-name)$/i,
  ],
  ['security', /^username$/],
  ['connectionParams', /^$/],
  ['settings', /^$/],
]);
const REFERENCE = /^(bearer |basic )?\$\{[^}]*\}$/i;
/** Up to the last @: passwords have some as well. */
const CREDENTIALS = /\/\/[^/?#\s]*@/g;
const PARAMETER = /([?&;])([^=&;#\s?]+)=([^&;#\s"'<>]*)/g;
/** Names of parameters in addresses that hold a secret. */
const SECRET_PARAMETER = /key|token|sig|secret|pass|pwd|auth|code|cred|session|jwt/i;
const LONG = 20;
const MOST_BITS_OF_WORDS = 3.5;
const MASKED_ADDRESS = /\/\/\*\*\*@|[?&;][^=&;#\s?]+=\*\*\*(?=[&;#\s"'<>]|$)/;
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
  if (typeof value === 'string') return maskAddresses(value);
  if (Array.isArray(value)) return value.map(maskSecrets);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, maskEntry(key, inner)]));
}

/** A value as it is shown at its place in what `maskSecrets` is given. */
export function maskSecretsAt(path: readonly string[], value: unknown): unknown {
  const whole = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
  return path.reduce((inner, key) => (inner as Record<string, unknown>)[key], maskSecrets(whole));
}

function maskEntry(key: string, value: unknown): unknown {
  if (SECRET_FIELD.test(key)) return maskText(value);
  const shown = SECRET_MAPS.get(key);
  if (shown !== undefined) return maskTexts(value, shown);
  if (key === 'forwardHeaders' && Array.isArray(value)) return value.map(maskForwarded);
  return maskSecrets(value);
}

/** Of a map, all texts but those under names that are shown. A text in its place is no map. */
function maskTexts(value: unknown, shown: RegExp): unknown {
  if (Array.isArray(value))
    return value.map((inner) => (typeof inner === 'string' ? maskText(inner) : maskTexts(inner, shown)));
  if (typeof value !== 'object' || value === null) return maskSecrets(value);
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (typeof inner !== 'string') return [key, maskTexts(inner, shown)];
      return [key, shown.test(key) && !SECRET_FIELD.test(key) ? maskSecrets(inner) : maskText(inner)];
    }),
  );
}

/** What is sent in the place of a header that the client has not. */
function maskForwarded(entry: unknown): unknown {
  if (typeof entry !== 'object' || entry === null || !('default' in entry)) return maskSecrets(entry);
  const { name, as = name, default: given } = entry as Readonly<Record<string, unknown>>;
  const masked = maskSecretsAt(['headers', String(as)], given);
  return { ...(maskSecrets(entry) as object), default: masked };
}

function maskAddresses(text: string): string {
  if (!text.includes('://')) return text;
  return text
    .replaceAll(CREDENTIALS, (found) => (/\$\{/.test(found) ? found : `//${MASK}@`))
    .replaceAll(PARAMETER, (found, mark: string, name: string, value: string) => {
      if (value === '' || REFERENCE.test(value)) return found;
      return SECRET_PARAMETER.test(name) || isRandom(value) ? `${mark}${name}=${MASK}` : found;
    });
}

/** Whether a text is long, and has more to it than words have. */
function isRandom(text: string): boolean {
  if (text.length <= LONG) return false;
  const counts = new Map<string, number>();
  for (const letter of text) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits > MOST_BITS_OF_WORDS;
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
    if (value === MASK || (value.includes('://') && MASKED_ADDRESS.test(value))) lost(path);
    return value;
  }
  if (typeof value !== 'object' || value === null) return value;
  const before = typeof known === 'object' && known !== null ? (known as Record<string, unknown>) : {};
  const inner = (key: string, one: unknown, place = key) =>
    unmask(one, Object.hasOwn(before, place) ? before[place] : undefined, [...path, key], lost);
  if (Array.isArray(value)) {
    const places = placesOf(before);
    return value.map((one, index) => {
      const name = nameOf(one);
      return inner(String(index), one, String(name === undefined ? index : places.get(name)));
    });
  }
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inner(key, one)]));
}

/** Where elements of a list were before: what has a name is known by it, wherever it stands now. */
function placesOf(before: object): ReadonlyMap<unknown, number> {
  const places = new Map<unknown, number>();
  if (Array.isArray(before))
    for (const [index, one] of before.entries()) {
      const name = nameOf(one);
      if (name !== undefined && !places.has(name)) places.set(name, index);
    }
  return places;
}

function nameOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'name' in value ? value.name : undefined;
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
