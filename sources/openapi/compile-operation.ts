import type { Problem } from '../../kernel/problem.ts';
import { planBody } from './body-plan.ts';
import { type BoundParameter, checkRequest, type RequestPlan } from './compile-request.ts';
import { planResult } from './compile-result.ts';
import { member, type OpenapiDocument, textMember, UnusableError } from './document.ts';
import { type Body, type BodyContent, requestBody } from './media.ts';
import type { NamedOperation } from './name-operations.ts';
import { fieldName, NameRegistry, typeName } from './names.ts';
import type { OperationPlan } from './open-operation.ts';
import type { OpenapiOptions } from './options.ts';
import type { Parameter, ParameterPlace, ParameterReader } from './parameters.ts';
import type { HeaderTotals } from './response-headers.ts';
import type { Argument, RootField } from './root-field.ts';
import type { Schema, SchemaReader } from './schema.ts';
import { printValue } from './sdl.ts';
import type { CredentialPlace, SecurityReader } from './security.ts';
import type { GraphqlType, Identifiers, OnLoss, TypeBuilder } from './types.ts';
import { clientHeaders, usableParameters } from './usable-headers.ts';
import { wireType } from './wire-types.ts';

export interface OperationCompiler {
  readonly document: OpenapiDocument;
  readonly options: OpenapiOptions;
  readonly schemas: SchemaReader;
  readonly parameters: ParameterReader;
  readonly types: TypeBuilder;
  readonly identifiers: Identifiers;
  readonly security: SecurityReader;
  /** Hears of response headers that nobody asked for. */
  readonly headerTotals: HeaderTotals;
  notice(operation: NamedOperation['operation'], reason: string): void;
  report(problem: Problem): void;
}

export interface CompiledOperation {
  readonly field: RootField;
  readonly plan: OperationPlan;
  /** Type of what it answers; that of the field, if the field does not have the headers beside it. */
  readonly result: GraphqlType;
}

const ID: GraphqlType = { kind: 'scalar', name: 'ID' };

/** One operation → one root field, and what `openOperation` makes its call of. @throws UnusableError when it has to be left out */
export function compileOperation(named: NamedOperation, compiler: OperationCompiler): CompiledOperation {
  const { operation, parent, name } = named;
  const notice = (reason: string) => compiler.notice(operation, reason);
  const onLoss: OnLoss = (place, reason) => notice(`${place}: ${reason}`);
  const typeBase = typeName(named.fullName);

  const result = planResult(operation, compiler, typeBase, onLoss);
  const credentials = compiler.security.of(operation);
  const argumentNames = new NameRegistry();
  const all: Argument[] = [];
  const bound: Record<ParameterPlace, BoundParameter[]> = { path: [], query: [], header: [], cookie: [] };
  for (const parameter of readParameters(named, compiler, credentials)) {
    const { name: wireName, place, schema, style, explode, allowReserved } = parameter;
    const argument = argumentNames.claim(fieldName(wireName));
    const inputType = compiler.types.input(schema, `${typeBase} ${wireName}`, onLoss);
    const type = wireType(inputType);
    bound[place].push({ argument, name: wireName, style, explode, allowReserved, type });
    const argumentType = isIdentifier(parameter, result.schema, compiler) ? asId(inputType) : inputType;
    all.push(toArgument(argument, parameter, argumentType, notice));
  }

  const body = bodyOf(named, compiler);
  let bodyPlan: RequestPlan['body'];
  if (body !== undefined) {
    const argument = argumentNames.claim('input');
    const { type, plan } = planBody(body.content, { ...compiler, typeBase, onLoss });
    bodyPlan = { argument, ...plan };
    all.push({ name: argument, type, nonNull: body.required, description: body.description, deprecated: false });
  }

  const request: RequestPlan = {
    method: operation.method,
    path: operation.path,
    pathParameters: bound.path,
    queryParameters: bound.query,
    headerParameters: bound.header,
    cookieParameters: bound.cookie,
    credentials,
    accept: clientHeaders(compiler.options).has('accept') ? undefined : result.accept,
    body: bodyPlan,
  };
  checkRequest(request);
  return {
    field: {
      parent,
      name,
      arguments: all,
      type: result.fieldType,
      description: withNote(descriptionOf(operation.node), result.note),
      deprecated: operation.node.deprecated === true,
    },
    plan: { operation: operation.label, request, answer: result.answer },
    result: result.type,
  };
}

function readParameters(
  { operation }: NamedOperation,
  compiler: OperationCompiler,
  credentials: readonly CredentialPlace[],
): Parameter[] {
  const leaveOut = (name: string, required: boolean, reason: string) => {
    if (required) throw new UnusableError(`its parameter "${name}" cannot be sent, because ${reason}`);
    compiler.notice(operation, `the parameter "${name}" is left out, because ${reason}`);
  };
  const parameters = compiler.parameters.read(operation.pathItem, operation.node, (unusable) =>
    leaveOut(unusable.name, unusable.required, unusable.reason),
  );
  return usableParameters(
    parameters,
    clientHeaders(compiler.options),
    credentials,
    (parameter, reason) => leaveOut(parameter.name, parameter.required, reason),
    () => compiler.security.countParameter(),
  );
}

type UsableBody = Body & { readonly content: BodyContent };

function bodyOf({ operation }: NamedOperation, compiler: OperationCompiler): UsableBody | undefined {
  const body = requestBody(compiler.document, operation.node);
  if (body === undefined) return undefined;
  const reads = operation.method === 'GET' || operation.method === 'HEAD';
  const { content } = body;
  if (content !== undefined && !reads) return { ...body, content };
  if (reads && !body.required && content !== undefined && isEmpty(content, compiler)) return undefined;
  const types = body.mediaTypes.length === 0 ? 'of no type' : body.mediaTypes.join(', ');
  const reason = reads ? `${operation.method} has no body` : `it is ${types}`;
  if (body.required) throw new UnusableError(`its body cannot be sent, because ${reason}`);
  compiler.notice(operation, `the body is left out, because ${reason}`);
  return undefined;
}

/** Documents made by programs give even their GETs an object without properties. */
function isEmpty({ schema }: BodyContent, { schemas }: OperationCompiler): boolean {
  const { node, kind } = schemas.read(schema);
  return kind === 'json' && member(node, 'type') === 'object';
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

function withNote(description: string | undefined, note: string | undefined): string | undefined {
  return description === undefined || note === undefined ? (description ?? note) : `${description}\n\n${note}`;
}
