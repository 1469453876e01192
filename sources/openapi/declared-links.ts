import type { SourceLink } from '../source.ts';
import type { CompiledOperation } from './compile-operation.ts';
import type { OpenapiDocument } from './document.ts';
import { isJsonObject, member, textMember, UnusableError } from './json-object.ts';
import { fieldName } from './names.ts';
import type { Operation } from './operations.ts';
import { unescapePointer } from './references.ts';
import type { ObjectType } from './types.ts';

/** An operation that is offered. */
export interface DeclaredResult extends CompiledOperation {
  readonly operation: Operation;
}

interface Targets {
  readonly byOperationId: ReadonlyMap<string, DeclaredResult>;
  readonly byKey: ReadonlyMap<string, DeclaredResult>;
}

/**
 * The `links` of successful responses, as joins: a link of an operation that answers with a `User` is a field of
 * `User`. Its parameters may be constants, or `$response.body#/field` for a field of the answer itself; other links
 * are told. https://spec.openapis.org/oas/v3.1.0#link-object
 */
export function findDeclaredLinks(
  document: OpenapiDocument,
  results: readonly DeclaredResult[],
  notice: (operation: Operation, reason: string) => void,
): Map<string, SourceLink> {
  const targets: Targets = {
    byOperationId: new Map(
      results.flatMap((result) =>
        result.operation.operationId === undefined ? [] : [[result.operation.operationId, result] as const],
      ),
    ),
    byKey: new Map(results.map((result) => [result.operation.key, result])),
  };
  const found = new Map<string, SourceLink>();
  for (const result of results) {
    for (const [name, raw] of linksOf(document, result.operation)) {
      try {
        const { coordinate, link } = readLink(name, document.resolve(raw).value, result, targets);
        const known = found.get(coordinate);
        if (known !== undefined && JSON.stringify(known) !== JSON.stringify(link)) {
          throw new UnusableError(`${coordinate} is another link already`);
        }
        found.set(coordinate, link);
      } catch (error) {
        if (!(error instanceof UnusableError)) throw error;
        notice(result.operation, `the link "${name}" is left out, because ${error.message}`);
      }
    }
  }
  return found;
}

/** Of all successful responses: the first that has a name gives it. */
function linksOf(document: OpenapiDocument, { node }: Operation): Map<string, unknown> {
  const responses = member(node, 'responses');
  const found = new Map<string, unknown>();
  if (!isJsonObject(responses)) return found;
  for (const [status, raw] of Object.entries(responses)) {
    if (!/^2(?:\d\d|XX)$/i.test(status)) continue;
    const links = linksOfResponse(document, raw);
    for (const [name, link] of isJsonObject(links) ? Object.entries(links) : []) {
      if (!found.has(name)) found.set(name, link);
    }
  }
  return found;
}

function linksOfResponse(document: OpenapiDocument, raw: unknown): unknown {
  try {
    return member(document.resolve(raw).value, 'links');
  } catch (error) {
    if (!(error instanceof UnusableError)) throw error;
    return undefined;
  }
}

function readLink(
  name: string,
  raw: unknown,
  { result: type }: DeclaredResult,
  targets: Targets,
): { coordinate: string; link: SourceLink } {
  if (type.kind !== 'object') throw new UnusableError('its operation does not answer with an object');
  const linkField = fieldName(name);
  if (type.fields.some((own) => own.name === linkField)) {
    throw new UnusableError(`${type.name} has a field "${linkField}" already`);
  }
  if (member(raw, 'requestBody') !== undefined) throw new UnusableError('it sends a body');
  const target = targetOf(raw, targets);
  if (target.field.parent !== 'Query') throw new UnusableError(`${target.operation.label} is a mutation`);

  const args: Record<string, unknown> = {};
  const parameters = member(raw, 'parameters');
  for (const [parameter, expression] of isJsonObject(parameters) ? Object.entries(parameters) : []) {
    args[argumentOf(parameter, target)] = argumentValue(expression, type);
  }
  const missing = target.field.arguments.find(
    (argument) => argument.nonNull && argument.defaultValue === undefined && !Object.hasOwn(args, argument.name),
  );
  if (missing !== undefined) throw new UnusableError(`it does not say "${missing.name}", which is needed`);
  const description = textMember(raw, 'description');
  const link: SourceLink = { call: `Query.${target.field.name}`, args, ...(description && { description }) };
  return { coordinate: `${type.name}.${linkField}`, link };
}

function targetOf(raw: unknown, { byOperationId, byKey }: Targets): DeclaredResult {
  const operationId = textMember(raw, 'operationId');
  const reference = textMember(raw, 'operationRef');
  const [, path, method] = /^#\/paths\/([^/]+)\/([a-z]+)$/.exec(reference ?? '') ?? [];
  const target =
    operationId !== undefined
      ? byOperationId.get(operationId)
      : byKey.get(`${method?.toUpperCase()} ${unescapePointer(path ?? '')}`);
  const label = (operationId ?? reference ?? '').slice(0, 200);
  if (target === undefined) throw new UnusableError(`"${label}" is no operation that is offered`);
  return target;
}

/** `id` or, where several places have one, `path.id`. */
function argumentOf(parameter: string, { plan, operation }: DeclaredResult): string {
  const { pathParameters, queryParameters, headerParameters, cookieParameters } = plan.request;
  const places = { path: pathParameters, query: queryParameters, header: headerParameters, cookie: cookieParameters };
  const [, place, qualified] = /^(path|query|header|cookie)\.(.+)$/.exec(parameter) ?? [];
  for (const [own, bound] of Object.entries(places)) {
    const match = bound.find(({ name }) => name === parameter || (own === place && name === qualified));
    if (match !== undefined) return match.argument;
  }
  throw new UnusableError(`${operation.label} has no parameter "${parameter.slice(0, 100)}"`);
}

function argumentValue(expression: unknown, type: ObjectType): unknown {
  if (typeof expression !== 'string') {
    if (typeof expression === 'number' || typeof expression === 'boolean') return expression;
    throw new UnusableError('a parameter is neither a text nor a number');
  }
  if (!expression.includes('$')) return expression;
  const [, pointer] = /^\{?\$response\.body#\/([^/{}]+)\}?$/.exec(expression) ?? [];
  const property = pointer === undefined ? undefined : unescapePointer(pointer);
  const field = type.fields.find((own) => own.property === property);
  if (field !== undefined) return `$parent.${field.name}`;
  throw new UnusableError(`"${expression.slice(0, 100)}" is no field of ${type.name}`);
}
