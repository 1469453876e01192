import type { CollectionEntry } from './catalog.ts';
import { deleteDocument, documentBytes, insertDocument, replaceDocument } from './documents.ts';
import type { Engine } from './engine.ts';
import { serverError } from './errors.ts';
import { type FoundDocument, findDocuments, findFirst } from './find.ts';
import type { SortSpec } from './sort.ts';
import { type CompiledUpdate, upsertBase } from './update.ts';
import { type BsonDocument, deserialize, deserializeExact, normalize, normalizeExact, serialize } from './values.ts';

/* Writes within a write transaction. Everything that can be refused is checked by `compile…` or before the first row. */

/** What is to become of the documents that match: operators, or a document in place of them. */
export type Change =
  | { readonly kind: 'update'; readonly update: CompiledUpdate }
  | { readonly kind: 'replace'; readonly document: BsonDocument };

export interface UpdateOutcome {
  readonly matched: number;
  readonly modified: number;
  readonly upserted?: { readonly id: unknown };
}

export interface WriteTarget {
  /** As the caller gave it: an upsert keeps the types of its numbers. */
  readonly filter: object;
  readonly sort: SortSpec;
  readonly upsert: boolean;
}

/** @throws MongoServerError 2 when operators stand where a document should */
export function compileReplacement(document: object, ignoreUndefined = false): Change {
  const normalized = normalizeExact(document, ignoreUndefined);
  const operator = Object.keys(normalized).find((name) => name.startsWith('$'));
  if (operator !== undefined) throw serverError('BadValue', `A replacement cannot have the operator ${operator}.`);
  return { kind: 'replace', document: normalized };
}

function changedBytes(found: FoundDocument, change: Change): Buffer {
  if (change.kind === 'replace') {
    const id = Object.hasOwn(change.document, '_id') ? change.document._id : deserializeExact(found.bytes)._id;
    return documentBytes({ ...change.document, _id: id });
  }
  const document = deserializeExact(found.bytes);
  change.update.apply(document, false);
  if (document._id === undefined) {
    throw serverError('ImmutableField', "The field '_id' of a document cannot be removed.");
  }
  return serialize(document);
}

export interface UpdatedDocument {
  readonly before: FoundDocument | undefined;
  /** Bytes of the document afterwards; `undefined` when there was nothing to change. */
  readonly after: Uint8Array | undefined;
  readonly outcome: UpdateOutcome;
}

export function updateFirst(
  engine: Engine,
  collection: CollectionEntry,
  target: WriteTarget,
  change: Change,
): UpdatedDocument {
  const found = findFirst(engine, collection, normalize(target.filter), target.sort);
  if (found === undefined) {
    if (!target.upsert) return { before: undefined, after: undefined, outcome: { matched: 0, modified: 0 } };
    const inserted = upsert(engine, collection, target.filter, change);
    const outcome = { matched: 0, modified: 0, upserted: { id: inserted.id } };
    return { before: undefined, after: inserted.bytes, outcome };
  }
  const after = changedBytes(found, change);
  const modified = replaceDocument(engine, collection, found, after) ? 1 : 0;
  return { before: found, after, outcome: { matched: 1, modified } };
}

export function updateAll(
  engine: Engine,
  collection: CollectionEntry,
  target: WriteTarget,
  change: Change,
): UpdateOutcome {
  let matched = 0;
  let modified = 0;
  // What is updated may move within the index that is being read, so the documents are found first.
  for (const found of everyMatch(engine, collection, target.filter)) {
    matched += 1;
    if (replaceDocument(engine, collection, found, changedBytes(found, change))) modified += 1;
  }
  if (matched > 0 || !target.upsert) return { matched, modified };
  return { matched: 0, modified: 0, upserted: { id: upsert(engine, collection, target.filter, change).id } };
}

function everyMatch(engine: Engine, collection: CollectionEntry, filter: object): Generator<FoundDocument> {
  const request = { filter: normalize(filter), sort: [], skip: 0, limit: 0 };
  const sequence: number[] = [];
  for (const { seq } of findDocuments(engine, collection, request)) sequence.push(seq);
  return reread(engine, collection, sequence);
}

function* reread(engine: Engine, { table }: CollectionEntry, sequence: readonly number[]): Generator<FoundDocument> {
  for (const seq of sequence) {
    const bytes = engine.storage.get(`SELECT document FROM ${table} WHERE seq = ?`, [seq])?.[0] as ArrayBuffer;
    yield { seq, bytes, document: deserialize(bytes) };
  }
}

function upsert(
  engine: Engine,
  collection: CollectionEntry,
  filter: object,
  change: Change,
): { id: unknown; bytes: Buffer } {
  const base = upsertBase(filter);
  let document: BsonDocument;
  if (change.kind === 'update') {
    const before = base._id;
    change.update.apply(base, true);
    if (before !== undefined && base._id !== before) {
      const same = documentBytes({ _id: before }).equals(documentBytes({ _id: base._id }));
      if (!same) throw serverError('ImmutableField', "The field '_id' of the filter cannot be changed.");
    }
    document = base;
  } else {
    document = base._id === undefined ? change.document : { _id: base._id, ...change.document };
  }
  const bytes = documentBytes(document);
  insertDocument(engine, collection, bytes);
  return { id: deserialize(bytes)._id, bytes };
}

export function deleteFirst(
  engine: Engine,
  collection: CollectionEntry,
  filter: object,
  sort: SortSpec,
): FoundDocument | undefined {
  const found = findFirst(engine, collection, normalize(filter), sort);
  if (found !== undefined) deleteDocument(engine, collection, found);
  return found;
}

export function deleteAll(engine: Engine, collection: CollectionEntry, filter: object): number {
  let deleted = 0;
  for (const found of everyMatch(engine, collection, filter)) {
    deleteDocument(engine, collection, found);
    deleted += 1;
  }
  return deleted;
}
