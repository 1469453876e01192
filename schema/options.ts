import { z } from 'zod';
import { graphqlName } from '../sources/options.ts';

/**
 * A link: a field added to a type, resolved by a root field of another source.
 *
 * An argument's value is a constant, or reads the parent:
 * - `$parent.sku`: the parent's own field; one call a parent.
 * - `$parents.sku`: the list of the field over all parents at this place; one call for all of them.
 * - `$parent.reviews { rating text }`: what the graph says of the parent, for links to prompts.
 *
 * Arguments of the root field that the link does not set stay arguments of the new field, or those of them that `expose`
 * names.
 */
export const linkOptions = z.strictObject({
  /** `source.field`: the root field to call, e.g. `inventory.batchGetStock`. */
  call: z.string().regex(/^[^.\s]+\.[A-Za-z_][A-Za-z0-9_]*$/, 'must be source.field, e.g. inventory.batchGetStock'),
  args: z.record(z.string(), z.json()).default({}),
  /** Arguments of the root field that stay arguments of the new field. Default: all that `args` does not set. */
  expose: z.array(graphqlName).optional(),
  /** With `$parents`: path to the list in the answer, e.g. `stocks`. Default: the answer is the list. */
  items: z.string().optional(),
  /** With `$parents`: the field of an item that equals the parent's. Default: items stand in the order of the parents. */
  match: z.string().optional(),
  /** The field of the answer, or of the matched item, that becomes the value. Default: all of it. */
  pick: z.string().optional(),
  /** With `match`: the value is the list of all items that match, instead of the first. */
  many: z.boolean().default(false),
  description: z.string().optional(),
});
/**
 * A type that several sources have: one type in the graph, whose fields come from all of them. Objects are recognised by
 * their key; a source that can be asked for them by it says how, as a link does.
 */
export const mergeOptions = z.strictObject({
  /** The field that all of the sources have and that tells objects apart, e.g. `sku`. Absent for plain values. */
  key: graphqlName.optional(),
  /** By source, two at the least. */
  sources: z
    .record(
      z.string(),
      z.strictObject({
        /** Root field that answers objects by their key, e.g. `products`. Absent: the source is not asked. */
        call: graphqlName.optional(),
        /** `$parent.sku` for one call per object, `$parents.sku` for one call for all; or constants. */
        args: z.record(z.string(), z.json()).default({}),
        items: z.string().optional(),
        match: z.string().optional(),
      }),
    )
    .refine((sources) => Object.keys(sources).length > 1, 'must name two sources or more'),
});
export type MergeOptions = z.infer<typeof mergeOptions>;

/**
 * When a progressive override (`@override(label:)`) with the label holds: for a share of all requests, or for clients
 * that send a header.
 */
export const overrideOptions = z
  .strictObject({
    /** Share of all requests, 0 to 100. */
    percent: z.number().min(0).max(100).optional(),
    /** Name of a header of the client's. */
    header: z
      .string()
      .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'must be a header name')
      .optional(),
    /** What the header must say. Absent: anything. */
    value: z.string().optional(),
  })
  .refine(
    ({ percent, header }) => (percent === undefined) !== (header === undefined),
    'must have `percent` or `header`',
  )
  .refine(({ header, value }) => value === undefined || header !== undefined, 'has a `value` without a `header`');
export type OverrideOptions = z.infer<typeof overrideOptions>;

export type LinkOptions = z.infer<typeof linkOptions>;
