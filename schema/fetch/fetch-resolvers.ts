import {
  type FieldNode,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isObjectType,
} from 'graphql';
import type { Selected, SelectionShape, Source, SourceModel } from '../../sources/source.ts';
import type { Composition } from '../compose.ts';
import type { GraphContext } from '../request-context.ts';
import type { Resolver, ResolverOptions } from '../resolvers.ts';
import type { EntityFetch, FieldPlans } from './fetch-plan.ts';
import { namesOf } from './names.ts';
import { argumentKey } from './response-keys.ts';
import { type FetchRunner, ownValue, readMade } from './run-fetches.ts';

/** Resolvers that read what was planned for a document's fields. */
export function createFetchResolvers(
  composition: Composition,
  plans: FieldPlans,
  runner: FetchRunner,
): Pick<ResolverOptions, 'selection' | 'wrapCall' | 'readNeeds' | 'fieldResolver' | 'addedFields'> {
  return {
    selection: (typeName) => (info) => plannedSelection(plans, typeName, info),
    wrapCall: (coordinate, call, resolve) =>
      call.usesSelection === true ? callResolver(coordinate, resolve, plans, runner) : resolve,
    readNeeds: (link) => (parent, context, info) => {
      const needs = plans.get(info.fieldNodes[0] as FieldNode, link.typeName)?.needs;
      return needs === undefined ? undefined : runner.needs(needs, parent, context, info.variableValues);
    },
    fieldResolver: (source, schema, typeName, fieldName) =>
      needsResolver(source, schema, typeName, fieldName, composition)
        ? fieldResolver(source.model.properties?.get(`${typeName}.${fieldName}`) ?? fieldName, typeName, plans, runner)
        : undefined,
    addedFields: fieldsOfInterfaceObjects(composition, (typeName, fieldName) =>
      fieldResolver(fieldName, typeName, plans, runner),
    ),
  };
}

/** Of each model once: a source may have thousands of calls, and is asked for each of its fields. */
const selecting = new WeakMap<SourceModel, boolean>();

function takesSelections(model: SourceModel): boolean {
  const known = selecting.get(model);
  if (known !== undefined) return known;
  const found = [...model.calls.values()].some(({ usesSelection }) => usesSelection === true);
  selecting.set(model, found);
  return found;
}

/** Whether a field's value may stand elsewhere than under the field's name in its parent. */
function needsResolver(
  { name, model }: Source,
  schema: GraphQLSchema,
  typeName: string,
  fieldName: string,
  { ownership, supergraph, merges }: Composition,
): boolean {
  if (merges.has(typeName)) return true;
  if (model.federation === undefined && !takesSelections(model)) return false;
  const type = schema.getType(typeName);
  const field = isObjectType(type) ? type.getFields()[fieldName] : undefined;
  if (field === undefined) return false;
  if (field.args.length > 0 || namesOf(model).mixed(schema).has(`${typeName}.${fieldName}`)) return true;
  if (!ownership.federated.has(name)) return false;
  const result = supergraph?.types.get(getNamedType(field.type).name);
  const isTyped = [...(result?.subgraphs.values() ?? [])].some(({ isInterfaceObject }) => isInterfaceObject);
  const shared = supergraph?.types.get(typeName);
  return (
    isTyped ||
    isAbstractType(getNamedType(field.type)) ||
    shared === undefined ||
    shared.subgraphs.size > 1 ||
    shared.interfaces.length > 0
  );
}

function callResolver(coordinate: string, resolve: Resolver, plans: FieldPlans, runner: FetchRunner): Resolver {
  const [typeName] = coordinate.split('.') as [string];
  return (parent, args, context, info) => {
    const plan = plans.get(info.fieldNodes[0] as FieldNode, typeName);
    if (plan?.parts !== undefined) return runner.parts(plan.parts, context, info.variableValues);
    const value =
      plan?.root === undefined
        ? resolve(parent, args, context, info)
        : runner.root(plan.root, plan.key ?? info.fieldName, context, info.variableValues);
    return plan?.typed === undefined ? value : withTypes(value, plan.typed, runner, context, info);
  };
}

