import { type Deferred, deferred } from './deferred.ts';

/** What every backend of the contract suite tells of its items, whatever its protocol calls it. */
export interface Item {
  readonly id: string;
  readonly title: string;
  readonly note: string | null;
  readonly pageCount: number;
  /** 64 bits, as decimal digits. */
  readonly copies: string;
  readonly weight: number;
  readonly lent: boolean;
  readonly binding: Binding;
  /** ISO 8601, in UTC. */
  readonly added: string;
  readonly author: { readonly name: string; readonly city: string | null };
  readonly tags: readonly string[];
  readonly grid: readonly (readonly number[])[];
}

export type Binding = 'PAPERBACK' | 'HARD_COVER';

/** Planted in words, bodies and headers of failing answers: no client may read it. */
export const SECRET = 'hunter2-of-the-library';
/** Sent to the upstream with every call: no client may read it. */
export const UPSTREAM_KEY = 'sk-of-the-gateway';

/** What a backend is asked for to make it misbehave. */
export const FAIL = 'fail';
export const REFUSE = 'refuse';
export const SLOW = 'slow';
export const LARGE = 'large';

/** Header, or metadata, by which a call is answered with what the protocol does not allow, or is not answered to the end. */
export const FAULT_HEADER = 'x-fault';
export type Fault = 'garbage' | 'half' | 'returned';

export const MAX_RESPONSE_BYTES = 50_000;
/** Bytes of each event that `watch` gives to slow readers. */
export const EVENT_BYTES = 32_768;

export class LibraryError extends Error {
  readonly isRefusal: boolean;

  constructor(isRefusal: boolean) {
    super(`Said by http://${SECRET}:5432`);
    this.isRefusal = isRefusal;
  }
}

export const ITEMS: readonly Item[] = [
  itemOf('1', {
    title: 'Reading & <Writing> "well"',
    note: 'In the cellar.',
    copies: '9007199254740993',
    binding: 'HARD_COVER',
    author: { name: 'Ada', city: 'Basel' },
    tags: ['old', '', 'a,b'],
    grid: [[1, 2], [], [3]],
  }),
  itemOf('2', { weight: -0.125, lent: true }),
  itemOf('3', { copies: '-9223372036854775808', pageCount: -2147483648 }),
];

export function itemOf(id: string, over: Partial<Item> = {}): Item {
  return {
    id,
    title: `Item ${id}`,
    note: null,
    pageCount: 12,
    copies: '9223372036854775807',
    weight: 1.5,
    lent: false,
    binding: 'PAPERBACK',
    added: '2024-02-29T23:59:59Z',
    author: { name: 'Bo', city: null },
    tags: [],
    grid: [],
    ...over,
  };
}

/** What the backends of all kinds are the doors of. */
export class Library {
  readonly #items = new Map(ITEMS.map((item) => [item.id, item]));
  /** What was asked for, in order, e.g. `itemsOf 1,2`. */
  readonly asked: string[] = [];
  readonly added: Item[] = [];
  /** Events that were given to the protocol. */
  given = 0;
  /** Streams that the protocol has closed. */
  closedStreams = 0;
  #release: Deferred<void> = deferred();

  async item(id: string): Promise<Item | null> {
    this.asked.push(`item ${id}`);
    if (id === FAIL || id === REFUSE) throw new LibraryError(id === REFUSE);
    if (id === SLOW) await this.#release.promise;
    if (id === LARGE) return itemOf(id, { title: SECRET.repeat(Math.ceil((2 * MAX_RESPONSE_BYTES) / SECRET.length)) });
    return this.#items.get(id) ?? (id === SLOW ? itemOf(id) : null);
  }

  list(limit: number | undefined, binding: Binding | undefined): Item[] {
    this.asked.push(`list ${limit ?? 'all'} ${binding ?? 'any'}`);
    const found = [...this.#items.values()].filter((item) => binding === undefined || item.binding === binding);
    return found.slice(0, limit);
  }

  /** In an order of its own, and without those that it does not have. */
  itemsOf(ids: readonly string[]): Item[] {
    this.asked.push(`itemsOf ${ids.join(',')}`);
    if (ids.includes(FAIL)) throw new LibraryError(false);
    return [...new Set(ids)].reverse().flatMap((id) => this.#items.get(id) ?? []);
  }

  add(item: Item): Item {
    if (item.id === FAIL || item.id === REFUSE) throw new LibraryError(item.id === REFUSE);
    this.asked.push(`add ${item.id}`);
    this.added.push(item);
    this.#items.set(item.id, item);
    return item;
  }

  /** Items, and then the end; `held` stays open after its items, `endless` has large ones and more than anyone reads. */
  watch(what: string): AsyncIterableIterator<Item, undefined> {
    this.asked.push(`watch ${what}`);
    const items = what === 'endless' ? endless() : ITEMS.values();
    const closed = deferred();
    let isOpen = true;
    const close = () => {
      if (!isOpen) return;
      isOpen = false;
      this.closedStreams += 1;
      closed.resolve();
    };
    const end = { done: true, value: undefined } as const;
    return {
      next: async () => {
        const { value: item } = isOpen ? items.next() : end;
        if (item !== undefined) {
          this.given += 1;
          return { done: false, value: item };
        }
        if (isOpen && what === 'held') await Promise.race([this.#release.promise, closed.promise]);
        close();
        return end;
      },
      return: async () => {
        close();
        return end;
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** Lets everybody go on who waits now. */
  release(): void {
    this.#release.resolve();
    this.#release = deferred();
  }

  reset(): void {
    this.release();
    this.asked.length = 0;
    this.added.length = 0;
    this.given = 0;
    this.closedStreams = 0;
    this.#items.clear();
    for (const item of ITEMS) this.#items.set(item.id, item);
  }
}

export const ENDLESS_EVENTS = 4_000;

function* endless(): Generator<Item> {
  const title = 'x'.repeat(EVENT_BYTES);
  for (let index = 0; index < ENDLESS_EVENTS; index += 1) yield itemOf(String(index), { title });
}
