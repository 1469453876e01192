import { z } from 'zod';
import { cacheOptions } from '../../../sources/cache/options.ts';
import type { RateLimit } from '../../identity/caller.ts';

/** Where requests are counted. */
export const ratesOptions = z.strictObject({
  /** `memory`, each instance for itself, or the address of a Redis that all instances share. */
  store: cacheOptions.shape.store,
  /** Begins the name of each key in Redis. */
  prefix: cacheOptions.shape.prefix,
  /** How long a request waits for Redis before it is counted here, in milliseconds. */
  waitMs: cacheOptions.shape.waitMs,
});
export type RatesOptions = z.infer<typeof ratesOptions>;

/** So many requests in a window. */
export const rateOptions = z.strictObject({
  limit: z.int().min(1).max(1_000_000_000),
  windowSeconds: z.int().min(1).max(2_678_400),
  /** `Type.field`: only what selects it counts, once for every time it is selected. Default: each request counts one. */
  field: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*$/, 'must be Type.field')
    .optional(),
});
export type RateOptions = z.infer<typeof rateOptions>;

/** The limits of a key of skein.yaml, as its caller has them. */
export function configuredRates(keyName: string, rates: readonly RateOptions[]): readonly RateLimit[] {
  return rates.map(({ limit, windowSeconds, field }) => ({
    ...{ subject: `config:${keyName}`, name: 'key', limit, windowMs: windowSeconds * 1_000 },
    ...(field === undefined ? {} : { field }),
  }));
}
