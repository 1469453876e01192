import { z } from 'zod';
import { choiceOf } from '../../kernel/choice-of.ts';
import { graphqlName } from '../options.ts';

const ttlMs = z.int().min(0).max(31_536_000_000);
const laterMs = z.int().min(0).max(31_536_000_000).default(0);
const tags = z.array(z.string().min(1)).default([]);

const keepOptions = z.strictObject({
  ttlMs: ttlMs
    .optional()
    .describe(
      'How long an answer is fresh, in milliseconds; it wins over what the service says. 0: never kept. Default: as the service says.',
    ),
  staleWhileRevalidateMs: laterMs.describe(
    'How long after that it is still given while it is asked for anew, in milliseconds.',
  ),
  staleIfErrorMs: laterMs.describe('How long after that it is given when the service fails, in milliseconds.'),
  scope: choiceOf({ shared: 'Everybody.', caller: 'Callers of the same scope.' })
    .optional()
    .describe(
      'Who may be given an answer. Default: everybody; callers of the same scope where headers go on or the service says `private`.',
    ),
  tags: tags.describe('Names under which answers can be dropped, also by other sources.'),
});
export type KeepOptions = z.infer<typeof keepOptions>;

const keep = z
  .union([ttlMs, keepOptions])
  .meta({ id: 'CacheRule', short: 'ttlMs', description: 'How long answers are kept, and for whom.' });

const invalidateOptions = z.strictObject({
  fields: z.array(z.string().min(1)).default([]).describe('Takes out answers of these queries, by name or pattern.'),
  types: z.array(graphqlName).default([]).describe('Takes out answers that could hold an object of these types.'),
  ids: z
    .record(
      z
        .string()
        .regex(/^[A-Za-z_]\w*\.[A-Za-z_]\w*$/, 'must be Type.field')
        .describe('Coordinate of an id, e.g. `Product.sku`.'),
      z
        .string()
        .regex(/^\$(args|result)(\.[A-Za-z_]\w*)*$/, 'must be $args.name or $result.name')
        .describe('Where the mutation tells it: `$args.…` or `$result.…`.'),
    )
    .default({})
    .describe(
      '`Product.sku` → where the mutation tells it, `$args.…` or `$result.…`: takes out answers with this product.',
    ),
  tags: tags.describe('Takes out answers under these names, of any source.'),
});
export type InvalidateOptions = z.infer<typeof invalidateOptions>;

export const sourceCacheOptions = z
  .strictObject({
    fields: z
      .record(z.string().min(1).describe('Name of a query, or a pattern.'), keep)
      .default({})
      .describe('Queries whose answers are kept, by name or pattern; a name wins, then the first pattern that fits.'),
    entities: z
      .record(z.string().min(1).describe('Name of a type, or a pattern.'), keep)
      .default({})
      .describe('Types of a federation subgraph whose entities are kept, by name or pattern.'),
    upstream: z
      .boolean()
      .default(false)
      .describe('Keeps all other queries as far as the service’s Cache-Control, Expires and ETag allow.'),
    invalidate: z
      .record(z.string().min(1).describe('Name of a mutation, or a pattern.'), invalidateOptions)
      .meta({
        id: 'CacheInvalidation',
        key: 'mutation',
        description: 'What a mutation that ran without an error takes out.',
      })
      .default({})
      .describe('What mutations take out when they ran without an error, by name or pattern; all that fit count.'),
  })
  .meta({
    id: 'SourceCache',
    description: 'Answers to queries that are kept. Names are the source’s own, before transforms.',
  });
export type SourceCacheOptions = z.infer<typeof sourceCacheOptions>;

export const cacheOptions = z
  .strictObject({
    store: z
      .string()
      .regex(/^(memory|rediss?:\/\/\S+)$/, 'must be memory, or an address that begins with redis:// or rediss://')
      .default('memory')
      .describe('`memory`, or the address of a Redis that all instances share.'),
    maxBytes: z
      .int()
      .min(1_048_576)
      .default(134_217_728)
      .describe('Bytes that memory may hold; Redis has its own `maxmemory`.'),
    prefix: z.string().min(1).default('skein').describe('Begins the name of each key in Redis.'),
    waitMs: z
      .int()
      .min(1)
      .max(10_000)
      .default(50)
      .describe('How long a request waits for Redis before it goes on without, in milliseconds.'),
  })
  .describe('Where answers are kept.');
export type CacheOptions = z.infer<typeof cacheOptions>;
