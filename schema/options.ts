import { z } from 'zod';
import { graphqlName } from '../sources/options.ts';

export const linkOptions = z
  .strictObject({
    call: z
      .string()
      .regex(/^[^.\s]+\.[A-Za-z_][A-Za-z0-9_]*$/, 'must be source.field, e.g. inventory.batchGetStock')
      .describe('`source.field`: the root field to call, e.g. `inventory.batchGetStock`.'),
    args: z
      .record(z.string(), z.json())
      .default({})
      .describe(
        'A map: values of its arguments. Constants, or what is read of the parent: `$parent.sku` with one call a parent; `$parents.sku`, the list over all parents at this place, with one call for all; `$parent.reviews { rating text }`, what the graph says of it, for prompts.',
      ),
    expose: z
      .array(graphqlName)
      .optional()
      .describe(
        'Arguments of the root field that stay arguments of the new field. Default: all that `args` does not set.',
      ),
    items: z
      .string()
      .optional()
      .describe('With `$parents`: path to the list in the answer, e.g. `stocks`. Default: the answer is the list.'),
    match: z
      .string()
      .optional()
      .describe(
        'With `$parents`: the field of an item that equals the parent’s. Default: items stand in the order of the parents.',
      ),
    pick: z
      .string()
      .optional()
      .describe('The field of the answer, or of the matched item, that becomes the value. Default: all of it.'),
    many: z
      .boolean()
      .default(false)
      .describe('With `match`: the value is the list of all items that match, instead of the first.'),
    description: z.string().optional().describe('Shown on the field in the graph.'),
  })
  .describe('A field added to a type, resolved by a root field of another source.');
export type LinkOptions = z.infer<typeof linkOptions>;

const mergedSource = z.strictObject({
  call: graphqlName
    .optional()
    .describe('Root field that answers objects by their key, e.g. `products`. Absent: the source is not asked.'),
  args: z
    .record(z.string(), z.json())
    .default({})
    .describe('A map: `$parent.sku` for one call per object, `$parents.sku` for one call for all; or constants.'),
  items: z
    .string()
    .optional()
    .describe('With `$parents`: path to the list in the answer. Default: the answer is the list.'),
  match: z
    .string()
    .optional()
    .describe(
      'With `$parents`: the field of an item that equals the key. Default: items stand in the order of the keys.',
    ),
});

export const mergeOptions = z
  .strictObject({
    key: graphqlName
      .optional()
      .describe(
        'The field that all of the sources have and that tells objects apart, e.g. `sku`. Absent for plain values.',
      ),
    sources: z
      .record(z.string().describe('Name of the source.'), mergedSource)
      .meta({ key: 'source', description: 'A source of a merged type, and how it is asked for objects by their key.' })
      .refine((sources) => Object.keys(sources).length > 1, 'must name two sources or more')
      .describe('The sources that have the type, two at the least.'),
  })
  .describe(
    'A type that several sources have: one type in the graph, whose fields come from all of them. Objects are recognised by their key; a source that can be asked for them by it says how, as a link does.',
  );
export type MergeOptions = z.infer<typeof mergeOptions>;

export const overrideOptions = z
  .strictObject({
    percent: z.number().min(0).max(100).optional().describe('Share of all requests, in percent.'),
    header: z
      .string()
      .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'must be a header name')
      .optional()
      .describe('In the place of `percent`: name of a header of the client’s.'),
    value: z.string().optional().describe('What the header must say. Absent: anything.'),
  })
  .refine(
    ({ percent, header }) => (percent === undefined) !== (header === undefined),
    'must have `percent` or `header`',
  )
  .refine(({ header, value }) => value === undefined || header !== undefined, 'has a `value` without a `header`')
  .describe(
    'When a progressive override (`@override(label:)`) with the label holds: for a share of all requests, or for clients that send a header.',
  );
export type OverrideOptions = z.infer<typeof overrideOptions>;