/** What subgraphs add to all types of an interface, by knowing it as an object. */
function fieldsOfInterfaceObjects(
  { supergraph }: Composition,
  create: (typeName: string, fieldName: string) => Resolver,
): ReadonlyMap<string, ReadonlyMap<string, Resolver>> {
  const added = new Map<string, Map<string, Resolver>>();
  for (const type of supergraph?.types.values() ?? []) {
    const names = [...type.fields.values()].filter(({ isFromInterfaceObject }) => isFromInterfaceObject);
    if (type.kind !== 'object' || names.length === 0) continue;
    added.set(type.name, new Map(names.map(({ name }) => [name, create(type.name, name)])));
  }
  return added;
}

function fieldResolver(name: string, typeName: string, plans: FieldPlans, runner: FetchRunner): Resolver {
  return (parent, _args, context, info) => {
    const node = info.fieldNodes[0] as FieldNode;
    const plan = plans.get(node, typeName);
    if (plan === undefined) return ownValue(parent, argumentKey(node, name));
    const { read, key = argumentKey(node, name) } = plan;
    const valueIn = (holder: unknown) => (read === undefined ? ownValue(holder, key) : readMade(read, holder));
    const value =
      plan.entity === undefined
        ? valueIn(parent)
        : runner.entity(plan.entity, parent, context, info.variableValues).then((entity) => valueIn(entity) ?? null);
    return plan.typed === undefined ? value : withTypes(value, plan.typed, runner, context, info);
  };
}

/** Interface objects with the type that another subgraph tells; one that is not known there is null. */
async function withTypes(
  value: unknown,
  typed: EntityFetch,
  runner: FetchRunner,
  context: GraphContext,
  info: GraphQLResolveInfo,
): Promise<unknown> {
  const found = await value;
  if (Array.isArray(found)) {
    // One that cannot be told is an error in its own place.
    const told = (item: unknown) => withTypes(item, typed, runner, context, info).catch((error: unknown) => error);
    return Promise.all(found.map(told));
  }
  if (typeof found !== 'object' || found === null || found instanceof Error) return found;
  const entity = await runner.entity(typed, found, context, info.variableValues);
  return entity === null ? null : { ...found, __typename: entity.__typename };
}

/** Conditions can choose another set of nodes for each request: what is kept of them is not theirs to choose. */
const MAX_MERGED_SHAPES = 64;
const mergedShapes = new WeakMap<FieldNode, { nodes: readonly FieldNode[]; shape: SelectionShape }[]>();

/** The planned selection of a field. One that is selected several times has a shape for each time: they are put together. */
function plannedSelection(plans: FieldPlans, typeName: string, info: GraphQLResolveInfo): Selected | undefined {
  const nodes = info.fieldNodes;
  const first = nodes[0] as FieldNode;
  const shape = plans.get(first, typeName)?.shape;
  if (shape === undefined) return undefined;
  if (nodes.length === 1) return { shape, values: info.variableValues };
  let known = mergedShapes.get(first);
  if (known === undefined) {
    known = [];
    mergedShapes.set(first, known);
  }
  let merged = known.find(
    (entry) => entry.nodes.length === nodes.length && entry.nodes.every((node, i) => node === nodes[i]),
  );
  if (merged === undefined) {
    const shapes = nodes.flatMap((node) => plans.get(node, typeName)?.shape ?? []);
    const text = shape.text === '' ? '' : `{ ${shapes.map((each) => each.text.slice(1, -1)).join(' ')} }`;
    merged = { nodes, shape: { text, variables: new Map(shapes.flatMap((each) => [...each.variables])) } };
    if (known.length >= MAX_MERGED_SHAPES) known.shift();
    known.push(merged);
  }
  return { shape: merged.shape, values: info.variableValues };
}
