import {
  type ConstDirectiveNode,
  type DefinitionNode,
  type EnumTypeDefinitionNode,
  type FieldDefinitionNode,
  type InputObjectTypeDefinitionNode,
  type InputValueDefinitionNode,
  type InterfaceTypeDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  print,
  type StringValueNode,
  type TypeDefinitionNode,
  type TypeNode,
  type UnionTypeDefinitionNode,
} from 'graphql';
import type { Steps } from '../../kernel/steps.ts';
import { isRootType } from '../transforms/choose.ts';
import { deprecatedNode } from '../transforms/rewrite-document.ts';

/** The types of one version. */
export interface VersionTypes {
  readonly source: string;
  readonly types: ReadonlyMap<string, TypeDefinitionNode>;
  /** What its fields are deprecated with, where newer versions do not have them. */
  readonly deprecation: string | undefined;
}

export interface MergeTypes {
  readonly versions: readonly VersionTypes[];
  /** Calls know what is selected: a version that lacks it is not asked. */
  readonly takesSelections: boolean;
  /** One thing is not the same in two versions. */
  conflict(message: string, other: string): void;
}

interface Own<T> {
  readonly version: VersionTypes;
  readonly node: T;
}

/** The union of all types, the first version's word counting. */
export function* mergeTypes(merge: MergeTypes): Steps<readonly DefinitionNode[]> {
  const merged: DefinitionNode[] = [];
  for (const name of new Set(merge.versions.flatMap(({ types }) => [...types.keys()]))) {
    const all = merge.versions.flatMap((version): Own<TypeDefinitionNode>[] => {
      const node = version.types.get(name);
      return node === undefined ? [] : [{ version, node }];
    });
    const [first] = all;
    if (first === undefined) continue;
    const other = all.find(({ node }) => node.kind !== first.node.kind);
    if (other !== undefined) {
      merge.conflict(
        `Type "${name}" is not of one kind in "${first.version.source}" and "${other.version.source}".`,
        other.version.source,
      );
      merged.push(first.node);
    } else merged.push(yield* mergeType(described(first.node, all), all, merge));
    yield;
  }
  return merged;
}

function* mergeType(
  first: TypeDefinitionNode,
  all: readonly Own<TypeDefinitionNode>[],
  merge: MergeTypes,
): Steps<TypeDefinitionNode> {
  switch (first.kind) {
    case Kind.OBJECT_TYPE_DEFINITION:
    case Kind.INTERFACE_TYPE_DEFINITION: {
      const own = all as readonly Own<ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode>[];
      const interfaces = uniqueByName(own.flatMap(({ node }) => node.interfaces ?? []));
      const fields: FieldDefinitionNode[] = [];
      for (const one of group(own, ({ fields: list }) => list ?? [])) {
        fields.push(mergeField(first.name.value, one, own.length, merge));
        yield;
      }
      return { ...first, interfaces, fields };
    }
    case Kind.INPUT_OBJECT_TYPE_DEFINITION: {
      const own = all as readonly Own<InputObjectTypeDefinitionNode>[];
      const fields = group(own, ({ fields: list }) => list ?? []).map((one) =>
        mergeInput(`${first.name.value}.`, '', one, own, merge),
      );
      return { ...first, fields };
    }
    case Kind.UNION_TYPE_DEFINITION: {
      const own = all as readonly Own<UnionTypeDefinitionNode>[];
      return { ...first, types: uniqueByName(own.flatMap(({ node }) => node.types ?? [])) };
    }
    case Kind.ENUM_TYPE_DEFINITION: {
      const own = all as readonly Own<EnumTypeDefinitionNode>[];
      return {
        ...first,
        values: group(own, ({ values }) => values ?? []).map(([one]) => withDeprecation(one.node, one.version, merge)),
      };
    }
    default:
      return first;
  }
}

type Group<T> = readonly [Own<T>, ...Own<T>[]];

/** Members of the same name, each with the versions that have it. */
function group<N, T extends Described & { readonly name: { readonly value: string } }>(
  all: readonly Own<N>[],
  membersOf: (node: N) => readonly T[],
): Group<T>[] {
  const groups = new Map<string, [Own<T>, ...Own<T>[]]>();
  for (const { version, node } of all) {
    for (const member of membersOf(node)) {
      const known = groups.get(member.name.value);
      if (known === undefined) groups.set(member.name.value, [{ version, node: member }]);
      else known.push({ version, node: member });
    }
  }
  return [...groups.values()].map(
    ([{ version, node }, ...others]): Group<T> => [{ version, node: described(node, others) }, ...others],
  );
}

interface Described {
  readonly description?: StringValueNode | undefined;
}

/** With the words of the newest version that has any. */
function described<T extends Described>(node: T, all: readonly Own<Described>[]): T {
  if (node.description !== undefined) return node;
  const description = all.find((other) => other.node.description !== undefined)?.node.description;
  return description === undefined ? node : { ...node, description };
}

