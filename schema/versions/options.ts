import { z } from 'zod';

const date = z.iso.date('must be a date, e.g. 2027-03-01');

const version = z
  .strictObject({
    source: z.string().describe('Name of a source. It comes into the graph only as a part of this.'),
    weight: z
      .int()
      .min(0)
      .max(1_000_000)
      .describe('Share of the calls that it gets, of the sum of all weights. 0: only who asks for it by header.'),
    deprecated: z
      .strictObject({
        removedOn: date.describe('When it goes: a date, e.g. `2027-03-01`.'),
        reason: z.string().optional().describe('What clients read beside the date.'),
      })
      .optional()
      .describe('Its fields that newer versions do not have are deprecated with this date and reason.'),
  })
  .describe('A version of a backend.');

export const versionOptions = z
  .strictObject({
    versions: z.array(version).min(2).describe('Two at the least, the newest first.'),
    header: z
      .string()
      .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'must be a header name')
      .optional()
      .describe('Header of the client’s request that names the source to call, against all weights. Default: none.'),
  })
  .describe('Versions of one backend side by side, the newest first: where they differ, the first one’s word counts.');
export type VersionOptions = z.infer<typeof versionOptions>;
