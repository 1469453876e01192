import {
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  isIntrospectionType,
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
import type { OperationOptions } from '../options.ts';
import type { RootField } from './operation-text.ts';

export interface GraphqlModel {
  readonly sdl: string;
  /** `Query.reviews` → the service's field, which may have another name. */
  readonly fields: ReadonlyMap<string, RootField>;
}

interface Root {
  readonly name: 'Query' | 'Mutation' | 'Subscription';
  readonly operation: RootField['type'];
  readonly type: GraphQLObjectType;
}

/**
 * The SDL of the source: the service's types, with the usual names for its root types and the options' names for its
 * root fields. printType leaves out the service's own directives.
 */
export function createModelSdl(
  schema: GraphQLSchema,
  operations: Readonly<Record<string, OperationOptions>>,
  report: (problem: Problem) => void,
): GraphqlModel {
  const roots = rootsOf(schema);
  const renamed = new Map(roots.map(({ type, name }) => [type.name, name]));
  reportUnusable(roots, operations, report);
  const types = Object.values(schema.getTypeMap()).filter(
    (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
  );
  for (const { name } of types) {
    if (/^(Query|Mutation|Subscription)$/.test(name) && !renamed.has(name)) {
      throw new ProblemsError([{ message: `The type ${name} is not the root type that its name promises.` }]);
    }
  }
  const fields = new Map<string, RootField>();
  const document = parse(types.map((type) => printType(type)).join('\n\n'), { noLocation: true });
  const withRootFields = visit(document, {
    ObjectTypeDefinition: (node) => {
      const root = roots.find(({ type }) => type.name === node.name.value);
      return root === undefined ? undefined : rootDefinition(node, root, operations, fields, report);
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
  return { sdl: print(withRootNames), fields };
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

/** The root type with the fields that are shown, or nothing when that is none. */
function rootDefinition(
  node: ObjectTypeDefinitionNode,
  { name: rootName, operation, type }: Root,
  operations: Readonly<Record<string, OperationOptions>>,
  fields: Map<string, RootField>,
  report: (problem: Problem) => void,
): ObjectTypeDefinitionNode | null {
  const upstreamFields = type.getFields();
  const shown = (node.fields ?? []).flatMap((definition) => {
    const upstreamName = definition.name.value;
    const upstream = upstreamFields[upstreamName];
    const own = Object.hasOwn(operations, upstreamName) ? operations[upstreamName] : undefined;
    if (upstream === undefined || own?.hide === true) return [];
    const name = own?.name ?? upstreamName;
    if (fields.has(`${rootName}.${name}`)) {
      const message = `${upstreamName} would be a second field ${rootName}.${name}. It is left out.`;
      report({ path: ['operations', upstreamName, 'name'], message });
      return [];
    }
    fields.set(`${rootName}.${name}`, { type: operation, name: upstreamName, arguments: argumentsOf(upstream) });
    // Where the service fails, its field is null: other sources' answers in the same operation are not lost with it.
    const fieldType = definition.type.kind === Kind.NON_NULL_TYPE ? definition.type.type : definition.type;
    return [{ ...definition, type: fieldType, name: { ...definition.name, value: name } }];
  });
  return shown.length === 0 ? null : { ...node, fields: shown };
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
    }
  }
}
