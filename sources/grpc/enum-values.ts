import { type ProtoEnum, type ProtoEnumValue, shortName } from './proto-schema.ts';

/** A value of an enum as the graph shows it. */
export interface EnumValue extends Omit<ProtoEnumValue, 'name'> {
  /** Name in the graph. */
  readonly name: string;
}

/**
 * A prefix that all values share with the enum's own name is left out: `AVAILABILITY_IN_STOCK` of `Availability` is
 * `IN_STOCK`. Names that GraphQL does not take get a `_`.
 */
export function enumValues({ fullName, values }: ProtoEnum): readonly EnumValue[] {
  const words = shortName(fullName).replace(/([a-z0-9])(?=[A-Z])|([A-Z])(?=[A-Z][a-z])/g, '$&_');
  const prefix = `${words.toUpperCase()}_`;
  const short = values.map(({ name }) => name.slice(prefix.length));
  const isStripped = values.every(({ name }) => name.startsWith(prefix)) && short.every(isEnumName);
  const taken = new Set<string>();
  return values.map((value, index) => {
    let name = isStripped ? (short[index] ?? value.name) : graphqlName(value.name);
    while (taken.has(name)) name += '_';
    taken.add(name);
    return { ...value, name };
  });
}

/** What a number that the document does not know reads as, if it has a value for that. */
export function unknownValue(values: readonly { readonly name: string; readonly number: number }[]): string | null {
  const zero = values.find(({ number }) => number === 0);
  return zero !== undefined && /(^|_)(UNSPECIFIED|UNKNOWN)$/i.test(zero.name) ? zero.name : null;
}

function isEnumName(name: string): boolean {
  return /^(?!__)[A-Za-z_]\w*$/.test(name) && !/^(true|false|null)$/.test(name);
}

function graphqlName(name: string): string {
  if (isEnumName(name)) return name;
  const bare = name.replace(/^_+/, '');
  return /^\d|^$/.test(bare) ? `_${bare}_` : `${bare}_`;
}
