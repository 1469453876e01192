import { type CollectionEntry, type IndexEntry, keyPattern } from './catalog.ts';
import { addKeys } from './documents.ts';
import type { Engine } from './engine.ts';
import { serverError } from './errors.ts';
import { existingIndex, type IndexRequest } from './index-options.ts';
import { assertUnique, documentKeys } from './indexes.ts';
import { scanDocuments } from './scan.ts';
import { type BsonDocument, deserialize } from './values.ts';

const EVERYTHING = { scans: [], sorted: true, reverse: false };

/** Makes an index and fills it, within a write transaction. @throws MongoServerError 11000, 85, 86 */
export function buildIndex(engine: Engine, collection: CollectionEntry, request: IndexRequest): string {
  const existing = existingIndex(collection.indexes, request);
  if (existing !== undefined) return existing.name;
  const index = engine.catalog.createIndex(collection, request.name, request.key, request.unique);
  let anyMultikey = false;
  for (const { seq, bytes } of scanDocuments(engine.storage, collection, EVERYTHING)) {
    const document = deserialize(bytes);
    const { keys, multikey } = documentKeys(index, document);
    if (index.unique) assertUnique(engine.storage, collection, index, keys, document);
    addKeys(engine, index, keys, false, seq);
    anyMultikey ||= multikey;
  }
  if (anyMultikey) engine.catalog.markMultikey(index);
  return index.name;
}

/** Drops by name or by key, within a write transaction. @throws MongoServerError 27, 72 */
export function removeIndex(engine: Engine, collection: CollectionEntry | undefined, nameOrKey: unknown): void {
  if (collection === undefined) throw serverError('NamespaceNotFound', 'The collection does not exist.');
  const wanted = typeof nameOrKey === 'string' ? nameOrKey : JSON.stringify(nameOrKey);
  const index = collection.indexes.find(
    (candidate) => candidate.name === wanted || JSON.stringify(keyPattern(candidate)) === wanted,
  );
  if (index === undefined) throw serverError('IndexNotFound', `There is no index ${wanted}.`);
  if (index.id === 0) throw serverError('InvalidOptions', 'The index on _id cannot be dropped.');
  engine.catalog.dropIndex(collection, index);
}

/** As `listIndexes` tells it. */
export function describeIndex(index: IndexEntry): BsonDocument {
  const description = { v: 2, key: keyPattern(index), name: index.name };
  return index.id !== 0 && index.unique ? { ...description, unique: true } : description;
}
