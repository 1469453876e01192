import mongoose from 'mongoose';
import type { CollectionEntry, IndexEntry } from './catalog.ts';
import type { Engine } from './engine.ts';
import { duplicateKey, serverError } from './errors.ts';
import { assertUnique, documentKeys } from './indexes.ts';
import { encodeValue } from './keys.ts';
import type { SqlValue } from './storage.ts';
import { type BsonDocument, deserialize, equalValues, isPlainObject, RANKS, rankOf, serialize } from './values.ts';

/*
 * Single documents in and out of the file with their index keys, within a write transaction. What may be refused is
 * refused before anything is written, so that a refused operation of a bulk write leaves nothing behind.
 */

/** The document with its `_id` first, as MongoDB stores it; an ObjectId where there is none. */
export function withId(document: BsonDocument): BsonDocument {
  // What mongoose hands over may be one of its documents.
  const { _id, ...rest } = typeof document.toBSON === 'function' ? (document.toBSON() as BsonDocument) : document;
  return { _id: _id === undefined ? new mongoose.mongo.ObjectId() : _id, ...rest };
}

function assertId(id: unknown): void {
  const rank = rankOf(id);
  if (rank === RANKS.array || rank === RANKS.regex) {
    throw serverError('InvalidIdField', "The '_id' value cannot be an array or a regular expression.");
  }
  if (isPlainObject(id) && Object.keys(id).some((name) => name.startsWith('$'))) {
    throw serverError('DollarPrefixedFieldName', 'The fields of an _id cannot begin with $.');
  }
}

function assertFieldNames(document: BsonDocument): void {
  const name = Object.keys(document).find((field) => field.startsWith('$'));
  if (name !== undefined) throw serverError('DollarPrefixedFieldName', `A document cannot have the field '${name}'.`);
}

/** @throws MongoServerError 11000 */
export function insertDocument(engine: Engine, collection: CollectionEntry, bytes: Buffer): void {
  const { storage } = engine;
  const document = deserialize(bytes);
  const id = document._id;
  assertId(id);
  assertFieldNames(document);
  const idKey = encodeValue(id);
  if (storage.get(`SELECT seq FROM ${collection.table} WHERE id = ?`, [idKey]) !== undefined) {
    throw duplicateKey(collection.name, '_id_', { _id: 1 }, { _id: id });
  }
  const additions = secondary(collection).map((index) => {
    const { keys, multikey } = documentKeys(index, document);
    if (index.unique) assertUnique(storage, collection, index, keys, document);
    return { index, keys, multikey };
  });
  const { lastInsertRowid: seq } = storage.run(`INSERT INTO ${collection.table} (id, document) VALUES (?, ?)`, [
    idKey,
    bytes,
  ]);
  for (const { index, keys, multikey } of additions) addKeys(engine, index, keys, multikey, seq);
}

/** Whether the document has changed. @throws MongoServerError 11000, 66 */
export function replaceDocument(
  engine: Engine,
  collection: CollectionEntry,
  stored: { readonly seq: number; readonly bytes: ArrayBuffer; readonly document: BsonDocument },
  bytes: Buffer,
): boolean {
  if (bytes.equals(new Uint8Array(stored.bytes))) return false;
  const { storage } = engine;
  const before = stored.document;
  const after = deserialize(bytes);
  if (!equalValues(before._id, after._id)) {
    throw serverError('ImmutableField', "The field '_id' of a document cannot be changed.");
  }
  assertFieldNames(after);
  const changes = secondary(collection).flatMap((index) => {
    const old = documentKeys(index, before).keys;
    const { keys, multikey } = documentKeys(index, after);
    const added = without(keys, old);
    const removed = without(old, keys);
    if (index.unique) assertUnique(storage, collection, index, added, after);
    return added.length > 0 || removed.length > 0 ? [{ index, added, removed, multikey }] : [];
  });
  storage.run(`UPDATE ${collection.table} SET document = ? WHERE seq = ?`, [bytes, stored.seq]);
  for (const { index, added, removed, multikey } of changes) {
    removeKeys(engine, index, removed, stored.seq);
    addKeys(engine, index, added, multikey, stored.seq);
  }
  return true;
}

export function deleteDocument(
  engine: Engine,
  collection: CollectionEntry,
  stored: { readonly seq: number; readonly document: BsonDocument },
): void {
  for (const index of secondary(collection)) {
    removeKeys(engine, index, documentKeys(index, stored.document).keys, stored.seq);
  }
  engine.storage.run(`DELETE FROM ${collection.table} WHERE seq = ?`, [stored.seq]);
}

export function addKeys(
  engine: Engine,
  index: IndexEntry,
  keys: readonly Buffer[],
  multikey: boolean,
  seq: number,
): void {
  for (const key of keys) {
    const values: SqlValue[] = [key, seq];
    engine.storage.run(`INSERT INTO ${index.table} (key, seq) VALUES (?, ?)`, values);
  }
  if (multikey && !index.multikey) engine.catalog.markMultikey(index);
}

function removeKeys(engine: Engine, index: IndexEntry, keys: readonly Buffer[], seq: number): void {
  for (const key of keys) engine.storage.run(`DELETE FROM ${index.table} WHERE key = ? AND seq = ?`, [key, seq]);
}

function secondary(collection: CollectionEntry): IndexEntry[] {
  return collection.indexes.filter((index) => index.id !== 0);
}

function without(keys: readonly Buffer[], others: readonly Buffer[]): Buffer[] {
  return keys.filter((key) => !others.some((other) => other.equals(key)));
}

/** An update or replacement as bytes, `_id` first. */
export function documentBytes(document: BsonDocument, ignoreUndefined = false): Buffer {
  return serialize(withId(document), ignoreUndefined);
}
