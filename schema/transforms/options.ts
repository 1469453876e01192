import { z } from 'zod';

/** A GraphQL name that does not begin with two underscores. */
const name = z.string().regex(/^(?!__)[A-Za-z_][A-Za-z0-9_]*$/, 'must be a GraphQL name');
const expression = z.string().min(1);

const newName = name.optional().describe('Its name in the graph. Default: as at the source.');
const description = z.string().optional().describe('What it says of itself in the graph. Default: as at the source.');
const hide = z.boolean().optional().describe('Leaves it out of the graph.');

const deprecated = z
  .union([
    z.string().min(1).describe('The reason that clients read.'),
    z.literal(true).describe('Deprecated without a reason of its own.'),
  ])
  .meta({ id: 'Deprecation', members: ['reason', 'enabled'], description: 'That something is deprecated.' })
  .optional()
  .describe('Deprecates it: with a reason that clients read, or without.');

const argumentTransform = z.strictObject({
  name: newName,
  type: z.string().optional().describe('GraphQL type in the graph, e.g. `ID!`. Default: as at the source.'),
  default: z.json().optional().describe('Value where the client gives none. Default: as at the source.'),
  hide: z.boolean().optional().describe('Clients do not see it; the default is sent.'),
  description,
});

const fieldTransform = z.strictObject({
  name: newName,
  type: z
    .string()
    .optional()
    .describe('GraphQL type in the graph, e.g. `[Product!]!`, `Int64` instead of `Int`. Default: as at the source.'),
  hide,
  deprecated,
  description,
  arguments: z
    .record(name.describe('Name of the argument at the source.'), argumentTransform)
    .meta({ id: 'ArgumentTransform', key: 'argument', description: 'What becomes of an argument.' })
    .default({})
    .describe('What becomes of its arguments, by name at the source.'),
  request: expression
    .optional()
    .describe(
      'Of root fields: makes the arguments that are sent of `{ args, headers }`. A JMESPath expression (https://jmespath.org).',
    ),
  response: expression
    .optional()
    .describe(
      'Makes the value of what came: for root fields of the answer, for others of the object the field is on. A JMESPath expression.',
    ),
});

const typeTransform = z.strictObject({
  name: newName,
  hide,
  description,
  values: z
    .record(name.describe('The value at the source.'), z.strictObject({ name: newName, hide, deprecated }))
    .meta({ id: 'EnumValueTransform', key: 'value', description: 'What becomes of a value of an enum.' })
    .default({})
    .describe('Of an enum: what becomes of its values.'),
});

export const transformOptions = z
  .strictObject({
    prefix: z
      .union([
        name,
        z.strictObject({
          types: name.optional().describe('Put before the names of types. Default: nothing.'),
          fields: name.optional().describe('Put before the names of root fields. Default: nothing.'),
        }),
      ])
      .meta({
        short: ['types', 'fields'],
        description: 'What is put before names: `catalog` makes `product` into `catalogProduct`.',
      })
      .optional()
      .describe('Put before the names of types, and of root fields (`catalog` makes `product` into `catalogProduct`).'),
    types: z
      .record(z.string().describe('Name of a type at the source; `*` stands for any letters.'), typeTransform)
      .meta({ id: 'TypeTransform', key: 'type', description: 'What becomes of a type.' })
      .default({})
      .describe('What becomes of types, by name at the source; `*` stands for any letters.'),
    fields: z
      .record(
        z.string().describe('`Type.field` at the source, e.g. `Query.products`; `*` stands for any letters.'),
        fieldTransform,
      )
      .meta({ id: 'FieldTransform', key: 'field', description: 'What becomes of a field.' })
      .default({})
      .describe(
        'What becomes of fields, by `Type.field` at the source, e.g. `Query.products`; `*` stands for any letters.',
      ),
  })
  .meta({
    id: 'Transforms',
    description: 'What becomes of a source’s types and fields before they come into the graph.',
  });
export type TransformOptions = z.infer<typeof transformOptions>;
export type FieldTransform = z.infer<typeof fieldTransform>;
export type TypeTransform = z.infer<typeof typeTransform>;
