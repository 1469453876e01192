import { EmbeddedCollection } from './collection.ts';
import { EmbeddedCursor } from './cursor.ts';
import { Engine } from './engine.ts';
import { serverError, unsupported } from './errors.ts';
import { checkOptions, type OperationOptions } from './options.ts';
import { Storage } from './storage.ts';
import type { BsonDocument } from './values.ts';

/** Options of `createCollection` that mongoose sets by itself, or that change nothing. */
const HARMLESS = new Set(['autoIndexId', 'w', 'writeConcern', 'comment', 'maxTimeMS', 'readPreference']);

/** The MongoDB driver's database, as far as mongoose calls it. */
export class EmbeddedDatabase {
  readonly databaseName = 'embedded';
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  collection(name: string): EmbeddedCollection {
    return new EmbeddedCollection(this.#engine, name);
  }

  async createCollection(
    name: string,
    options: OperationOptions & Readonly<Record<string, unknown>> = {},
  ): Promise<EmbeddedCollection> {
    checkOptions(options);
    for (const [option, value] of Object.entries(options)) {
      const isOff = value === undefined || value === null || value === false;
      if (!isOff && !HARMLESS.has(option)) throw unsupported(`collection option ${option}`);
    }
    await this.#engine.write(() => {
      if (this.#engine.catalog.collection(name) !== undefined) {
        throw serverError('NamespaceExists', `Collection ${name} already exists.`);
      }
      this.#engine.catalog.createCollection(name);
    });
    return this.collection(name);
  }

  listCollections(): EmbeddedCursor {
    return new EmbeddedCursor({
      open: async () => {
        const names = await this.#engine.storage.read(() => this.#engine.catalog.names());
        return names.map((name): BsonDocument => ({ name, type: 'collection' }))[Symbol.iterator]();
      },
      advance: async (documents) => documents.next(),
      explain: async () => ({}),
    });
  }

  async collections(): Promise<EmbeddedCollection[]> {
    const names = await this.#engine.storage.read(() => this.#engine.catalog.names());
    return names.map((name) => this.collection(name));
  }

  async dropCollection(name: string): Promise<boolean> {
    return this.collection(name).drop();
  }

  async dropDatabase(): Promise<boolean> {
    await this.#engine.write(() => {
      for (const name of this.#engine.catalog.names()) {
        const collection = this.#engine.catalog.collection(name);
        if (collection !== undefined) this.#engine.catalog.dropCollection(collection);
      }
    });
    return true;
  }

  /** `ping` alone: it says whether the file can be read. */
  async command(command: Readonly<Record<string, unknown>>): Promise<BsonDocument> {
    const [name = ''] = Object.keys(command);
    if (name !== 'ping') throw unsupported(`command ${name}`);
    await this.#engine.storage.read(() => this.#engine.storage.get('SELECT 1'));
    return { ok: 1 };
  }

  admin(): {
    ping(): Promise<BsonDocument>;
    command(command: Readonly<Record<string, unknown>>): Promise<BsonDocument>;
  } {
    return { ping: () => this.command({ ping: 1 }), command: (command) => this.command(command) };
  }

  watch(): never {
    throw unsupported('change streams (watch)');
  }

  aggregate(): never {
    throw unsupported('aggregation over a database');
  }
}

/** The MongoDB driver's client, as far as mongoose calls it: one open file. */
export class EmbeddedClient {
  readonly #storage: Storage;
  readonly #database: EmbeddedDatabase;
  /** Counters of queries that no index served, by collection. */
  readonly fullScans: ReadonlyMap<string, number>;

  private constructor(storage: Storage) {
    const engine = new Engine(storage);
    this.#storage = storage;
    this.#database = new EmbeddedDatabase(engine);
    this.fullScans = engine.fullScans;
  }

  /** @throws EmbeddedOpenError */
  static async open(path: string): Promise<EmbeddedClient> {
    return new EmbeddedClient(await Storage.open(path));
  }

  db(name?: string): EmbeddedDatabase {
    if (name !== undefined && name !== this.#database.databaseName) throw unsupported(`second database ('${name}')`);
    return this.#database;
  }

  startSession(): never {
    throw unsupported('sessions and transactions');
  }

  async withSession(): Promise<never> {
    throw unsupported('sessions and transactions');
  }

  async bulkWrite(): Promise<never> {
    throw unsupported('bulk write over several collections');
  }

  async close(): Promise<void> {
    await this.#storage.close();
  }
}
