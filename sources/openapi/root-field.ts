import type { EnumType, GraphqlType, ObjectType } from './types.ts';

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

export type NamedType = EnumType | ObjectType;

/** The types that fields lead to: what only left-out operations needed is not shown. */
export function reachableTypes(fields: readonly RootField[]): NamedType[] {
  const found = new Set<NamedType>();
  const waiting = fields.flatMap((field) => [field.type, ...field.arguments.map((argument) => argument.type)]);
  for (let type = waiting.pop(); type !== undefined; type = waiting.pop()) {
    if (type.kind === 'scalar') continue;
    if (type.kind === 'list') {
      waiting.push(type.item);
    } else if (!found.has(type)) {
      found.add(type);
      if (type.kind !== 'enum') waiting.push(...type.fields.map((field) => field.type));
    }
  }
  return [...found];
}

/** An input that needs itself could never be given, and GraphQL forbids it: the closing field may then be left out. */
export function openInputCycles(types: readonly NamedType[]): void {
  const done = new Set<ObjectType>();
  const visit = (type: ObjectType, path: Set<ObjectType>) => {
    if (done.has(type)) return;
    path.add(type);
    for (const field of type.fields) {
      if (!field.nonNull || field.type.kind !== 'input') continue;
      if (path.has(field.type)) field.nonNull = false;
      else visit(field.type, path);
    }
    path.delete(type);
    done.add(type);
  };
  for (const type of types) if (type.kind === 'input') visit(type, new Set());
}
