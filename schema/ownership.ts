import { type GraphQLField, GraphQLObjectType, type GraphQLSchema, isInterfaceType, isObjectType, Kind } from 'graphql';
import { describeError } from '../kernel/errors.ts';
import type { Problem } from '../kernel/problem.ts';
import type { Steps } from '../kernel/steps.ts';
import type { Source, SourceCall, SourceModel } from '../sources/source.ts';
import { openSchemaSteps } from './build-schema.ts';
import { kindsOf } from './build-schema-types.ts';
import { EMPTY_QUERY, lacksQueries } from './empty-query.ts';

/** Root types are put together from all sources; every other type belongs to one. */
export const ROOT_TYPES = ['Query', 'Mutation', 'Subscription'] as const;

/** A source with its SDL built, as composition needs it. */
export interface OwnedSource {
  readonly source: Source;
  readonly schema: GraphQLSchema;
}

/** Which source a type, a root field and a call belong to. Links add to it, they do not change it. */
export interface Ownership {
  readonly sources: ReadonlyMap<string, OwnedSource>;
  /** Type name → source name, for all types but the root types and shared scalars; of a shared type its first. */
  readonly types: ReadonlyMap<string, string>;
  /** `Query.product` → source name. */
  readonly rootFields: ReadonlyMap<string, string>;
  /** The call of a root field: its owner's, or, of a field that several subgraphs have, the named source's. */
  call(coordinate: string, sourceName?: string): SourceCall | undefined;
  /** A root field as its own source defines it, e.g. of `inventory` the field `Query.batchGetStock`. */
  rootField(sourceName: string, coordinate: string): GraphQLField<unknown, unknown> | undefined;
  objectType(name: string): GraphQLObjectType | undefined;
  field(typeName: string, fieldName: string): GraphQLField<unknown, unknown> | undefined;
  /** A field of a type as one source has it. */
  fieldIn(sourceName: string, typeName: string, fieldName: string): GraphQLField<unknown, unknown> | undefined;
  /** Whether the type is one of the source's own. */
  has(sourceName: string, typeName: string): boolean;
  /** Names of the federation sources: among them types are shared. */
  readonly federated: ReadonlySet<string>;
}

/**
 * Finds the owner of everything. Two unrelated sources never share a type or a root field silently: that is a problem
 * each, and the second source loses. `federation` is the schema that the federation sources make together, `merged` the
 * types that are configured to be one, with their sources.
 */
export function* findOwners(
  sources: readonly Source[],
  federation: GraphQLSchema | undefined,
  merged: ReadonlyMap<string, ReadonlySet<string>>,
  report: (problem: Problem) => void,
): Steps<Ownership> {
  const share = (typeName: string, one: string, other: string) => {
    if (federated.has(one) && federated.has(other)) return true;
    const sources = merged.get(typeName);
    return sources?.has(one) === true && sources.has(other);
  };
  const federated = new Set(sources.filter(({ model }) => model.federation !== undefined).map(({ name }) => name));
  const owned = new Map<string, OwnedSource>();
  const types = new Map<string, string>();
  const rootFields = new Map<string, string>();

  const operationOf = (name: string, coordinate: string) =>
    owned.get(name)?.source.model.calls.get(coordinate)?.operation;

  for (const source of sources) {
    const schema = yield* openSourceSchema(source, report);
    if (schema === undefined) continue;
    owned.set(source.name, { source, schema });
    for (const [name, kind] of kindsOf(schema)) {
      yield;
      if (name.startsWith('__')) continue;
      if (name in Object.prototype) {
        report({
          path: ['sources', source.name],
          message: `Source "${source.name}" has a type "${name}", a name that every JavaScript object has for itself.`,
          suggestion: 'Rename the type in its document.',
        });
        continue;
      }
      if ((ROOT_TYPES as readonly string[]).includes(name)) {
        const type = schema.getType(name);
        if (isObjectType(type)) yield* claimRootFields(source, type, { rootFields, federated, operationOf, report });
      } else if (kind !== Kind.SCALAR_TYPE_DEFINITION) claimType(source, name, types, share, report);
    }
  }

  const [first] = owned.keys();
  if (first !== undefined && lacksQueries([...rootFields.keys()])) rootFields.set(EMPTY_QUERY, first);

  const objectType = (name: string) => {
    const owner = types.get(name);
    const shared = owner !== undefined && federated.has(owner) ? federation?.getType(name) : undefined;
    const type = shared ?? (owner === undefined ? undefined : owned.get(owner)?.schema.getType(name));
    if (!isObjectType(type)) return undefined;
    const sources = merged.get(name);
    return sources === undefined ? type : unite(type, sources);
  };
  const unite = (type: GraphQLObjectType, sources: ReadonlySet<string>): GraphQLObjectType => {
    let united = unions.get(type.name);
    if (united === undefined) {
      const types = [...sources].map((source) => owned.get(source)?.schema.getType(type.name)).filter(isObjectType);
      const fields = [...types].reverse().map((each) => each.toConfig().fields);
      united = new GraphQLObjectType({ ...type.toConfig(), fields: Object.assign({}, ...fields) as never });
      unions.set(type.name, united);
    }
    return united;
  };
  const unions = new Map<string, GraphQLObjectType>();
  return {
    sources: owned,
    types,
    rootFields,
    call: (coordinate, sourceName) => {
      const owner = sourceName ?? rootFields.get(coordinate);
      return owner === undefined ? undefined : owned.get(owner)?.source.model.calls.get(coordinate);
    },
    rootField: (sourceName, coordinate) => {
      const [typeName, fieldName] = coordinate.split('.') as [string, string];
      const type = owned.get(sourceName)?.schema.getType(typeName);
      return isObjectType(type) ? type.getFields()[fieldName] : undefined;
    },
    objectType,
    field: (typeName, fieldName) => objectType(typeName)?.getFields()[fieldName],
    fieldIn: (sourceName, typeName, fieldName) => {
      const type = owned.get(sourceName)?.schema.getType(typeName);
      return isObjectType(type) || isInterfaceType(type) ? type.getFields()[fieldName] : undefined;
    },
    has: (sourceName, typeName) => owned.get(sourceName)?.schema.getType(typeName) !== undefined,
    federated,
  };
}