function mergeField(
  typeName: string,
  all: Group<FieldDefinitionNode>,
  having: number,
  merge: MergeTypes,
): FieldDefinitionNode {
  const [{ node: first, version }] = all;
  const coordinate = `${typeName}.${first.name.value}`;
  const other = all.find(({ node }) => bare(node.type) !== bare(first.type));
  if (other !== undefined) tellTypes(coordinate, { version, node: first }, other, merge);
  let type = all.reduce<TypeNode>(
    (merged, { node }) => (bare(node.type) === bare(merged) ? nullableOf(merged, node.type) : merged),
    first.type,
  );
  const isOld = version !== merge.versions[0];
  const isPartial = all.length < having && !(merge.takesSelections || isRootType(typeName));
  if (isOld || isPartial) type = type.kind === Kind.NON_NULL_TYPE ? type.type : type;
  const args = group(all, ({ arguments: list }) => list ?? []).map((one) =>
    mergeInput(`${coordinate}(`, ')', one, all, merge),
  );
  return { ...withDeprecation(first, version, merge), type, arguments: args };
}

/** What clients must give is what all versions take. */
function mergeInput(
  before: string,
  after: string,
  all: Group<InputValueDefinitionNode>,
  owners: readonly Own<unknown>[],
  merge: MergeTypes,
): InputValueDefinitionNode {
  const [{ node: first, version }] = all;
  const coordinate = `${before}${first.name.value}${after}`;
  const other = all.find(({ node }) => bare(node.type) !== bare(first.type));
  if (other !== undefined) tellTypes(coordinate, { version, node: first }, other, merge);
  const type = all.reduce<TypeNode>(
    (merged, { node }) => (bare(node.type) === bare(merged) ? strictOf(merged, node.type) : merged),
    first.type,
  );
  if (all.length === owners.length) return { ...first, type };
  const without = owners.find((owner) => !all.some((one) => one.version === owner.version));
  const needing = all.find(({ node }) => node.type.kind === Kind.NON_NULL_TYPE && node.defaultValue === undefined);
  if (needing !== undefined && without !== undefined)
    merge.conflict(
      `"${coordinate}" must be given to "${needing.version.source}", and "${without.version.source}" does not know it.`,
      without.version.source,
    );
  // A default would be sent to all of them.
  const { defaultValue: _, ...rest } = first;
  return { ...rest, type: type.kind === Kind.NON_NULL_TYPE ? type.type : type };
}

function withDeprecation<T extends { readonly directives?: readonly ConstDirectiveNode[] }>(
  node: T,
  version: VersionTypes,
  merge: MergeTypes,
): T {
  if (version === merge.versions[0] || version.deprecation === undefined) return node;
  const others = (node.directives ?? []).filter(({ name }) => name.value !== 'deprecated');
  return { ...node, directives: [...others, deprecatedNode(version.deprecation)] };
}

/** The type without its `!`s. */
function bare(type: TypeNode): string {
  if (type.kind === Kind.NAMED_TYPE) return type.name.value;
  return type.kind === Kind.LIST_TYPE ? `[${bare(type.type)}]` : bare(type.type);
}

/** Null where it may be null in either. */
function nullableOf(one: TypeNode, other: TypeNode): TypeNode {
  return combine(one, other, (a, b) => a && b);
}

function strictOf(one: TypeNode, other: TypeNode): TypeNode {
  return combine(one, other, (a, b) => a || b);
}

function combine(one: TypeNode, other: TypeNode, isNonNull: (a: boolean, b: boolean) => boolean): TypeNode {
  const [a, b] = [one, other].map((type) => (type.kind === Kind.NON_NULL_TYPE ? type.type : type));
  if (a === undefined || b === undefined) return one;
  const inner =
    a.kind === Kind.LIST_TYPE && b.kind === Kind.LIST_TYPE ? { ...a, type: combine(a.type, b.type, isNonNull) } : a;
  const strict = isNonNull(one.kind === Kind.NON_NULL_TYPE, other.kind === Kind.NON_NULL_TYPE);
  return strict ? { kind: Kind.NON_NULL_TYPE, type: inner } : inner;
}

function uniqueByName<T extends { readonly name: { readonly value: string } }>(nodes: readonly T[]): readonly T[] {
  return [...new Map([...nodes].reverse().map((node) => [node.name.value, node])).values()].reverse();
}

function tellTypes<T extends { readonly type: TypeNode }>(
  coordinate: string,
  { version, node }: Own<T>,
  other: Own<T>,
  merge: MergeTypes,
): void {
  const [one, two] = [print(node.type), print(other.node.type)];
  merge.conflict(
    `"${coordinate}" is ${one} in "${version.source}" and ${two} in "${other.version.source}".`,
    other.version.source,
  );
}
