import type { NamedType } from './root-field.ts';
import type { GraphqlType } from './types.ts';

/** What of an input type matters on its way upstream. Undefined: its values are sent as they are. */
export type WireType = undefined | 'int64' | { readonly list: WireType } | { readonly input: string };

export interface WireField {
  readonly name: string;
  /** Name of the property upstream. */
  readonly property: string;
  readonly type: WireType;
}

/** What calls have to know of the types: plain data, by name. */
export interface WireTypes {
  /** Input types whose values have other names or forms upstream. */
  readonly inputs: ReadonlyMap<string, readonly WireField[]>;
  /** Of these, the ones that are a choice: the value of the one field that is given goes upstream in their place. */
  readonly choices: ReadonlySet<string>;
  /** Types below which an Int64 is: they are written and read so that no digit is lost. */
  readonly exact: ReadonlySet<string>;
}

export function wireType(type: GraphqlType): WireType {
  if (type.kind === 'list') {
    const item = wireType(type.item);
    return item === undefined ? undefined : { list: item };
  }
  if (type.kind === 'input') return { input: type.name };
  return type.kind === 'scalar' && type.name === 'Int64' ? 'int64' : undefined;
}

export function wireTypes(types: readonly NamedType[]): WireTypes {
  const hasInt64 = (type: NamedType) => childTypes(type).some((child) => itemOf(child) === 'Int64');
  const exact = withUsers(types, hasInt64);
  const changed = withUsers(
    types,
    (type) =>
      type.kind === 'input' &&
      (type.oneOf === true || exact.has(type.name) || type.fields.some(({ name, property }) => name !== property)),
  );
  const inputs = new Map<string, readonly WireField[]>();
  const choices = new Set<string>();
  for (const type of types) {
    if (type.kind !== 'input' || !changed.has(type.name)) continue;
    if (type.oneOf === true) choices.add(type.name);
    const fields = type.fields.map(({ name, property, type: fieldType }) => ({
      name,
      property,
      type: wireType(fieldType),
    }));
    inputs.set(type.name, fields);
  }
  return { inputs, choices, exact };
}

/** Names of the types that fit, and of all that lead to them. */
function withUsers(types: readonly NamedType[], fits: (type: NamedType) => boolean): Set<string> {
  const users = new Map<string, string[]>();
  for (const type of types) {
    for (const child of childTypes(type)) {
      const item = itemOf(child);
      const known = users.get(item);
      if (known === undefined) users.set(item, [type.name]);
      else known.push(type.name);
    }
  }
  const found = new Set<string>();
  const waiting = types.filter(fits).map((type) => type.name);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    waiting.push(...(users.get(name) ?? []));
  }
  return found;
}

function childTypes(type: NamedType): readonly GraphqlType[] {
  if (type.kind === 'enum') return [];
  return type.kind === 'union' ? type.members : type.fields.map((field) => field.type);
}

/** Name of the type in all lists. */
export function itemOf(type: GraphqlType): string {
  return type.kind === 'list' ? itemOf(type.item) : type.name;
}
