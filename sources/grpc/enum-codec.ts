import type protobuf from 'protobufjs';
import { type Codec, InputError } from './codec.ts';

/** An enum as the graph shows it. */
export interface EnumValues {
  /** GraphQL name → name in the document, in the document's order. */
  readonly names: ReadonlyMap<string, string>;
  /** Number → GraphQL name; of aliases the first. */
  readonly byNumber: ReadonlyMap<number, string>;
}

/**
 * A prefix that all values share with the enum's own name is left out: `AVAILABILITY_IN_STOCK` of `Availability` is
 * `IN_STOCK`.
 */
export function enumValues(type: protobuf.Enum): EnumValues {
  const documentNames = Object.keys(type.values);
  const prefix = `${type.name.replace(/([a-z0-9])(?=[A-Z])|([A-Z])(?=[A-Z][a-z])/g, '$&_').toUpperCase()}_`;
  const short = documentNames.map((name) => name.slice(prefix.length));
  const stripped = documentNames.every((name) => name.startsWith(prefix)) && short.every(isEnumName);
  const names = new Map<string, string>();
  const byNumber = new Map<number, string>();
  documentNames.forEach((documentName, index) => {
    const name = stripped ? (short[index] ?? documentName) : graphqlName(documentName);
    const number = type.values[documentName];
    names.set(name, documentName);
    if (number !== undefined && !byNumber.has(number)) byNumber.set(number, name);
  });
  return { names, byNumber };
}

/** Numbers that the document does not know read as its "unspecified" value, or as null if it has none. */
export function enumCodec(type: protobuf.Enum, name: string, { names, byNumber }: EnumValues): Codec {
  const zero = byNumber.get(0);
  const unknown = zero !== undefined && /(^|_)(UNSPECIFIED|UNKNOWN)$/i.test(zero) ? zero : null;
  return {
    output: name,
    input: name,
    mayReadNull: unknown === null,
    zero: zero ?? null,
    read: (value) => (typeof value === 'number' ? byNumber.get(value) : undefined) ?? unknown,
    write: (value, field) => {
      if (typeof value === 'string') {
        const number = type.values[names.get(value) ?? ''];
        if (number !== undefined) return number;
      }
      throw new InputError(`"${field}" must be one of ${[...names.keys()].join(', ')}.`);
    },
  };
}

function isEnumName(name: string): boolean {
  return /^(?!__)[A-Za-z_]\w*$/.test(name) && !/^(true|false|null)$/.test(name);
}

function graphqlName(name: string): string {
  return isEnumName(name) ? name : `${name.replace(/^_+/, '')}_`;
}
