import { isRandom, isSecretName, isSecretParameter, isSecretSegment } from '../../kernel/secret-shapes.ts';
import type { StoredRecord } from '../models/record.ts';

/** Fields of records that hold a secret, or what it can be guessed by. */
const RECORD_SECRETS: ReadonlySet<string> = new Set(['hash', 'content']);
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
/** What stands for the type of an input that is called like a secret. */
const TYPE = /^\[*(String|ID|Int|Int64|Float|Boolean|JSON)[!\]]*$/;
/** Up to the last @: passwords have some as well. */
const CREDENTIALS = /\/\/[^/?#\s]*@/g;
/** A name and a password, of which at least the latter is not written here. */
const CREDENTIALS_BY_REFERENCE = /^\/\/([^:@]*:)?\$\{[^}]*\}@$/;
const PATH = /(:\/\/[^/?#\s"'<>]*\/)([^?#\s"'<>]+)/g;
const PARAMETER = /([?&;#])([^=&;#\s?]+)=([^&;#\s"'<>]*)/g;
const LONE_PARAMETER = /([?#])([^=&;#\s?"'<>]+)(?=[&;#\s"'<>]|$)/g;
const MASKED_ADDRESS =
  /\/\/\*\*\*@|[?&;#]([^=&;#\s?]+=)?\*\*\*(?=[&;#\s"'<>]|$)|\/(\*\*\*|[^/?#\s]*[:@=]\*\*\*)(?=[/?#\s"'<>]|$)/;
/** What is shorter stands in too many addresses by chance. */
const SHORT = 6;
const KEPT_OUT: ReadonlySet<string> = new Set<keyof StoredRecord>(['seq', 'updatedAt', 'createdAt', 'version']);
const NONE: KnownSecrets = new Set();
/** Stands for a secret. */
export const MASK = '***';

/** What the audit log says of a record: without secrets, and without what changes by itself. */
export function masked(record: object): unknown {
  const kept = Object.entries(record).filter(([key]) => !KEPT_OUT.has(key));
  return Object.fromEntries(
    kept.map(([key, value]) => {
      // A resource has its options as text.
      if (key === 'options' && typeof value === 'string') return [key, maskSecrets(fromJson(value))];
      return [key, RECORD_SECRETS.has(key) ? maskText(value, NONE) : maskEntry(key, value, secretsIn(value))];
    }),
  );
}

/** Secrets that stand in fields for them, which may stand in addresses as well. */
export type KnownSecrets = ReadonlySet<string>;

/** The value with its secrets masked. References to secrets, and to variables, are none. */
export function maskSecrets(value: unknown, known: KnownSecrets = secretsIn(value)): unknown {
  if (typeof value === 'string') return maskAddresses(value, known);
  if (Array.isArray(value)) return value.map((inner) => maskSecrets(inner, known));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, maskEntry(key, inner, known)]));
}

/** A value as it is shown at its place in what `maskSecrets` is given. */
export function maskSecretsAt(path: readonly string[], value: unknown, known: KnownSecrets): unknown {
  const whole = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
  return path.reduce((inner, key) => (inner as Record<string, unknown>)[key], maskSecrets(whole, known));
}

/** The texts below names that say that they are secrets. */
export function secretsIn(value: unknown): KnownSecrets {
  const found = new Set<string>();
  collectSecrets(value, false, found);
  return found;
}

function collectSecrets(value: unknown, isSecret: boolean, found: Set<string>): void {
  if (typeof value === 'string') {
    if (!isSecret || value.length < SHORT || REFERENCE.test(value)) return;
    found.add(value);
    found.add(value.replace(/^[\w-]+ +/, ''));
  } else if (Array.isArray(value)) {
    for (const inner of value) collectSecrets(inner, isSecret, found);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) collectSecrets(inner, isSecretName(key), found);
  }
}

function maskEntry(key: string, value: unknown, known: KnownSecrets): unknown {
  if (isSecretName(key)) return maskText(value, known, isCount(key));
  const shown = SECRET_MAPS.get(key);
  if (shown !== undefined) return maskTexts(value, shown, known);
  if (key === 'forwardHeaders' && Array.isArray(value)) return value.map((entry) => maskForwarded(entry, known));
  return maskSecrets(value, known);
}

/** Of a map, all texts but those under names that are shown. A text in its place is no map. */
function maskTexts(value: unknown, shown: RegExp, known: KnownSecrets): unknown {
  if (Array.isArray(value))
    return value.map((inner) => (typeof inner === 'string' ? maskText(inner, known) : maskTexts(inner, shown, known)));
  if (typeof value !== 'object' || value === null) return maskSecrets(value, known);
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (typeof inner === 'number' && isSecretName(key)) return [key, maskText(inner, known, isCount(key))];
      if (typeof inner !== 'string') return [key, maskTexts(inner, shown, known)];
      return [key, shown.test(key) && !isSecretName(key) ? maskSecrets(inner, known) : maskText(inner, known)];
    }),
  );
}

