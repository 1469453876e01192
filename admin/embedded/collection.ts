import { compilePipeline } from './aggregate.ts';
import { assertDocument, bulkWrite, giveId, operatorChange } from './bulk.ts';
import { EmbeddedCursor } from './cursor.ts';
import { documentBytes, insertDocument } from './documents.ts';
import type { Engine } from './engine.ts';
import { serverError, unsupported } from './errors.ts';
import { compileFilter } from './filter.ts';
import { explainFind, type FindRequest, findDocuments } from './find.ts';
import { findAndDelete, findAndModify } from './find-and-modify.ts';
import { buildIndex, describeIndex, removeIndex } from './index-builds.ts';
import { parseIndex } from './index-options.ts';
import { checkOptions, count, type OperationOptions } from './options.ts';
import { compileProjection } from './projection.ts';
import { distinctValues, readDocuments } from './reads.ts';
import { parseSort } from './sort.ts';
import { type BsonDocument, normalize } from './values.ts';
import { type Change, compileReplacement, deleteAll, deleteFirst, updateAll, updateFirst } from './writes.ts';

type Options = OperationOptions | undefined;

/** The MongoDB driver's collection, as far as mongoose calls it, on a table of the file. */
export class EmbeddedCollection {
  readonly collectionName: string;
  readonly #engine: Engine;

  constructor(engine: Engine, name: string) {
    this.#engine = engine;
    this.collectionName = name;
  }

  get namespace(): string {
    return this.collectionName;
  }

  async insertOne(document: BsonDocument, options?: Options): Promise<object> {
    const { ignoreUndefined } = checkOptions(options);
    assertDocument(document);
    const bytes = documentBytes(giveId(document), ignoreUndefined);
    await this.#engine.writeTo(this.collectionName, (collection) => insertDocument(this.#engine, collection, bytes));
    return { acknowledged: true, insertedId: document._id };
  }

