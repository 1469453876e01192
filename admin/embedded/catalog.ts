import type { Storage } from './storage.ts';

export type KeyPattern = Readonly<Record<string, 1 | -1>>;

/** An index of a collection: its rows are (key, seq) pairs in the table `table`. */
export interface IndexEntry {
  readonly id: number;
  readonly name: string;
  readonly fields: readonly { readonly path: string; readonly parts: readonly string[]; readonly direction: 1 | -1 }[];
  readonly unique: boolean;
  /** Some document has several keys, so that two bounds may be met by different items. */
  readonly multikey: boolean;
  readonly table: string;
  readonly keyColumn: string;
}

/** A collection: its documents are (seq, id, document) rows in the table `table`. */
export interface CollectionEntry {
  readonly id: number;
  readonly name: string;
  readonly table: string;
  readonly indexes: readonly IndexEntry[];
}

const ID_FIELDS = indexFields({ _id: 1 });

/**
 * Which collections and indexes there are. Held in memory and read again when its number in the file has changed, as
 * another process may have changed it.
 */
export class Catalog {
  readonly #storage: Storage;
  #version: number | undefined;
  #collections = new Map<string, CollectionEntry>();

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  collection(name: string): CollectionEntry | undefined {
    this.#refresh();
    return this.#collections.get(name);
  }

  names(): string[] {
    this.#refresh();
    return [...this.#collections.keys()].sort();
  }

  /** Within a write transaction. */
  createCollection(name: string): CollectionEntry {
    const existing = this.collection(name);
    if (existing !== undefined) return existing;
    const id = this.#storage.run('INSERT INTO collections (name) VALUES (?)', [name]).lastInsertRowid;
    this.#storage.execute(
      `CREATE TABLE c${id} (seq INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE, document BLOB NOT NULL)`,
    );
    this.#changed();
    return this.#existing(name);
  }

  /** Within a write transaction. */
  dropCollection(entry: CollectionEntry): void {
    for (const index of entry.indexes) if (index.id !== 0) this.dropIndex(entry, index);
    this.#storage.execute(`DROP TABLE ${entry.table}`);
    this.#storage.run('DELETE FROM collections WHERE id = ?', [entry.id]);
    this.#changed();
  }

  /** Within a write transaction; the index is empty. */
  createIndex(entry: CollectionEntry, name: string, key: KeyPattern, unique: boolean): IndexEntry {
    const id = this.#storage.run(
      'INSERT INTO indexes (collection, name, fields, is_unique, multikey) VALUES (?, ?, ?, ?, 0)',
      [entry.id, name, JSON.stringify(Object.entries(key)), unique ? 1 : 0],
    ).lastInsertRowid;
    this.#storage.execute(
      `CREATE TABLE x${id} (key BLOB NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (key, seq)) WITHOUT ROWID`,
    );
    this.#changed();
    const created = this.#existing(entry.name).indexes.find((index) => index.id === id);
    if (created === undefined) throw new Error(`Index ${name} is not in the catalog.`);
    return created;
  }

  /** Within a write transaction. */
  dropIndex(_entry: CollectionEntry, index: IndexEntry): void {
    this.#storage.execute(`DROP TABLE ${index.table}`);
    this.#storage.run('DELETE FROM indexes WHERE id = ?', [index.id]);
    this.#changed();
  }

  /** Within a write transaction. */
  markMultikey(index: IndexEntry): void {
    this.#storage.run('UPDATE indexes SET multikey = 1 WHERE id = ?', [index.id]);
    this.#changed();
  }

  /** After a transaction was undone, what was read within it may not be so. */
  forget(): void {
    this.#version = undefined;
  }

  #existing(name: string): CollectionEntry {
    const entry = this.collection(name);
    if (entry === undefined) throw new Error(`Collection ${name} is not in the catalog.`);
    return entry;
  }

  #changed(): void {
    this.#storage.run('UPDATE store SET catalog = catalog + 1');
    this.#version = undefined;
  }

  #refresh(): void {
    const version = Number(this.#storage.get('SELECT catalog FROM store')?.[0]);
    if (version === this.#version) return;
    const indexes = new Map<number, IndexEntry[]>();
    const rows = this.#storage.all('SELECT collection, id, name, fields, is_unique, multikey FROM indexes ORDER BY id');
    for (const [collection, id, name, fields, unique, multikey] of rows) {
      const list = indexes.get(Number(collection)) ?? [];
      indexes.set(Number(collection), list);
      list.push({
        id: Number(id),
        name: String(name),
        fields: indexFields(Object.fromEntries(JSON.parse(String(fields)))),
        unique: unique === 1,
        multikey: multikey === 1,
        table: `x${id}`,
        keyColumn: 'key',
      });
    }
    this.#collections = new Map();
    for (const [id, name] of this.#storage.all('SELECT id, name FROM collections')) {
      const table = `c${id}`;
      const idIndex = { id: 0, name: '_id_', fields: ID_FIELDS, unique: true, multikey: false, table, keyColumn: 'id' };
      const all = [idIndex, ...(indexes.get(Number(id)) ?? [])];
      this.#collections.set(String(name), { id: Number(id), name: String(name), table, indexes: all });
    }
    this.#version = version;
  }
}

function indexFields(key: KeyPattern): IndexEntry['fields'] {
  return Object.entries(key).map(([path, direction]) => ({ path, parts: path.split('.'), direction }));
}

export function keyPattern(index: IndexEntry): KeyPattern {
  return Object.fromEntries(index.fields.map(({ path, direction }) => [path, direction]));
}
