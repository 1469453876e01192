import { z } from 'zod';

/** Shapes that several entities take. Messages go behind the name of a place: "name: must be …". */

/** What names are made of: they are in URLs, in YAML and in logs. */
export const slug = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and -, 63 at the most');
export const title = z.string().max(200, 'must have 200 characters at the most');
export const description = z.string().max(10_000, 'must have 10,000 characters at the most');
export const moment = z.date('must be a moment, e.g. 2030-01-31T12:00:00Z').nullable();

const coordinate = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*$/, 'must be Type.field, e.g. Query.products');

export const rateRule = z.strictObject({
  limit: z.int('must be a whole number').min(0, 'must not be negative').max(1_000_000_000, 'is too large'),
  windowSeconds: z
    .int('must be a whole number of seconds')
    .min(1, 'must be 1 at least')
    .max(31 * 86_400, 'must be 31 days at the most'),
  field: coordinate.nullish().transform((field) => field ?? null),
});
export const rateRules = z.array(rateRule).max(50, 'must be 50 at the most');

export const MOST_LISTED = 200;
export const listOf = <T>(item: z.ZodType<T>) => z.array(item).max(MOST_LISTED, `must be ${MOST_LISTED} at the most`);