/** What is sent in the place of a header that the client has not. */
function maskForwarded(entry: unknown, known: KnownSecrets): unknown {
  if (typeof entry !== 'object' || entry === null || !('default' in entry)) return maskSecrets(entry, known);
  const { name, as = name, default: given } = entry as Readonly<Record<string, unknown>>;
  const masked = maskSecretsAt(['headers', String(as)], given, known);
  return { ...(maskSecrets(entry, known) as object), default: masked };
}

function maskAddresses(text: string, known: KnownSecrets): string {
  if (!text.includes('://')) return text;
  return text
    .replaceAll(CREDENTIALS, (found) => (CREDENTIALS_BY_REFERENCE.test(found) ? found : `//${MASK}@`))
    .replaceAll(PATH, (_found, before: string, path: string) => {
      const segments = path.split('/').map((segment) => maskSegment(segment, known));
      return before + segments.join('/');
    })
    .replaceAll(PARAMETER, (found, mark: string, name: string, value: string) => {
      if (value === '' || REFERENCE.test(value)) return found;
      return isSecretParameter(name) || isRandom(value) || isKnown(value, known) ? `${mark}${name}=${MASK}` : found;
    })
    .replaceAll(LONE_PARAMETER, (found, mark: string, value: string) =>
      isSecretSegment(value) || isKnown(value, known) ? `${mark}${MASK}` : found,
    );
}

/** A known secret may stand behind something of a segment: `user:secret`. */
function maskSegment(segment: string, known: KnownSecrets): string {
  if (segment.includes('${')) return segment;
  if (isSecretSegment(segment) || isKnown(segment, known)) return MASK;
  if (known.size === 0) return segment;
  return segment
    .split(/([:@=])/)
    .map((part) => (isKnown(part, known) ? MASK : part))
    .join('');
}

function isKnown(text: string, known: KnownSecrets): boolean {
  if (known.size === 0) return false;
  return known.has(text) || (text.includes('%') && known.has(decoded(text)));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `maxTokens: 500` is told, `pin: 1234` is not. */
function isCount(key: string): boolean {
  return /tokens$/i.test(key);
}

function maskText(value: unknown, known: KnownSecrets, isCount = true): unknown {
  if (typeof value === 'string') return value === '' || REFERENCE.test(value) || TYPE.test(value) ? value : MASK;
  if (typeof value === 'number' && !isCount) return MASK;
  if (Array.isArray(value)) return value.map((inner) => maskText(inner, known, isCount));
  return maskSecrets(value, known);
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
  return unmaskBeside(value, known, maskSecrets(known), path, lost);
}

/** `shown` is what was made of `known`. */
function unmaskBeside(
  value: unknown,
  known: unknown,
  shown: unknown,
  path: readonly string[],
  lost: (path: readonly string[]) => void,
): unknown {
  if (typeof value === 'string') {
    if (!value.includes(MASK) || value === known) return value;
    if (value === shown || (value === MASK && typeof known === 'string')) return known;
    if (value === MASK || (value.includes('://') && MASKED_ADDRESS.test(value))) lost(path);
    return value;
  }
  if (typeof value !== 'object' || value === null) return value;
  const before = asRecord(known);
  const shownBefore = asRecord(shown);
  const inner = (key: string, one: unknown, place = key) =>
    unmaskBeside(one, ownOf(before, place), ownOf(shownBefore, place), [...path, key], lost);
  if (Array.isArray(value)) {
    const places = placesOf(before);
    return value.map((one, index) => {
      const name = nameOf(one);
      return inner(String(index), one, String(name === undefined ? index : places.get(name)));
    });
  }
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inner(key, one)]));
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function ownOf(record: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
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