  async insertMany(documents: readonly BsonDocument[], options?: Options): Promise<object> {
    for (const document of documents) assertDocument(document);
    const operations = documents.map((document) => ({ insertOne: { document } }));
    const result = await bulkWrite(this.#engine, this.collectionName, operations, checkOptions(options));
    return { acknowledged: true, insertedCount: result.insertedCount, insertedIds: result.insertedIds };
  }

  async bulkWrite(operations: readonly object[], options?: Options): Promise<object> {
    return bulkWrite(this.#engine, this.collectionName, operations, checkOptions(options));
  }

  async updateOne(filter: object, update: unknown, options?: Options): Promise<object> {
    return this.#updateFirst(filter, operatorChange(update, checkOptions(options)), options);
  }

  async replaceOne(filter: object, replacement: object, options?: Options): Promise<object> {
    return this.#updateFirst(filter, compileReplacement(replacement, checkOptions(options).ignoreUndefined), options);
  }

  async #updateFirst(filter: object, change: Change, options: Options): Promise<object> {
    const target = { filter, sort: parseSort(options?.sort), upsert: options?.upsert === true };
    const { outcome } = await this.#engine.writeTo(this.collectionName, (collection) =>
      updateFirst(this.#engine, collection, target, change),
    );
    return updateResult(outcome);
  }

  async updateMany(filter: object, update: unknown, options?: Options): Promise<object> {
    const change = operatorChange(update, checkOptions(options));
    const target = { filter, sort: [], upsert: options?.upsert === true };
    const outcome = await this.#engine.writeTo(this.collectionName, (collection) =>
      updateAll(this.#engine, collection, target, change),
    );
    return updateResult(outcome);
  }

  async deleteOne(filter: object, options?: Options): Promise<object> {
    const { sort } = checkOptions(options);
    const found = await this.#engine.writeTo(this.collectionName, (collection) =>
      deleteFirst(this.#engine, collection, filter ?? {}, parseSort(sort)),
    );
    return { acknowledged: true, deletedCount: found === undefined ? 0 : 1 };
  }

  async deleteMany(filter: object, options?: Options): Promise<object> {
    checkOptions(options);
    const deletedCount = await this.#engine.writeTo(this.collectionName, (collection) =>
      deleteAll(this.#engine, collection, filter ?? {}),
    );
    return { acknowledged: true, deletedCount };
  }

  async findOneAndUpdate(filter: object, update: unknown, options?: Options): Promise<unknown> {
    const change = operatorChange(update, checkOptions(options));
    return findAndModify(this.#engine, this.collectionName, filter, change, options ?? {});
  }

  async findOneAndReplace(filter: object, replacement: object, options?: Options): Promise<unknown> {
    const change = compileReplacement(replacement, checkOptions(options).ignoreUndefined);
    return findAndModify(this.#engine, this.collectionName, filter, change, options ?? {});
  }

  async findOneAndDelete(filter: object, options?: Options): Promise<unknown> {
    return findAndDelete(this.#engine, this.collectionName, filter, checkOptions(options));
  }

  find(filter: object = {}, options?: Options): EmbeddedCursor {
    const given = checkOptions(options);
    const { sort, skip, limit, projection } = given;
    const request = (settings: { sort?: unknown; skip?: unknown; limit?: unknown }): FindRequest => ({
      filter: normalize(filter ?? {}),
      sort: parseSort(settings.sort),
      skip: count('skip', settings.skip),
      limit: count('limit', settings.limit),
    });
    return new EmbeddedCursor(
      {
        open: async (settings) =>
          readDocuments(
            this.#engine,
            this.collectionName,
            request(settings),
            compileProjection(settings.projection),
            given,
          ),
        advance: async (documents) => documents.next(),
        explain: (settings) =>
          this.#engine.read(this.collectionName, (collection) => explainFind(collection, request(settings))),
      },
      { sort, skip, limit, projection },
    );
  }

  async findOne(filter: object = {}, options?: Options): Promise<unknown> {
    const given = checkOptions(options);
    const request = {
      filter: normalize(filter ?? {}),
      sort: parseSort(given.sort),
      skip: count('skip', given.skip),
      limit: 1,
    };
    const project = compileProjection(given.projection);
    const documents = await readDocuments(this.#engine, this.collectionName, request, project, given);
    const { done, value } = documents.next();
    documents.return?.();
    return done === true ? null : value;
  }

  async countDocuments(filter: object = {}, options?: Options): Promise<number> {
    const given = checkOptions(options);
    const request = {
      filter: normalize(filter ?? {}),
      sort: [],
      skip: count('skip', given.skip),
      limit: count('limit', given.limit),
    };
    if (Object.keys(request.filter).length === 0 && request.skip === 0 && request.limit === 0) {
      return this.estimatedDocumentCount();
    }
    compileFilter(request.filter);
    return this.#engine.read(this.collectionName, (collection) => {
      let found = 0;
      if (collection === undefined) return found;
      for (const _ of findDocuments(this.#engine, collection, request)) found += 1;
      return found;
    });
  }

  /** Exact here. */
  async estimatedDocumentCount(options?: Options): Promise<number> {
    checkOptions(options);
    return this.#engine.read(this.collectionName, (collection) =>
      collection === undefined ? 0 : Number(this.#engine.storage.get(`SELECT count(*) FROM ${collection.table}`)?.[0]),
    );
  }

  async distinct(path: string, filter: object = {}, options?: Options): Promise<unknown[]> {
    checkOptions(options);
    const request = { filter: normalize(filter ?? {}), sort: [], skip: 0, limit: 0 };
    compileFilter(request.filter);
    return this.#engine.read(this.collectionName, (collection) =>
      collection === undefined ? [] : distinctValues(path, findDocuments(this.#engine, collection, request)),
    );
  }

  aggregate(pipeline: readonly object[] = [], options?: Options): EmbeddedCursor {
    checkOptions(options);
    const { filter, sort, stages } = compilePipeline(pipeline);
    const request = { filter, sort, skip: 0, limit: 0 };
    return new EmbeddedCursor({
      open: async () => {
        const documents = await readDocuments(this.#engine, this.collectionName, request, (document) => document, {});
        const source: Iterable<BsonDocument> = { [Symbol.iterator]: () => documents };
        return stages.reduce((input, stage) => stage(input), source)[Symbol.iterator]();
      },
      advance: async (documents) => documents.next(),
      explain: () => this.#engine.read(this.collectionName, (collection) => explainFind(collection, request)),
    });
  }

  async createIndex(fields: unknown, options?: Readonly<Record<string, unknown>>): Promise<string> {
    const request = parseIndex(fields, options);
    return this.#engine.writeTo(this.collectionName, (collection) => buildIndex(this.#engine, collection, request));
  }

  async createIndexes(specifications: readonly Readonly<Record<string, unknown>>[]): Promise<string[]> {
    const requests = specifications.map((specification) => parseIndex(specification.key, specification));
    return this.#engine.writeTo(this.collectionName, () =>
      requests.map((request) =>
        buildIndex(this.#engine, this.#engine.catalog.createCollection(this.collectionName), request),
      ),
    );
  }

  async ensureIndex(fields: unknown, options?: Readonly<Record<string, unknown>>): Promise<string> {
    return this.createIndex(fields, options);
  }

  listIndexes(): EmbeddedCursor {
    return new EmbeddedCursor({
      open: async () => (await this.indexes())[Symbol.iterator](),
      advance: async (documents) => documents.next(),
      explain: async () => ({}),
    });
  }

  async indexes(): Promise<BsonDocument[]> {
    return this.#engine.read(this.collectionName, (collection) => {
      if (collection === undefined) throw serverError('NamespaceNotFound', `ns does not exist: ${this.collectionName}`);
      return collection.indexes.map(describeIndex);
    });
  }

  async indexInformation(): Promise<Record<string, unknown>> {
    const indexes = await this.indexes();
    return Object.fromEntries(
      indexes.map(({ name, key }) => [String(name), Object.entries(key as Record<string, unknown>)]),
    );
  }

  async indexExists(names: string | readonly string[]): Promise<boolean> {
    const existing = new Set((await this.indexes()).map(({ name }) => name));
    return [names].flat().every((name) => existing.has(name));
  }

  async dropIndex(nameOrKey: unknown): Promise<object> {
    await this.#engine.write(() =>
      removeIndex(this.#engine, this.#engine.catalog.collection(this.collectionName), nameOrKey),
    );
    return { ok: 1 };
  }

  async dropIndexes(): Promise<boolean> {
    await this.#engine.write(() => {
      const collection = this.#engine.catalog.collection(this.collectionName);
      for (const index of collection?.indexes ?? []) {
        if (collection !== undefined && index.id !== 0) this.#engine.catalog.dropIndex(collection, index);
      }
    });
    return true;
  }

  async drop(): Promise<boolean> {
    await this.#engine.write(() => {
      const collection = this.#engine.catalog.collection(this.collectionName);
      if (collection !== undefined) this.#engine.catalog.dropCollection(collection);
    });
    return true;
  }

  watch(): never {
    throw unsupported('change streams (watch)');
  }
}

function updateResult(outcome: {
  readonly matched: number;
  readonly modified: number;
  readonly upserted?: { readonly id: unknown };
}): object {
  const { matched, modified, upserted } = outcome;
  return {
    acknowledged: true,
    modifiedCount: modified,
    upsertedId: upserted === undefined ? null : upserted.id,
    upsertedCount: upserted === undefined ? 0 : 1,
    matchedCount: matched,
  };
}
