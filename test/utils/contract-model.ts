import {
  buildSchema,
  type ExecutionResult,
  execute,
  type GraphQLFieldResolver,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isAbstractType,
  isEnumType,
  isObjectType,
  isScalarType,
  parse,
  print,
  validate,
} from 'graphql';
import { SCALARS } from '../../sources/scalars.ts';
import type { CallContext, Selected, Source, SourceCall, StreamCall, UnaryCall } from '../../sources/source.ts';
import { createCallContext } from './call-context.ts';

/** The SDL of a source with its calls, by GraphQL.js alone: what the contract says, read to the letter and no more. */
export function executableModel({ model }: Source): GraphQLSchema {
  const schema = buildSchema(model.sdl);
  for (const type of Object.values(schema.getTypeMap())) {
    if (isScalarType(type) && Object.hasOwn(SCALARS, type.name)) {
      const { serialize, parseValue, parseLiteral } = SCALARS[type.name as keyof typeof SCALARS];
      Object.assign(type, { serialize, parseValue, parseLiteral });
    }
    const values = model.enumValues?.get(type.name);
    if (isEnumType(type) && values !== undefined) useValues(type, values);
    if (isAbstractType(type)) type.resolveType = (value) => model.typeOf?.get(type.name)?.(value);
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      const coordinate = `${type.name}.${field.name}`;
      const call = model.calls.get(coordinate);
      const property = model.properties?.get(coordinate);
      if (call?.type === 'unary') field.resolve = resolverOf(call);
      else if (property !== undefined) field.resolve = (parent) => (parent as Record<string, unknown>)[property];
    }
  }
  return schema;
}

/** GraphQL.js looks values up in maps that it makes once. */
function useValues(type: object, values: Readonly<Record<string, unknown>>): void {
  const made = type as { _values: { name: string; value: unknown }[]; _valueLookup: unknown };
  for (const value of made._values) if (Object.hasOwn(values, value.name)) value.value = values[value.name];
  made._valueLookup = null;
}

const resolverOf =
  (call: UnaryCall): GraphQLFieldResolver<unknown, CallContext> =>
  (_, args, context, info) =>
    call.invoke(args, context, selectedOf(call, info));

/** Fragments and variables are for the layers above: the suite asks without. */
function selectedOf(call: SourceCall, { fieldNodes }: GraphQLResolveInfo): Selected | undefined {
  const selection = fieldNodes[0]?.selectionSet;
  return call.usesSelection === true ? selected(selection === undefined ? '' : print(selection)) : undefined;
}

export const selected = (text: string): Selected => ({ shape: { text, variables: new Map() }, values: {} });

export async function ask(
  source: Source,
  query: string,
  variables: Readonly<Record<string, unknown>> = {},
  context: CallContext = createCallContext().context,
): Promise<ExecutionResult<Record<string, unknown>>> {
  const schema = executableModel(source);
  const document = parse(query);
  const mistakes = validate(schema, document);
  if (mistakes.length > 0) throw new Error(mistakes.map(({ message }) => message).join('\n'));
  return (await execute({
    schema,
    document,
    variableValues: { ...variables },
    contextValue: context,
  })) as ExecutionResult<Record<string, unknown>>;
}

export function unaryCall(source: Source, coordinate: string): UnaryCall {
  const call = source.model.calls.get(coordinate);
  if (call?.type !== 'unary') throw new Error(`${coordinate} is no unary call.`);
  return call;
}

export function streamCall(source: Source, coordinate: string): StreamCall {
  const call = source.model.calls.get(coordinate);
  if (call?.type !== 'stream') throw new Error(`${coordinate} is no stream.`);
  return call;
}
