import {
  type FieldNode,
  type GraphQLNamedType,
  type GraphQLOutputType,
  getNamedType,
  isInterfaceType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import type { Plan } from '../schema/plan/plan.ts';
import type { Generation } from '../schema/registry.ts';
import type { SourceKind } from '../sources/source.ts';

/** The operation that a result is of. */
export interface Origin {
  readonly plan: Pick<Plan, 'document' | 'operation'>;
  readonly generation: Pick<Generation, 'schema' | 'composition'>;
}

/** Where a value of a result comes from. */
export interface ValueOrigin {
  /** `Product.count`. */
  readonly field: string;
  readonly type: GraphQLOutputType;
  /** Undefined where several sources have the field. */
  readonly source: string | undefined;
  /** The field whose `type` the source's transforms can change; undefined where they cannot. */
  readonly retypable: string | undefined;
}

/** Kinds whose documents say less than their answers: what GraphQL services answer, they have checked themselves. */
const RETYPABLE: ReadonlySet<SourceKind | undefined> = new Set<SourceKind>(['openapi', 'grpc', 'soap']);

/** Finds the field that an error's path ends at; undefined where it could be one of several. */
export function originOf({ plan, generation }: Origin, path: readonly (string | number)[]): ValueOrigin | undefined {
  const { operation, document } = plan;
  const { schema, composition } = generation;
  const root = schema.getRootType(operation.operation);
  if (root == null) return undefined;
  const fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [],
    ),
  );

  /** Fields of a selection with the response key, each with the type it is selected on. */
  const collect = (
    selectionSet: SelectionSetNode,
    on: GraphQLNamedType,
    key: string,
    found: Found[],
    spread: Set<string>,
  ): void => {
    for (const node of selectionSet.selections) {
      if (node.kind === Kind.FIELD) {
        if ((node.alias ?? node.name).value === key) found.push({ node, on });
        continue;
      }
      if (node.kind === Kind.FRAGMENT_SPREAD && spread.has(node.name.value)) continue;
      if (node.kind === Kind.FRAGMENT_SPREAD) spread.add(node.name.value);
      const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
      if (fragment === undefined) continue;
      const condition = fragment.typeCondition;
      const inner = condition === undefined ? on : schema.getType(condition.name.value);
      if (inner !== undefined) collect(fragment.selectionSet, inner, key, found, spread);
    }
  };

  let levels: { readonly selectionSet: SelectionSetNode; readonly on: GraphQLNamedType }[] = [
    { selectionSet: operation.selectionSet, on: root },
  ];
  let found: Found[] = [];
  for (const key of path) {
    if (typeof key === 'number') continue;
    found = [];
    for (const { selectionSet, on } of levels) collect(selectionSet, on, key, found, new Set());
    levels = found.flatMap(({ node, on }) => {
      const type = fieldOf(on, node)?.type;
      return type === undefined || node.selectionSet === undefined
        ? []
        : [{ selectionSet: node.selectionSet, on: getNamedType(type) }];
    });
  }
  const [first] = found;
  if (first === undefined || new Set(found.map(({ node, on }) => `${on.name}.${node.name.value}`)).size > 1) {
    return undefined;
  }
  const field = fieldOf(first.on, first.node);
  return field && { field: `${first.on.name}.${field.name}`, type: field.type, ...ownerOf(composition, first) };
}

interface Found {
  readonly node: FieldNode;
  readonly on: GraphQLNamedType;
}

function fieldOf(type: GraphQLNamedType, node: FieldNode) {
  return isObjectType(type) || isInterfaceType(type) ? type.getFields()[node.name.value] : undefined;
}

function ownerOf(
  { ownership, links }: Generation['composition'],
  { node, on }: Found,
): Pick<ValueOrigin, 'source' | 'retypable'> {
  const name = node.name.value;
  const kindOf = (source: string | undefined) =>
    source === undefined ? undefined : ownership.sources.get(source)?.source.kind;
  const link = links.find(({ typeName, fieldName }) => typeName === on.name && fieldName === name);
  if (link !== undefined) {
    const isWhole = link.pick === undefined && link.items.length === 0 && link.batch === undefined;
    return { source: link.target, retypable: isWhole && RETYPABLE.has(kindOf(link.target)) ? link.call : undefined };
  }
  const owners = [...ownership.sources.keys()].filter(
    (source) => ownership.fieldIn(source, on.name, name) !== undefined,
  );
  const source = owners.length === 1 ? owners[0] : undefined;
  return { source, retypable: RETYPABLE.has(kindOf(source)) ? `${on.name}.${name}` : undefined };
}
