import SchemaBuilder from '@pothos/core';
import { GraphQLError, Kind, type ValueNode } from 'graphql';
import { USER_ERROR_CODES, type UserError, UserErrors } from '../errors.ts';
import { toMoment } from '../ids.ts';
import type { AdminContext } from '../stores/context.ts';

/** What the types of Pothos are made of: resolvers get the context of the request, and nothing else. */
export interface AdminTypes {
  Context: AdminContext;
  Scalars: {
    DateTime: { Input: Date; Output: Date };
    JSON: { Input: unknown; Output: unknown };
    ID: { Input: string; Output: string };
  };
  DefaultFieldNullability: false;
}

export type Builder = ReturnType<typeof createBuilder>;

/**
 * Everything in the admin schema is built with this. Rights and tenants are no business of it: every resolver calls a
 * function of `admin/stores`, and those ask who the actor is.
 */
export function createBuilder() {
  const builder = new SchemaBuilder<AdminTypes>({ defaultFieldNullability: false });
  builder.scalarType('DateTime', {
    description: 'A moment as RFC 3339 has it: `2030-01-31T12:00:00Z`.',
    serialize: (value) => (value instanceof Date ? value : new Date(String(value))).toISOString(),
    parseValue: readMoment,
  });
  builder.scalarType('JSON', {
    description: 'Any JSON value. In a document it may be written as a GraphQL literal: `{ kind: "openapi" }`.',
    serialize: (value) => value,
    parseValue: (value) => value,
    parseLiteral: (node, variables) => readLiteral(node, variables ?? {}),
  });
  builder.queryType({
    description: 'What there is. A list shows what its caller may see, and nothing of other tenants.',
  });
  builder.mutationType({
    description:
      'What can be changed. Mistakes in what is given come as `errors` of the payload, all of them at once, and nothing is changed then.',
  });
  return builder;
}

function readMoment(value: unknown): Date {
  const moment = toMoment(value);
  if (moment === undefined)
    throw new GraphQLError('DateTime must be a moment with its zone, e.g. "2030-01-31T12:00:00Z".');
  return moment;
}

const MOST_LITERAL_DEPTH = 64;

function readLiteral(node: ValueNode, variables: Readonly<Record<string, unknown>>, depth = 0): unknown {
  if (depth > MOST_LITERAL_DEPTH) throw new GraphQLError('The JSON value is nested too deeply.');
  switch (node.kind) {
    case Kind.NULL:
      return null;
    case Kind.INT:
    case Kind.FLOAT:
      return Number(node.value);
    case Kind.LIST:
      return node.values.map((item) => readLiteral(item, variables, depth + 1));
    case Kind.OBJECT:
      return Object.fromEntries(
        node.fields.map(({ name, value }) => [name.value, readLiteral(value, variables, depth + 1)]),
      );
    case Kind.VARIABLE:
      return variables[node.name.value];
    default:
      return node.value;
  }
}

/** Types that all of the schema shares. */
export function addShared(builder: Builder) {
  const code = builder.enumType('UserErrorCode', {
    description: 'What kind of mistake it is, for programs.',
    values: Object.fromEntries(USER_ERROR_CODES.map((name) => [name, { description: CODE_DESCRIPTIONS[name] }])),
  });
  const userError = builder.objectRef<UserError>('UserError').implement({
    description: 'A mistake in what was given.',
    fields: (t) => ({
      path: t.stringList({
        description: 'Where in the input it is, e.g. `["rates", "0", "limit"]`. Empty: the input as a whole.',
        resolve: ({ path }) => [...path],
      }),
      message: t.exposeString('message', { description: 'What is wrong, for people.' }),
      code: t.field({ type: code, description: 'What kind of mistake it is.', resolve: ({ code }) => code }),
    }),
  });
  const pageInfo = builder
    .objectRef<{ readonly hasNextPage: boolean; readonly endCursor: string | null }>('PageInfo')
    .implement({
      description: 'Where a page of a list ends.',
      fields: (t) => ({
        hasNextPage: t.exposeBoolean('hasNextPage', { description: 'Whether there is more behind this page.' }),
        endCursor: t.exposeString('endCursor', {
          nullable: true,
          description: 'Give it as `after` for the next page. Null: the page is empty.',
        }),
      }),
    });
  return { userError, errorCode: code, pageInfo };
}

export type Shared = ReturnType<typeof addShared>;

const CODE_DESCRIPTIONS = {
  INVALID: 'The value cannot be taken as it is.',
  TAKEN: 'There is one of this name already.',
  NOT_FOUND: 'There is no such thing, or it is of another tenant.',
  STALE: 'Somebody else changed it since it was read: read it again.',
  FORBIDDEN: 'The roles of the caller do not allow it.',
  IN_USE: 'Something else depends on it.',
} as const;

/** What a mutation gives: what it made, or the mistakes. */
export type Outcome<T> =
  | { readonly value: T; readonly errors: readonly [] }
  | { readonly value: null; readonly errors: readonly UserError[] };

export async function outcome<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await work(), errors: [] };
  } catch (error) {
    if (error instanceof UserErrors) return { value: null, errors: error.errors };
    throw error;
  }
}

/** A question has no payload to put mistakes in: they are errors of GraphQL. */
export async function orError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UserErrors)) throw error;
    const [first] = error.errors;
    const code = first?.code === 'FORBIDDEN' ? 'FORBIDDEN' : 'BAD_REQUEST';
    throw new GraphQLError(error.message, { extensions: { code, errors: error.errors } });
  }
}

/** Inputs of GraphQL have null where nothing was given. These mean it: never, none. */
const NULLABLE: ReadonlySet<string> = new Set(['expiresAt', 'document']);
/** JSON, which is taken as it is. */
const RAW: ReadonlySet<string> = new Set(['options', 'settings']);

export function withoutNulls(input: unknown): unknown {
  if (Array.isArray(input)) return input.map(withoutNulls);
  if (typeof input !== 'object' || input === null || input instanceof Date) return input;
  return Object.fromEntries(
    Object.entries(input).flatMap(([key, value]) =>
      value === undefined || (value === null && !NULLABLE.has(key))
        ? []
        : [[key, RAW.has(key) ? value : withoutNulls(value)]],
    ),
  );
}

/** The values of an enum that is called in lower case where it is kept. */
export function enumOf<const Value extends string>(
  values: readonly Value[],
  descriptions: Readonly<Record<Value, string>>,
) {
  return Object.fromEntries(
    values.map((value) => [value.toUpperCase(), { value, description: descriptions[value] }]),
  ) as Record<string, { value: Value; description: string }>;
}
