/** What stands in a table, under a key of its own. */
export interface TableEntry {
  readonly key: string;
  /** The table's: the next in the same bucket. */
  next: this | undefined;
}

const BUCKETS = 1_024;
/** Keys end with what tells them apart: a path, a body with its variables. */
const HASHED_CHARACTERS = 96;

/**
 * What is under way, by key. Not a `Map`: one whose entries come and go makes itself a new table every few entries, and
 * V8 keeps the old ones, with all that they held, until it collects everything.
 */
export class ReadTable<E extends TableEntry> {
  readonly #buckets: (E | undefined)[] = Array.from({ length: BUCKETS }, () => undefined);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: string): E | undefined {
    let entry = this.#buckets[bucketOf(key)];
    while (entry !== undefined && entry.key !== key) entry = entry.next;
    return entry;
  }

  /** There must be none of its key. */
  add(entry: E): void {
    const bucket = bucketOf(entry.key);
    entry.next = this.#buckets[bucket];
    this.#buckets[bucket] = entry;
    this.#size += 1;
  }

  /** Without effect if it does not stand there. */
  remove(entry: E): void {
    const bucket = bucketOf(entry.key);
    let before: E | undefined;
    let found = this.#buckets[bucket];
    while (found !== undefined && found !== entry) {
      before = found;
      found = found.next;
    }
    if (found === undefined) return;
    if (before === undefined) this.#buckets[bucket] = entry.next;
    else before.next = entry.next;
    entry.next = undefined;
    this.#size -= 1;
  }

  clear(): void {
    this.#buckets.fill(undefined);
    this.#size = 0;
  }
}

function bucketOf(key: string): number {
  let hash = key.length;
  for (let at = Math.max(0, key.length - HASHED_CHARACTERS); at < key.length; at += 1) {
    hash = (Math.imul(hash, 31) + key.charCodeAt(at)) | 0;
  }
  return (hash ^ (hash >>> 15)) & (BUCKETS - 1);
}
