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