/** A model never changes, and most sources stay when one comes or goes: each is built once. */
const built = new WeakMap<SourceModel, GraphQLSchema>();

function* openSourceSchema(
  { name, model }: Source,
  report: (problem: Problem) => void,
): Steps<GraphQLSchema | undefined> {
  try {
    const { sdl, enumValues } = model;
    // Constants of links are read with this schema: they must go upstream under the upstream's names.
    const schema = built.get(model) ?? (yield* openSchemaSteps(sdl, enumValues === undefined ? {} : { enumValues }));
    built.set(model, schema);
    return schema;
  } catch (error) {
    report({
      path: ['sources', name],
      message: `Source "${name}" gives no valid schema: ${describeError(error)}`,
    });
    return undefined;
  }
}

function claimType(
  source: Source,
  name: string,
  types: Map<string, string>,
  share: (typeName: string, one: string, other: string) => boolean,
  report: (problem: Problem) => void,
): void {
  const other = types.get(name);
  if (other === undefined) {
    types.set(name, source.name);
    return;
  }
  if (share(name, other, source.name)) return;
  const message = `Type "${name}" is defined by source "${other}" and by source "${source.name}".`;
  if (source.kind === 'prompt') {
    report({ path: ['prompts'], message, suggestion: 'Give it another name in the `types` of the prompt.' });
    return;
  }
  const blamed = source.kind === 'ai' ? other : source.name;
  report({
    path: ['sources', blamed],
    message,
    suggestion: `Give one of them another name, e.g. sources.${blamed}.transforms: { types: { ${name}: { name: ${camel(blamed, name).replace(/^./, (letter) => letter.toUpperCase())} } } } – or, if it is one type, declare it under \`types\`; if both are versions of one service, under \`versions\`.`,
  });
}

interface Claims {
  readonly rootFields: Map<string, string>;
  readonly federated: ReadonlySet<string>;
  readonly operationOf: (sourceName: string, coordinate: string) => string | undefined;
  readonly report: (problem: Problem) => void;
}

function* claimRootFields(source: Source, type: GraphQLObjectType, claims: Claims): Steps<void> {
  const { rootFields, federated, operationOf, report } = claims;
  for (const name of Object.keys(type.getFields())) {
    yield;
    const coordinate = `${type.name}.${name}`;
    const other = rootFields.get(coordinate);
    if (other === undefined) {
      rootFields.set(coordinate, source.name);
      continue;
    }
    if (federated.has(other) && federated.has(source.name)) continue;
    const message = `Field "${coordinate}" is defined by source "${other}" and by source "${source.name}".`;
    if (source.kind === 'prompt') {
      report({ path: ['prompts', name], message, suggestion: 'Give the prompt another name.' });
      continue;
    }
    // What comes with the models has its name: the other one must give way.
    const blamed = source.kind === 'ai' ? other : source.name;
    const operation = operationOf(blamed, coordinate) ?? name;
    report({
      path: ['sources', blamed],
      message,
      suggestion: `Give it another name, e.g. sources.${blamed}.operations: { ${JSON.stringify(operation)}: { name: ${camel(blamed, name)} } }`,
    });
  }
}

function camel(prefix: string, name: string): string {
  const head = prefix.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  return `${head}${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}
