import mongoose, { type mongo } from 'mongoose';
import type { CollectionEntry } from './catalog.ts';
import { documentBytes, insertDocument } from './documents.ts';
import type { Engine } from './engine.ts';
import { serverError, unsupported } from './errors.ts';
import { nativeDriver } from './internals.ts';
import { checkOptions, type OperationOptions } from './options.ts';
import { parseSort } from './sort.ts';
import { compileUpdate, isOperatorUpdate } from './update.ts';
import type { BsonDocument } from './values.ts';
import { type Change, compileReplacement, deleteAll, deleteFirst, updateAll, updateFirst } from './writes.ts';

const { MongoBulkWriteError } = mongoose.mongo;

/** Operations per transaction: enough to share the cost of reaching the disk, few enough to let others in between. */
const PORTION = 500;

/** The driver's raw result of a bulk write. */
interface BulkTotals {
  ok: number;
  writeErrors: WriteError[];
  writeConcernErrors: unknown[];
  insertedIds: { index: number; _id: unknown }[];
  nInserted: number;
  nUpserted: number;
  nMatched: number;
  nModified: number;
  nRemoved: number;
  upserted: { index: number; _id: unknown }[];
}

type Step = (collection: CollectionEntry, totals: BulkTotals, index: number) => void;

/** Each operation is done or not done alone. Ordered: the first error ends it; otherwise the others go on. */
export async function bulkWrite(
  engine: Engine,
  name: string,
  operations: readonly object[],
  options: OperationOptions,
): Promise<mongo.BulkWriteResult> {
  if (operations.length === 0) {
    throw new mongoose.mongo.MongoInvalidArgumentError('Invalid BulkOperation, Batch cannot be empty');
  }
  const totals: BulkTotals = {
    ok: 1,
    writeErrors: [],
    writeConcernErrors: [],
    insertedIds: [],
    nInserted: 0,
    nUpserted: 0,
    nMatched: 0,
    nModified: 0,
    nRemoved: 0,
    upserted: [],
  };
  const ordered = options.ordered !== false;
  for (let start = 0; start < operations.length; start += PORTION) {
    // The portion may run again when another process holds the lock, so it counts on a copy.
    const portion = operations.slice(start, start + PORTION);
    const after = await engine.writeTo(name, (collection) => {
      const counted = structuredTotals(totals);
      runPortion(engine, collection, portion, start, counted, options);
      return counted;
    });
    Object.assign(totals, after);
    if (ordered && totals.writeErrors.length > 0) break;
  }
  const result = new nativeDriver.BulkWriteResult(totals, ordered);
  if (totals.writeErrors.length > 0) throw bulkError(totals, result);
  return result;
}

function structuredTotals(totals: BulkTotals): BulkTotals {
  return {
    ...totals,
    writeErrors: [...totals.writeErrors],
    insertedIds: [...totals.insertedIds],
    upserted: [...totals.upserted],
  };
}

function bulkError(totals: BulkTotals, result: mongo.BulkWriteResult): mongo.MongoBulkWriteError {
  const [first] = totals.writeErrors;
  const error = {
    message: first?.errmsg ?? 'write operation failed',
    code: first?.code,
    writeErrors: totals.writeErrors,
  };
  return new MongoBulkWriteError(error as never, result);
}

function runPortion(
  engine: Engine,
  collection: CollectionEntry,
  operations: readonly object[],
  start: number,
  totals: BulkTotals,
  options: OperationOptions,
): void {
  for (const [offset, operation] of operations.entries()) {
    const index = start + offset;
    // Earlier operations may have changed what the catalog says of the indexes.
    const current = engine.catalog.createCollection(collection.name);
    try {
      step(engine, operation, options)(current, totals, index);
    } catch (error) {
      if (!(error instanceof mongoose.mongo.MongoServerError)) throw error;
      totals.writeErrors.push(writeError(error, index, operation));
      if (options.ordered !== false) return;
    }
  }
}

