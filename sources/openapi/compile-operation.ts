import { type BoundParameter, checkRequest } from './compile-request.ts';
import { type OpenapiDocument, textMember, UnusableError } from './document.ts';
import { type Body, requestBody, successContent } from './media.ts';
import type { NamedOperation } from './name-operations.ts';
import { fieldName, NameRegistry, typeName } from './names.ts';
import type { OperationPlan } from './open-operation.ts';
import type { Parameter, ParameterPlace, ParameterReader } from './parameters.ts';
import type { Argument, RootField } from './root-field.ts';
import type { Schema, SchemaReader } from './schema.ts';
import { printValue } from './sdl.ts';
import type { GraphqlType, Identifiers, TypeBuilder } from './types.ts';
import { usableHeaders } from './usable-headers.ts';
import { itemOf, wireType } from './wire-types.ts';

export interface OperationCompiler {
  readonly document: OpenapiDocument;
  readonly schemas: SchemaReader;
  readonly parameters: ParameterReader;
  readonly types: TypeBuilder;
  readonly identifiers: Identifiers;
  /** Headers of the configuration, names in lower case. */
  readonly configuredHeaders: ReadonlyMap<string, string>;
  notice(operation: NamedOperation['operation'], reason: string): void;
}

export interface CompiledOperation {
  readonly field: RootField;
  readonly plan: OperationPlan;
}

const ID: GraphqlType = { kind: 'scalar', name: 'ID' };
const BOOLEAN: GraphqlType = { kind: 'scalar', name: 'Boolean' };

/** One operation → one root field, and what `openOperation` makes its call of. @throws UnusableError when it has to be left out */
export function compileOperation(named: NamedOperation, compiler: OperationCompiler): CompiledOperation {
  const { operation, parent, name } = named;
  const notice = (reason: string) => compiler.notice(operation, reason);
  const onLoss = (place: string, reason: string) => notice(`${place}: ${reason}`);
  const typeBase = typeName(named.fullName);

  const result = resultOf(named, compiler);
  const type = result === undefined ? BOOLEAN : compiler.types.output(result, `${typeBase}Result`, onLoss);

  const argumentNames = new NameRegistry();
  const all: Argument[] = [];
  const bound: Record<ParameterPlace, BoundParameter[]> = { path: [], query: [], header: [], cookie: [] };
  for (const parameter of readParameters(named, compiler)) {
    const argument = argumentNames.claim(fieldName(parameter.name));
    bound[parameter.place].push({ argument, name: parameter.name, explode: parameter.explode });
    const inputType = compiler.types.input(parameter.schema, `${typeBase} ${parameter.name}`, onLoss);
    const argumentType = isIdentifier(parameter, result, compiler) ? asId(inputType) : inputType;
    all.push(toArgument(argument, parameter, argumentType, notice));
  }

  const body = bodyOf(named, compiler);
  const bodyName = body === undefined ? '' : argumentNames.claim('input');
  let bodyType: GraphqlType | undefined;
  if (body !== undefined) {
    bodyType = compiler.types.input(compiler.schemas.read(body.json.schema), typeBase, onLoss);
    const description = typeof body.description === 'string' ? body.description : undefined;
    all.push({ name: bodyName, type: bodyType, nonNull: body.required, description, deprecated: false });
  }

  const request = {
    method: operation.method,
    path: operation.path,
    pathParameters: bound.path,
    queryParameters: bound.query,
    headerParameters: bound.header,
    cookieParameters: bound.cookie,
    body: body && bodyType && { argument: bodyName, mediaType: body.json.mediaType, type: wireType(bodyType) },
  };
  checkRequest(request);
  const expects = result === undefined ? 'done' : type.kind === 'list' || type.kind === 'object' ? type.kind : 'value';
  return {
    field: {
      parent,
      name,
      arguments: all,
      type,
      description: descriptionOf(operation.node),
      deprecated: operation.node.deprecated === true,
    },
    plan: {
      operation: operation.label,
      request,
      answer: {
        expects,
        type: itemOf(type),
        notFoundIsNull: (operation.method === 'GET' || operation.method === 'HEAD') && expects !== 'list',
      },
    },
  };
}

/** The schema of what it answers, or undefined where there is nothing to read. */
function resultOf({ operation }: NamedOperation, compiler: OperationCompiler): Schema | undefined {
  if (operation.method === 'HEAD') return undefined;
  const content = successContent(compiler.document, operation.node);
  if (content.kind === 'undocumented') compiler.notice(operation, 'the document does not say what it answers');
  return content.kind === 'json' ? compiler.schemas.read(content.schema) : undefined;
}

function readParameters({ operation }: NamedOperation, compiler: OperationCompiler): Parameter[] {
  const leaveOut = (name: string, required: boolean, reason: string) => {
    if (required) throw new UnusableError(`its parameter "${name}" cannot be sent, because ${reason}`);
    compiler.notice(operation, `the parameter "${name}" is left out, because ${reason}`);
  };
  const parameters = compiler.parameters.read(operation.pathItem, operation.node, (unusable) =>
    leaveOut(unusable.name, unusable.required, unusable.reason),
  );
  return usableHeaders(parameters, compiler.configuredHeaders, (parameter, reason) =>
    leaveOut(parameter.name, parameter.required, reason),
  );
}

type JsonBody = Body & { readonly json: NonNullable<Body['json']> };

function bodyOf({ operation }: NamedOperation, compiler: OperationCompiler): JsonBody | undefined {
  const body = requestBody(compiler.document, operation.node);
  if (body === undefined) return undefined;
  const reads = operation.method === 'GET' || operation.method === 'HEAD';
  const { json } = body;
  if (json !== undefined && !reads) return { ...body, json };
  const reason = reads ? `${operation.method} has no body` : `it is ${body.mediaTypes.join(', ')}, not JSON`;
  if (body.required) throw new UnusableError(`its body cannot be sent, because ${reason}`);
  compiler.notice(operation, `the body is left out, because ${reason}`);
  return undefined;
}

/** Strings in the path identify what the path leads to; in the query they do where the answer has the same identifier. */
function isIdentifier(parameter: Parameter, result: Schema | undefined, compiler: OperationCompiler): boolean {
  const { schema, place, name } = parameter;
  const item = schema.kind === 'array' ? compiler.schemas.read(schema.items) : schema;
  if (item.kind !== 'string') return false;
  if (place === 'path') return true;
  if (place !== 'query' || result === undefined) return false;
  const answered = result.kind === 'array' ? compiler.schemas.read(result.items) : result;
  return compiler.identifiers.get(answered.node)?.has(name) ?? false;
}

function asId(type: GraphqlType): GraphqlType {
  return type.kind === 'list' ? { ...type, item: asId(type.item) } : ID;
}

function toArgument(name: string, parameter: Parameter, type: GraphqlType, notice: (reason: string) => void): Argument {
  const { defaultValue, description, deprecated } = parameter;
  const nonNull = parameter.place === 'path' || (parameter.required && !parameter.schema.nullable);
  const argument: Argument = { name, type, nonNull, description, deprecated };
  if (defaultValue === undefined || defaultValue === null) return argument;
  if (printValue(defaultValue, type) !== undefined) return { ...argument, defaultValue };
  notice(`the default of the parameter "${parameter.name}" is not shown, because it does not fit its type`);
  return argument;
}

function descriptionOf(node: unknown): string | undefined {
  const [summary, description] = [textMember(node, 'summary')?.trim(), textMember(node, 'description')?.trim()];
  if (!summary || !description || summary === description) return summary || description;
  return `${summary}\n\n${description}`;
}
