import type { EnumType, GraphqlType, ObjectType, UnionType } from './types.ts';

export interface Argument {
  readonly name: string;
  readonly type: GraphqlType;
  readonly nonNull: boolean;
  readonly description: string | undefined;
  readonly deprecated: boolean;
  /** As the document has it. */
  readonly defaultValue?: unknown;
}

export interface RootField {
  readonly parent: 'Query' | 'Mutation';
  readonly name: string;
  readonly arguments: readonly Argument[];
  readonly type: GraphqlType;
  readonly description: string | undefined;
  readonly deprecated: boolean;
}

export type NamedType = EnumType | ObjectType | UnionType;

/** The types that fields lead to: what only left-out operations needed is not shown. */
export function reachableTypes(fields: readonly RootField[]): NamedType[] {
  const found = new Set<NamedType>();
  const waiting = fields.flatMap((field) => [field.type, ...field.arguments.map((argument) => argument.type)]);
  for (let type = waiting.pop(); type !== undefined; type = waiting.pop()) {
    if (type.kind === 'scalar') continue;
    if (type.kind === 'list') waiting.push(type.item);
    else if (!found.has(type)) {
      found.add(type);
      for (const below of typesOf(type)) waiting.push(below);
    }
  }
  return [...found];
}

function typesOf(type: NamedType): readonly GraphqlType[] {
  if (type.kind === 'enum') return [];
  return type.kind === 'union' ? type.members : type.fields.map((field) => field.type);
}

/**
 * Completes the interfaces among the types with the fields that all their members have. A member whose field is a
 * string where the interface has an identifier has it too.
 */
export function completeInterfaces(types: readonly NamedType[]): void {
  for (const type of types) {
    if (type.kind !== 'union' || type.fields === undefined) continue;
    const [base, ...others] = type.members.map((member) => new Map(member.fields.map((field) => [field.name, field])));
    for (const field of base?.values() ?? []) {
      const same = others.map((fields) => fields.get(field.name));
      if (!same.every((other) => other !== undefined && fits(other.type, field.type))) continue;
      if (field.type.kind === 'scalar') for (const other of same) if (other !== undefined) other.type = field.type;
      type.fields.push({ ...field, nonNull: field.nonNull && same.every((other) => other?.nonNull) });
    }
  }
}

function fits(type: GraphqlType, expected: GraphqlType): boolean {
  if (type.kind === 'list' && expected.kind === 'list') {
    return type.itemNonNull === expected.itemNonNull && fits(type.item, expected.item);
  }
  if (type.kind === 'scalar' && expected.kind === 'scalar') {
    return type.name === expected.name || (type.name === 'String' && expected.name === 'ID');
  }
  return type === expected;
}

/** Longer chains of inputs that need each other are opened as well: whoever checks them follows them recursively. */
const MAX_CHAIN = 100;

/** An input that needs itself could never be given, and GraphQL forbids it: the closing field may then be left out. */
export function openInputCycles(types: readonly NamedType[]): void {
  const chains = new Map<ObjectType, number>();
  const visit = (type: ObjectType, path: Set<ObjectType>): number => {
    const known = chains.get(type);
    if (known !== undefined) return known;
    path.add(type);
    let longest = 0;
    for (const field of type.fields) {
      if (!field.nonNull || field.type.kind !== 'input') continue;
      const below = path.has(field.type) || path.size >= MAX_CHAIN ? MAX_CHAIN : visit(field.type, path);
      if (below >= MAX_CHAIN) field.nonNull = false;
      else longest = Math.max(longest, below + 1);
    }
    path.delete(type);
    chains.set(type, longest);
    return longest;
  };
  for (const type of types) if (type.kind === 'input') visit(type, new Set());
}
