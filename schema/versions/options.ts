import { z } from 'zod';

const date = z.iso.date('must be a date, e.g. 2027-03-01');

const version = z.strictObject({
  /** Name of a source. It comes into the graph only as a part of this. */
  source: z.string(),
  /** Share of the calls that it gets, of the sum of all weights. 0: only who asks for it by header. */
  weight: z.int().min(0).max(1_000_000),
  /** Its fields that newer versions do not have are deprecated with this date and reason. */
  deprecated: z.strictObject({ removedOn: date, reason: z.string().optional() }).optional(),
});

/** Versions of one backend side by side, the newest first: where they differ, the first one's word counts. */
export const versionOptions = z.strictObject({
  versions: z.array(version).min(2),
  /** Header of the client's request that names the source to call, against all weights. */
  header: z
    .string()
    .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'must be a header name')
    .optional(),
});
export type VersionOptions = z.infer<typeof versionOptions>;
