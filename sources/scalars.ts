import { GraphQLError, GraphQLScalarType, valueFromASTUntyped } from 'graphql';

/** Scalars a source's SDL may declare beside GraphQL's own five. */
export const SCALARS = {
  JSON: new GraphQLScalarType({
    name: 'JSON',
    description: 'Any JSON value: for data whose shape the source does not tell.',
    serialize: (value) => value,
    parseValue: (value) => value,
    parseLiteral: (node, variables) => valueFromASTUntyped(node, variables),
  }),
  Int64: new GraphQLScalarType<string, string>({
    name: 'Int64',
    description: 'A 64-bit integer, written as a string of decimal digits so that no client loses precision.',
    serialize: integerText,
    parseValue: integerText,
    parseLiteral: (node) => {
      if (node.kind === 'IntValue' || node.kind === 'StringValue') return integerText(node.value);
      throw new GraphQLError('Int64 must be an integer, as a number or as a string of digits.', { nodes: node });
    },
  }),
} as const;

function integerText(value: unknown): string {
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  const digits = typeof text === 'bigint' ? text.toString() : text;
  if (typeof digits !== 'string' || !/^-?\d{1,20}$/.test(digits)) {
    throw new GraphQLError('Int64 must be an integer, as a number or as a string of digits.');
  }
  return digits;
}
