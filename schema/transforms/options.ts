import { z } from 'zod';

/** A GraphQL name that does not begin with two underscores. */
const name = z.string().regex(/^(?!__)[A-Za-z_][A-Za-z0-9_]*$/, 'must be a GraphQL name');
/** A JMESPath expression (https://jmespath.org). */
const expression = z.string().min(1);

/** `true`, or the reason that clients read. */
const deprecated = z.union([z.string().min(1), z.literal(true)]);

const argumentTransform = z.strictObject({
  name: name.optional(),
  /** GraphQL type in the graph, e.g. `ID!`. */
  type: z.string().optional(),
  /** Value where the client gives none. */
  default: z.json().optional(),
  /** Clients do not see it; the default is sent. */
  hide: z.boolean().optional(),
  description: z.string().optional(),
});

const fieldTransform = z.strictObject({
  name: name.optional(),
  /** GraphQL type in the graph, e.g. `[Product!]!`, `Int64` instead of `Int`. */
  type: z.string().optional(),
  hide: z.boolean().optional(),
  deprecated: deprecated.optional(),
  description: z.string().optional(),
  arguments: z.record(name, argumentTransform).default({}),
  /** Of root fields: makes the arguments that are sent of `{ args, headers }`. */
  request: expression.optional(),
  /** Makes the value of what came: for root fields of the answer, for others of the object the field is on. */
  response: expression.optional(),
});

const typeTransform = z.strictObject({
  name: name.optional(),
  hide: z.boolean().optional(),
  description: z.string().optional(),
  /** Of an enum. */
  values: z
    .record(
      name,
      z.strictObject({ name: name.optional(), hide: z.boolean().optional(), deprecated: deprecated.optional() }),
    )
    .default({}),
});

/** What becomes of a source's types and fields before they come into the graph. */
export const transformOptions = z.strictObject({
  /** Put before the names of types, and of root fields (`catalog` makes `product` into `catalogProduct`). */
  prefix: z.union([name, z.strictObject({ types: name.optional(), fields: name.optional() })]).optional(),
  /** By name of a type at the source; `*` stands for any letters. */
  types: z.record(z.string(), typeTransform).default({}),
  /** By `Type.field` at the source, e.g. `Query.products`; `*` stands for any letters. */
  fields: z.record(z.string(), fieldTransform).default({}),
});
export type TransformOptions = z.infer<typeof transformOptions>;
export type FieldTransform = z.infer<typeof fieldTransform>;
export type TypeTransform = z.infer<typeof typeTransform>;