function writeError(error: mongo.MongoServerError, index: number, operation: object): WriteError {
  const details = error as unknown as Readonly<Record<string, unknown>>;
  const { keyPattern, keyValue } = details;
  return new WriteError({
    index,
    code: Number(error.code),
    errmsg: error.message,
    op: operation,
    keyPattern,
    keyValue,
  });
}

interface WriteErrorFields {
  /** mongoose sets it anew when it had left invalid documents out. */
  index: number;
  readonly code: number;
  readonly errmsg: string;
  readonly op: object;
  readonly keyPattern: unknown;
  readonly keyValue: unknown;
}

/** One operation's error, with the driver's face. */
class WriteError {
  readonly err: WriteErrorFields;

  constructor(err: WriteErrorFields) {
    this.err = err;
  }

  get index(): number {
    return this.err.index;
  }

  get code(): number {
    return this.err.code;
  }

  get errmsg(): string {
    return this.err.errmsg;
  }

  getOperation(): object {
    return this.err.op;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function step(engine: Engine, operation: object, options: OperationOptions): Step {
  const [kind, fields] = (Object.entries(operation)[0] ?? ['', {}]) as [string, Fields];
  if (fields.arrayFilters !== undefined || fields.collation !== undefined) checkOptions(fields);
  const filter = (fields.filter ?? {}) as object;
  switch (kind) {
    case 'insertOne':
      return insertStep(engine, (fields.document ?? fields) as BsonDocument, options);
    case 'updateOne':
    case 'updateMany':
    case 'replaceOne':
      return updateStep(engine, kind, filter, fields, options);
    case 'deleteOne':
      return (collection, totals) => {
        if (deleteFirst(engine, collection, filter, []) !== undefined) totals.nRemoved += 1;
      };
    case 'deleteMany':
      return (collection, totals) => {
        totals.nRemoved += engine.storage.savepoint(() => deleteAll(engine, collection, filter));
      };
    default:
      throw unsupported(`operation ${kind} in a bulk write`);
  }
}

function insertStep(engine: Engine, document: BsonDocument, options: OperationOptions): Step {
  return (collection, totals, index) => {
    const withKey = giveId(document);
    totals.insertedIds.push({ index, _id: withKey._id });
    insertDocument(engine, collection, documentBytes(withKey, options.ignoreUndefined));
    totals.nInserted += 1;
  };
}

/** As the driver does: the caller's document gets the id as well. */
export function giveId(document: BsonDocument): BsonDocument {
  if (document._id === undefined || document._id === null) document._id = new mongoose.mongo.ObjectId();
  return document;
}

function updateStep(
  engine: Engine,
  kind: 'updateOne' | 'updateMany' | 'replaceOne',
  filter: object,
  fields: Fields,
  options: OperationOptions,
): Step {
  const change =
    kind === 'replaceOne' ? compileReplacement(fields.replacement as object) : operatorChange(fields.update, options);
  const target = { filter, sort: parseSort(fields.sort), upsert: fields.upsert === true };
  return (collection, totals, index) => {
    const outcome =
      kind === 'updateMany'
        ? engine.storage.savepoint(() => updateAll(engine, collection, target, change))
        : updateFirst(engine, collection, target, change).outcome;
    totals.nMatched += outcome.matched;
    totals.nModified += outcome.modified;
    if (outcome.upserted !== undefined) {
      totals.nUpserted += 1;
      totals.upserted.push({ index, _id: outcome.upserted.id });
    }
  };
}

/** @throws MongoInvalidArgumentError for a document where operators should be, as the driver does */
export function operatorChange(update: unknown, options: OperationOptions): Change {
  if (!isOperatorUpdate(update)) {
    throw new mongoose.mongo.MongoInvalidArgumentError('Update document requires atomic operators');
  }
  return { kind: 'update', update: compileUpdate(update, options.ignoreUndefined) };
}

export function assertDocument(document: unknown): asserts document is BsonDocument {
  if (typeof document === 'object' && document !== null && !Array.isArray(document)) return;
  throw serverError('BadValue', 'A document has to be an object.');
}
