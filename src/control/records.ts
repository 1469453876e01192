import type { CollectionName, Records } from '../../admin/models/index.ts';
import type { Feed } from '../../admin/store/feed.ts';

/** Collections that are kept in memory: all that requests and graphs are decided by. */
export const WATCHED = [
  'tenants',
  'users',
  'tokens',
  'apps',
  'keys',
  'products',
  'plans',
  'grants',
  'secrets',
  'webhooks',
  'revisions',
] as const;
export type Watched = (typeof WATCHED)[number];

/** Of revisions, all but what they say: that is read when a graph is built. */
export type Changed = {
  readonly [Name in Watched]: readonly (Name extends 'revisions'
    ? Omit<Records[Name], 'state' | 'file'>
    : Records[Name])[];
};

/**
 * Reads what came since it last did. Records that were read before come only when they are newer; where a read comes to
 * nothing halfway, all of it comes with the next.
 */
export interface FeedReader {
  read(): Promise<Changed>;
}

export function createFeedReader(feed: Feed): FeedReader {
  const last = new Map<Watched, number>();
  /** Versions of records that were seen not long ago: the feed is read with an overlap. */
  const seen = new Map<Watched, Map<string, number>>(WATCHED.map((name) => [name, new Map()]));
  const OVERLAP = 1_000;

  const readOne = async <Name extends Watched>(name: Name) => {
    const before = last.get(name) ?? Number.NEGATIVE_INFINITY;
    const known = seen.get(name) ?? new Map<string, number>();
    const found: Records[Name][] = [];
    let most = before;
    for await (const record of feed.since(
      name as CollectionName,
      before,
      name === 'revisions' ? (['state', 'file'] as never) : [],
    ) as AsyncIterable<Records[Name]>) {
      most = Math.max(most, record.seq);
      if ((known.get(record._id) ?? -1) >= record.seq) continue;
      found.push(record);
    }
    const remember = () => {
      for (const { _id, seq } of found) known.set(_id, seq);
      for (const [id, seq] of known) if (seq < most - 2 * OVERLAP) known.delete(id);
      if (most > Number.NEGATIVE_INFINITY) last.set(name, most);
    };
    return { found, remember };
  };
  return {
    async read() {
      const changed: Partial<Record<Watched, unknown>> = {};
      const read: { remember(): void }[] = [];
      for (const name of WATCHED) {
        const one = await readOne(name);
        changed[name] = one.found;
        read.push(one);
      }
      for (const { remember } of read) remember();
      return changed as unknown as Changed;
    },
  };
}
