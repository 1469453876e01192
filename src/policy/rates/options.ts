import { z } from 'zod';
import { cacheOptions } from '../../../sources/cache/options.ts';
import type { RateLimit } from '../../identity/caller.ts';

export const ratesOptions = z
  .strictObject({
    store: cacheOptions.shape.store.describe(
      '`memory`, each instance for itself, or the address of a Redis that all instances share.',
    ),
    prefix: cacheOptions.shape.prefix,
    waitMs: cacheOptions.shape.waitMs.describe(
      'How long a request waits for Redis before it is counted here, in milliseconds.',
    ),
  })
  .describe('Where requests are counted.');
export type RatesOptions = z.infer<typeof ratesOptions>;

export const rateOptions = z
  .strictObject({
    limit: z.int().min(1).max(1_000_000_000).describe('How many requests.'),
    windowSeconds: z.int().min(1).max(2_678_400).describe('In how many seconds.'),
    field: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*$/, 'must be Type.field')
      .optional()
      .describe(
        '`Type.field`: only what selects it counts, once for every time it is selected. Default: each request counts one.',
      ),
  })
  .describe('So many requests in a window.');
export type RateOptions = z.infer<typeof rateOptions>;

/** The limits of a key of skein.yaml, as its caller has them. */
export function configuredRates(keyName: string, rates: readonly RateOptions[]): readonly RateLimit[] {
  return rates.map(({ limit, windowSeconds, field }) => ({
    ...{ subject: `config:${keyName}`, name: 'key', limit, windowMs: windowSeconds * 1_000 },
    ...(field === undefined ? {} : { field }),
  }));
}
