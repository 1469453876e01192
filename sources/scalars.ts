import { GraphQLError, GraphQLScalarType, valueFromASTUntyped } from 'graphql';
import { isUpload, type Upload } from './upload.ts';

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
  Upload: new GraphQLScalarType<Upload, never>({
    name: 'Upload',
    description:
      'A file, sent with a GraphQL multipart request (https://github.com/jaydenseric/graphql-multipart-request-spec).',
    serialize: () => {
      throw new GraphQLError('An Upload can only be given, not be answered.');
    },
    parseValue: (value) => {
      if (isUpload(value)) return value;
      throw new GraphQLError('An Upload must be a file of a multipart request.');
    },
    parseLiteral: (node) => {
      throw new GraphQLError('An Upload must be given by a variable.', { nodes: node });
    },
  }),
} as const;

/** Those of a signed and of an unsigned integer of 64 bits together: what has the one range checks it itself. */
const LEAST = -(2n ** 63n);
const MOST = 2n ** 64n - 1n;
/** As many digits fit whatever they are. */
const SURE_DIGITS = 18;

function integerText(value: unknown): string {
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  const digits = typeof text === 'bigint' ? text.toString() : text;
  if (typeof digits !== 'string' || !/^-?\d{1,20}$/.test(digits)) {
    throw new GraphQLError('Int64 must be an integer, as a number or as a string of digits.');
  }
  if (digits.length > SURE_DIGITS && (BigInt(digits) < LEAST || BigInt(digits) > MOST)) {
    throw new GraphQLError('Int64 must be an integer of 64 bits.');
  }
  return digits;
}
