import { Catalog, type CollectionEntry } from './catalog.ts';
import type { Storage } from './storage.ts';

/** What the operations share: the file, what is in it, and counters that show whether indexes serve the queries. */
export class Engine {
  readonly storage: Storage;
  readonly catalog: Catalog;
  /** Queries that no index served, by collection, since the store was opened. A test holds them at zero. */
  readonly fullScans = new Map<string, number>();

  constructor(storage: Storage) {
    this.storage = storage;
    this.catalog = new Catalog(storage);
  }

  /** `undefined` for a collection that does not exist: it is empty. */
  read<T>(name: string, work: (collection: CollectionEntry | undefined) => T): Promise<T> {
    return this.storage.read(() => work(this.catalog.collection(name)));
  }

  async write<T>(work: () => T): Promise<T> {
    try {
      return await this.storage.write(work);
    } catch (error) {
      this.catalog.forget();
      throw error;
    }
  }

  /** One transaction over a collection, which is created when it does not exist. */
  writeTo<T>(name: string, work: (collection: CollectionEntry) => T): Promise<T> {
    return this.write(() => work(this.catalog.createCollection(name)));
  }

  countFullScan(collection: string): void {
    this.fullScans.set(collection, (this.fullScans.get(collection) ?? 0) + 1);
  }
}
