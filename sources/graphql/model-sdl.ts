import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  isIntrospectionType,
  isNonNullType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
  Kind,
  type ObjectTypeDefinitionNode,
  parse,
  print,
  printType,
  visit,
} from 'graphql';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { didYouMean } from '../../kernel/suggest.ts';
import { createOperationFilter } from '../operation-filter.ts';
import type { OperationOptions } from '../options.ts';
import type { RootField } from './operation-text.ts';
import type { GraphqlOptions } from './options.ts';

export interface ModelSdl {
  readonly sdl: string;
  /** `Query.reviews` → the service's field, which may have another name. */
  readonly fields: ReadonlyMap<string, RootField>;
  /** `Query` → what the service calls its root type, where that is something else. */
  readonly rootNames: ReadonlyMap<string, string>;
  readonly notices: readonly Problem[];
}

interface Root {
  readonly name: 'Query' | 'Mutation' | 'Subscription';
  readonly operation: RootField['type'];
  readonly type: GraphQLObjectType;
}

/** Options that say which root fields are shown, and how. */
export type FieldOptions = Pick<GraphqlOptions, 'operations' | 'include' | 'exclude'>;

/**
 * The SDL of the source: the service's types, with the usual names for its root types and the options' names for its
 * root fields. printType leaves out the service's own directives.
 * @throws ProblemsError when no SDL can be made
 */
