import { z } from 'zod';

const size = z.int().min(1).max(1_000_000_000);

/** `Type.field`: the coordinate of a field. */
const coordinate = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*$/, 'must be Type.field')
  .describe('`Type.field` of the graph.');

const listSize = z.union([
  size,
  z.strictObject({
    argument: z
      .string()
      .regex(
        /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/,
        'must be the name of an argument, or a path into it',
      )
      .optional()
      .describe(
        'Argument that says how many there are at the most; a path leads into one, as `page.size`. Default: by its name.',
      ),
    assumed: size.optional().describe('How many there are where no argument says it. Default: as `listSize`.'),
  }),
]);
export type ListSizeOptions = z.infer<typeof listSize>;

/** The part of `limits` that is about what operations cost. */
export const costOptions = {
  cost: z
    .int()
    .min(1)
    .optional()
    .describe('What an operation may cost: a unit for each object it may give, and for each call. Default: no limit.'),
  costUsd: z
    .number()
    .min(0)
    .optional()
    .describe('What the models that an operation asks may cost by estimate, in US dollars. Default: no limit.'),
  listSize: size.default(10).describe('How many objects a list is assumed to have, where nothing says it.'),
  listSizes: z
    .record(coordinate, listSize)
    .default({})
    .describe('How many objects lists have, by field: a number, or which argument says it.'),
};

const limits = z.object(costOptions);
export type CostOptions = z.infer<typeof limits>;
/** How long lists are. */
export type SizeOptions = Pick<CostOptions, 'listSize' | 'listSizes'>;
