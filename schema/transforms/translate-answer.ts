import {
  type DocumentNode,
  type GraphQLInputType,
  type GraphQLNamedType,
  getNamedType,
  isAbstractType,
  isEnumType,
  isLeafType,
  Kind,
  type SelectionSetNode,
  specifiedScalarTypes,
} from 'graphql';
import { SCALARS } from '../../sources/scalars.ts';
import { fieldAt, type Plan } from './plan.ts';
import { readInput } from './read-input.ts';
import type { SourceNames } from './source-names.ts';

/** Where an answer tells of an object of several possible types which one it is. */
export const TYPE_KEY = 'skein__type';

/** What is selected of an object, all of it together. */
interface Group {
  readonly staticType: string;
  readonly sets: SelectionSetNode[];
  readonly byType: Map<string, ReadonlyMap<string, Selected>>;
}

interface Selected {
  readonly read: ((value: unknown) => unknown) | undefined;
  readonly below: Group | undefined;
}

/** Makes answers to an operation, which has the source's names and the graph's keys, ones in the graph's words. */
export function createAnswerReader(document: DocumentNode, rootType: string, plan: Plan, names: SourceNames) {
  const { schema } = plan;
  const fragments = new Map(
    document.definitions.flatMap((node) => (node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node]] : [])),
  );
  const leaves = createLeafReaders(plan);

  const isOf = (typeName: string, condition: string): boolean => {
    if (typeName === condition) return true;
    const [type, wanted] = [schema.getType(typeName), schema.getType(condition)];
    return isAbstractType(wanted) && type !== undefined && schema.isSubType(wanted, type as never);
  };

  function collect(set: SelectionSetNode, typeName: string, into: Map<string, Selected>): void {
    for (const node of set.selections) {
      if (node.kind === Kind.FIELD) {
        const key = (node.alias ?? node.name).value;
        const { value: name } = node.name;
        if (key === TYPE_KEY) continue;
        if (name === '__typename') {
          into.set(key, { read: typenameReader, below: undefined });
          continue;
        }
        const coordinate = `${typeName}.${name}`;
        const type = fieldAt(schema, coordinate)?.type;
        const inner = type === undefined ? undefined : getNamedType(type as GraphQLInputType);
        const known = into.get(key);
        if (node.selectionSet === undefined)
          into.set(key, { read: inner && leaves(coordinate, inner), below: undefined });
        else if (known?.below !== undefined) known.below.sets.push(node.selectionSet);
        else {
          const staticType = inner?.name ?? '';
          into.set(key, { read: undefined, below: { staticType, sets: [node.selectionSet], byType: new Map() } });
        }
        continue;
      }
      const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
      const condition = fragment?.typeCondition?.name.value;
      if (fragment !== undefined && (condition === undefined || isOf(typeName, names.fromService(condition))))
        collect(fragment.selectionSet, typeName, into);
    }
  }

  const typenameReader = (value: unknown) =>
    typeof value === 'string' ? plan.names.type(names.fromService(value)) : value;

  function readObject(value: unknown, group: Group): unknown {
    if (Array.isArray(value)) return value.map((item) => readObject(item, group));
    if (typeof value !== 'object' || value === null) return value;
    const own: unknown = Object.hasOwn(value, TYPE_KEY) ? Reflect.get(value, TYPE_KEY) : undefined;
    const typeName = typeof own === 'string' ? names.fromService(own) : group.staticType;
    let fields = group.byType.get(typeName);
    if (fields === undefined) {
      const collected = new Map<string, Selected>();
      for (const set of group.sets) collect(set, typeName, collected);
      fields = collected;
      // A service can name any number of types.
      if (own === undefined || schema.getType(typeName) !== undefined) group.byType.set(typeName, fields);
    }
    const result: Record<string, unknown> = {};
    for (const [key, { read, below }] of fields) {
      if (!Object.hasOwn(value, key)) continue;
      const item: unknown = Reflect.get(value, key);
      result[key] = below === undefined ? (read === undefined ? item : read(item)) : readObject(item, below);
    }
    return result;
  }

  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  const sets = operation === undefined ? [] : [operation.selectionSet];
  const root: Group = { staticType: rootType, sets, byType: new Map() };
  return (data: Readonly<Record<string, unknown>>) => readObject(data, root) as Record<string, unknown>;
}

const STANDARD: ReadonlyMap<string, GraphQLInputType> = new Map(
  [...specifiedScalarTypes, ...Object.values(SCALARS)].map((type) => [type.name, type]),
);

function createLeafReaders({ schema, types, names }: Plan) {
  return (coordinate: string, named: GraphQLNamedType): ((value: unknown) => unknown) | undefined => {
    if (!isLeafType(named)) return undefined;
    const changed = types.get(coordinate);
    if (changed?.isOtherLeaf === true) {
      const type = STANDARD.get(changed.named) ?? schema.getType(changed.named);
      return type === undefined ? undefined : each((value) => shownAs(type as GraphQLInputType, value));
    }
    if (!isEnumType(named)) return undefined;
    const values = new Map(named.getValues().map(({ name }) => [name as unknown, names.value(named.name, name)]));
    return each((value) => values.get(value) ?? value);
  };
}

/** Null stays null, and lists are read item by item. */
function each(read: (value: unknown) => unknown): (value: unknown) => unknown {
  const reader = (value: unknown): unknown => {
    if (value === null || value === undefined) return value;
    return Array.isArray(value) ? value.map(reader) : read(value);
  };
  return reader;
}

/** What does not fit is left for the graph to refuse. */
function shownAs(type: GraphQLInputType, value: unknown): unknown {
  try {
    return readInput(type, value);
  } catch {
    return value;
  }
}