export function createModelSdl(
  schema: GraphQLSchema,
  options: FieldOptions,
  report: (problem: Problem) => void,
): ModelSdl {
  const roots = rootsOf(schema);
  const renamed = new Map(roots.map(({ type, name }) => [type.name, name]));
  reportUnusable(roots, options.operations, report);
  const types = Object.values(schema.getTypeMap()).filter(
    (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
  );
  for (const { name } of types) {
    if (/^(Query|Mutation|Subscription)$/.test(name) && !renamed.has(name)) {
      throw new ProblemsError([{ message: `The type ${name} is not the root type that its name promises.` }]);
    }
  }
  const shown = chooseFields(schema, roots, options, report);
  const fields = new Map(shown.fields.map(({ coordinate, field }) => [coordinate, field]));
  const dropped = roots.filter(({ name }) => !shown.fields.some(({ root }) => root === name));
  refuseMissingRoots(types, dropped);
  const document = parse(types.map((type) => printType(type)).join('\n\n'), { noLocation: true });
  const withRootFields = visit(document, {
    ObjectTypeDefinition: (node) => {
      const root = roots.find(({ type }) => type.name === node.name.value);
      if (root === undefined) return undefined;
      return dropped.includes(root) ? null : rootDefinition(node, root, shown.fields);
    },
  });
  const withRootNames = visit(withRootFields, {
    Name: (node, _key, parent) => {
      const isType =
        parent !== undefined &&
        'kind' in parent &&
        (parent.kind === Kind.NAMED_TYPE || parent.kind === Kind.OBJECT_TYPE_DEFINITION);
      const name = isType ? renamed.get(node.value) : undefined;
      return name === undefined || name === node.value ? undefined : { ...node, value: name };
    },
  });
  const rootNames = new Map(
    roots.flatMap(({ type, name }) => (type.name === name ? [] : [[name, type.name] as const])),
  );
  return { sdl: print(withRootNames), fields, rootNames, notices: shown.notices };
}

function rootsOf(schema: GraphQLSchema): Root[] {
  const query = schema.getQueryType();
  const mutation = schema.getMutationType();
  const subscription = schema.getSubscriptionType();
  return [
    ...(query ? [{ name: 'Query', operation: 'query', type: query } as const] : []),
    ...(mutation ? [{ name: 'Mutation', operation: 'mutation', type: mutation } as const] : []),
    ...(subscription ? [{ name: 'Subscription', operation: 'subscription', type: subscription } as const] : []),
  ];
}

interface ShownField {
  readonly root: Root['name'];
  /** `Query.reviews`, as it is in the graph. */
  readonly coordinate: string;
  readonly field: RootField;
}

function chooseFields(
  schema: GraphQLSchema,
  roots: readonly Root[],
  options: FieldOptions,
  report: (problem: Problem) => void,
): { fields: ShownField[]; notices: Problem[] } {
  const { operations } = options;
  const isIncluded = createOperationFilter(options);
  const uploads = uploadTypes(schema);
  const fields = new Map<string, ShownField>();
  const notices: Problem[] = [];
  for (const { name: root, operation, type } of roots) {
    for (const upstream of Object.values(type.getFields())) {
      const own = Object.hasOwn(operations, upstream.name) ? operations[upstream.name] : undefined;
      if (own?.hide === true || !isIncluded({ names: [upstream.name, `${root}.${upstream.name}`] })) continue;
      if (upstream.args.some((argument) => uploads.has(getNamedType(argument.type)))) {
        const message = `${root}.${upstream.name} takes a file (Upload), which is not sent on to GraphQL services. It is left out.`;
        notices.push({ message });
        continue;
      }
      const coordinate = `${root}.${own?.name ?? upstream.name}`;
      if (fields.has(coordinate)) {
        const message = `${upstream.name} would be a second field ${coordinate}. It is left out.`;
        report({ path: ['operations', upstream.name, 'name'], message });
        continue;
      }
      const field = {
        type: operation,
        name: upstream.name,
        arguments: argumentsOf(upstream),
        isNullable: !isNonNullType(upstream.type),
      };
      fields.set(coordinate, { root, coordinate, field });
    }
  }
  if (fields.size === 0 && notices.length === 0) {
    const path = options.include !== undefined ? ['include'] : options.exclude !== undefined ? ['exclude'] : undefined;
    report({ message: 'No root field of the service is left.', ...(path === undefined ? {} : { path }) });
  }
  return { fields: [...fields.values()], notices };
}

/** The root type with the fields that are shown. */
function rootDefinition(
  node: ObjectTypeDefinitionNode,
  { name: rootName }: Root,
  shown: readonly ShownField[],
): ObjectTypeDefinitionNode {
  const definitions = new Map(node.fields?.map((definition) => [definition.name.value, definition]));
  const fields = shown.flatMap(({ root, coordinate, field }) => {
    const definition = root === rootName ? definitions.get(field.name) : undefined;
    if (definition === undefined) return [];
    // Where the service fails, its field is null: other sources' answers in the same operation are not lost with it.
    const type = definition.type.kind === Kind.NON_NULL_TYPE ? definition.type.type : definition.type;
    const name = { ...definition.name, value: coordinate.slice(root.length + 1) };
    return [{ ...definition, type, name }];
  });
  return { ...node, fields };
}

/** @throws ProblemsError when a root type without a field that is shown is the type of another field */
function refuseMissingRoots(types: readonly GraphQLNamedType[], dropped: readonly Root[]): void {
  const problems = types.flatMap((type) => {
    if (!isObjectType(type) || dropped.some((root) => root.type === type)) return [];
    return Object.values(type.getFields()).flatMap((field): Problem[] => {
      const root = dropped.find((one) => one.type === getNamedType(field.type));
      if (root === undefined) return [];
      const message = `${type.name}.${field.name} returns ${root.name}, of which no field is left.`;
      return [{ message, suggestion: `Let a field of ${root.name} into the graph.` }];
    });
  });
  if (problems.length > 0) throw new ProblemsError(problems);
}

/** The types that a file can be in, at whatever depth. */
function uploadTypes(schema: GraphQLSchema): ReadonlySet<GraphQLNamedType> {
  const upload = schema.getType('Upload');
  if (upload === undefined || !isScalarType(upload)) return new Set();
  const holders = new Map<GraphQLNamedType, GraphQLNamedType[]>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isInputObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const inner = getNamedType(field.type);
      const known = holders.get(inner);
      if (known === undefined) holders.set(inner, [type]);
      else known.push(type);
    }
  }
  const found = new Set<GraphQLNamedType>([upload]);
  // A set that grows while it is walked is walked to its end.
  for (const type of found) for (const holder of holders.get(type) ?? []) found.add(holder);
  return found;
}

function argumentsOf(field: GraphQLField<unknown, unknown>): ReadonlyMap<string, string> {
  return new Map(field.args.map((argument) => [argument.name, String(argument.type)]));
}

function reportUnusable(
  roots: readonly Root[],
  operations: Readonly<Record<string, OperationOptions>>,
  report: (problem: Problem) => void,
): void {
  const names = new Set(roots.flatMap(({ type }) => Object.keys(type.getFields())));
  for (const [key, own] of Object.entries(operations)) {
    if (!names.has(key)) {
      const suggestion = didYouMean(key, names).trim();
      report({
        path: ['operations', key],
        message: `The service has no root field "${key}".`,
        ...(suggestion === '' ? {} : { suggestion }),
      });
    } else if (own.as !== undefined) {
      report({
        path: ['operations', key, 'as'],
        message: 'A field of a GraphQL service stays what it is there: query, mutation or subscription.',
      });
    } else if (own.responseHeaders === true) {
      report({
        path: ['operations', key, 'responseHeaders'],
        message: 'A field of a GraphQL service has no response headers of its own.',
        suggestion: "Headers of its answers can go into the client's with `returnHeaders`.",
      });
    }
  }
}
