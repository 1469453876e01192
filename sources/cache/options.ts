import { z } from 'zod';
import { graphqlName } from '../options.ts';

const ttlMs = z.int().min(0).max(31_536_000_000);
const laterMs = z.int().min(0).max(31_536_000_000).default(0);
const tags = z.array(z.string().min(1)).default([]);

/** How long answers are kept, and for whom. */
const keepOptions = z.strictObject({
  /** How long an answer is fresh, in milliseconds; it wins over what the service says. 0: never kept. Default: as the service says. */
  ttlMs: ttlMs.optional(),
  /** How long after that it is still given while it is asked for anew, in milliseconds. */
  staleWhileRevalidateMs: laterMs,
  /** How long after that it is given when the service fails, in milliseconds. */
  staleIfErrorMs: laterMs,
  /** Who may be given an answer: everybody, or callers of the same scope. Default: `caller` where headers go on or the service says `private`. */
  scope: z.enum(['shared', 'caller']).optional(),
  /** Names under which answers can be dropped, also by other sources. */
  tags,
});
export type KeepOptions = z.infer<typeof keepOptions>;

/** A number stands for `{ ttlMs: … }`. */
const keep = z.union([ttlMs, keepOptions]);

/** What a mutation that ran without an error takes out. */
const invalidateOptions = z.strictObject({
  /** Answers of these queries; patterns. */
  fields: z.array(z.string().min(1)).default([]),
  /** Answers that could hold an object of these types. */
  types: z.array(graphqlName).default([]),
  /** `Product.sku` → where the mutation tells it: answers with this product. `$args.…` or `$result.…`. */
  ids: z
    .record(
      z.string().regex(/^[A-Za-z_]\w*\.[A-Za-z_]\w*$/, 'must be Type.field'),
      z.string().regex(/^\$(args|result)(\.[A-Za-z_]\w*)*$/, 'must be $args.name or $result.name'),
    )
    .default({}),
  /** Answers under these names, of any source. */
  tags,
});
export type InvalidateOptions = z.infer<typeof invalidateOptions>;

/** Answers to queries that are kept. Names are the source's own, before transforms. */
export const sourceCacheOptions = z.strictObject({
  /** Queries by name or pattern; a name wins, then the first pattern that fits. */
  fields: z.record(z.string().min(1), keep).default({}),
  /** Types of a federation subgraph whose entities are kept, by name or pattern. */
  entities: z.record(z.string().min(1), keep).default({}),
  /** All other queries are kept as far as the service's Cache-Control, Expires and ETag allow. */
  upstream: z.boolean().default(false),
  /** Mutations by name or pattern; all that fit count. */
  invalidate: z.record(z.string().min(1), invalidateOptions).default({}),
});
export type SourceCacheOptions = z.infer<typeof sourceCacheOptions>;

/** Where answers are kept. */
export const cacheOptions = z.strictObject({
  /** `memory`, or the address of a Redis that all instances share. */
  store: z
    .string()
    .regex(/^(memory|rediss?:\/\/\S+)$/, 'must be memory, or an address that begins with redis:// or rediss://')
    .default('memory'),
  /** Bytes that memory may hold; Redis has its own `maxmemory`. */
  maxBytes: z.int().min(1_048_576).default(134_217_728),
  /** Begins the name of each key in Redis. */
  prefix: z.string().min(1).default('skein'),
  /** How long a request waits for Redis before it goes on without, in milliseconds. */
  waitMs: z.int().min(1).max(10_000).default(50),
});
export type CacheOptions = z.infer<typeof cacheOptions>;
