import type { IndexEntry, KeyPattern } from './catalog.ts';
import { keyPattern } from './catalog.ts';
import { serverError, unsupported } from './errors.ts';

export interface IndexRequest {
  readonly name: string;
  readonly key: KeyPattern;
  readonly unique: boolean;
}

/** Taken and ignored: every build is in the foreground, and comments are not kept. */
const IGNORED = new Set([
  'name',
  'unique',
  'background',
  'v',
  'comment',
  'maxTimeMS',
  'writeConcern',
  'w',
  'ns',
  'key',
]);

const KINDS: Readonly<Record<string, string>> = {
  sparse: 'sparse indexes',
  partialFilterExpression: 'partial indexes',
  expireAfterSeconds: 'expiring (TTL) indexes',
  collation: 'collation',
  hidden: 'hidden indexes',
  wildcardProjection: 'wildcard indexes',
};

/** @throws MongoServerError 67 for keys that are no keys, 115 for kinds of indexes that the embedded store does not have */
export function parseIndex(fields: unknown, options: Readonly<Record<string, unknown>> = {}): IndexRequest {
  for (const [name, value] of Object.entries(options)) {
    const isOff = value === undefined || value === null || value === false;
    if (isOff || IGNORED.has(name)) continue;
    if (name === 'session') throw unsupported('sessions and transactions');
    throw unsupported(KINDS[name] ?? `index option ${name}`);
  }
  const key = parseKey(fields);
  const name = typeof options.name === 'string' ? options.name : defaultName(key);
  return { name, key, unique: options.unique === true };
}

function defaultName(key: KeyPattern): string {
  return Object.entries(key)
    .map(([path, direction]) => `${path}_${direction}`)
    .join('_');
}

function parseKey(fields: unknown): KeyPattern {
  const entries = keyEntries(fields);
  if (entries.length === 0) throw serverError('CannotCreateIndex', 'An index needs a field.');
  const key: Record<string, 1 | -1> = {};
  for (const [path, direction] of entries) {
    if (typeof direction === 'string') throw unsupported(`index of kind '${direction}' (${path})`);
    const number = Number(direction);
    if (
      !(number > 0 || number < 0) ||
      path === '' ||
      path.split('.').some((part) => part === '' || part.startsWith('$'))
    ) {
      throw serverError('CannotCreateIndex', `The index key '${path}' is not valid.`);
    }
    key[path] = number > 0 ? 1 : -1;
  }
  return key;
}

function keyEntries(fields: unknown): [string, unknown][] {
  if (typeof fields === 'string') return [[fields, 1]];
  if (fields instanceof Map) return [...fields].map(([path, direction]) => [String(path), direction]);
  if (!Array.isArray(fields)) return Object.entries((fields ?? {}) as object);
  return fields.flatMap((field) => (Array.isArray(field) ? [[String(field[0]), field[1]]] : keyEntries(field)));
}

/** The index that already is what was asked for. @throws MongoServerError 85, 86 when one is in its way */
export function existingIndex(indexes: readonly IndexEntry[], request: IndexRequest): IndexEntry | undefined {
  const wanted = JSON.stringify(Object.entries(request.key));
  for (const index of indexes) {
    const sameKey = JSON.stringify(Object.entries(keyPattern(index))) === wanted;
    const isSame = sameKey && (index.id === 0 || index.unique === request.unique);
    if (index.name === request.name && !isSame) {
      throw serverError('IndexKeySpecsConflict', `Another index has the name ${request.name}.`);
    }
    if (!sameKey) continue;
    if (isSame && (index.id === 0 || index.name === request.name)) return index;
    throw serverError('IndexOptionsConflict', `The index ${index.name} has the same key with other options.`);
  }
  return undefined;
}
