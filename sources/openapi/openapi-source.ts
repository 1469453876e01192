import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import type { Source, SourceCall, SourceDeps, SourceModel } from '../source.ts';
import { createHttpUpstream, type HttpUpstream } from '../upstream/http-upstream.ts';
import { compileOperation, type OperationCompiler } from './compile-operation.ts';
import { isJsonObject, member, type OpenapiDocument, readDocument, UnusableError } from './document.ts';
import { findIdentifiers } from './identifiers.ts';
import { nameOperations } from './name-operations.ts';
import { createOperationDeps, type OperationPlan, openOperation } from './open-operation.ts';
import { listOperations, type Operation } from './operations.ts';
import type { OpenapiOptions } from './options.ts';
import { createParameterReader } from './parameters.ts';
import { type NamedType, openInputCycles, type RootField, reachableTypes } from './root-field.ts';
import { createSchemaReader } from './schema.ts';
import { printSdl } from './sdl.ts';
import { createTypeBuilder } from './types.ts';
import { wireTypes } from './wire-types.ts';

/**
 * A REST API by its OpenAPI 3.0 or 3.1 document, whose text the caller has loaded from `documentPath`. What the
 * document says and the graph cannot is in `model.notices`.
 * @throws ProblemsError when the document cannot be read, offers nothing, or the endpoint or a header cannot be used
 */
export function createOpenapiSource(
  name: string,
  options: OpenapiOptions,
  documentText: string,
  documentPath: string,
  deps: SourceDeps,
): Source {
  const document = readDocument(documentText, documentPath);
  const upstream = createHttpUpstream({
    source: name,
    endpoint: options.endpoint,
    headers: { accept: 'application/json', ...options.headers },
    timeoutMs: options.timeoutMs,
    maxResponseBytes: options.maxResponseBytes,
  });
  return {
    name,
    kind: 'openapi',
    model: compileModel(name, options, document, upstream, deps),
    probe: (signal) => upstream.probe(signal),
    dispose: () => upstream.dispose(),
  };
}

function compileModel(
  source: string,
  options: OpenapiOptions,
  document: OpenapiDocument,
  upstream: HttpUpstream,
  deps: SourceDeps,
): SourceModel {
  const notices = createNotices(document);
  const operations = listOperations(document, (path, reason) => notices.add(`${path}: ${reason}.`));
  const named = nameOperations(operations, options.operations, deps.report);
  const schemas = createSchemaReader(document);
  const parameters = createParameterReader(document, schemas);
  const identifiers = findIdentifiers(operations, document, schemas, parameters);
  const components = member(member(document.root, 'components'), 'schemas');
  const compiler: OperationCompiler = {
    document,
    schemas,
    parameters,
    identifiers,
    types: createTypeBuilder(schemas, isJsonObject(components) ? Object.keys(components) : [], identifiers),
    configuredHeaders: new Map(Object.entries(options.headers).map(([key, value]) => [key.toLowerCase(), value])),
    notice: (operation, reason) => notices.add(`${operation.label}: ${reason}.`, operation),
  };

  const fields: RootField[] = [];
  const plans = new Map<string, OperationPlan>();
  for (const each of named) {
    try {
      const { field, plan } = compileOperation(each, compiler);
      fields.push(field);
      plans.set(`${field.parent}.${field.name}`, plan);
    } catch (error) {
      if (!(error instanceof UnusableError)) throw error;
      notices.add(`${each.operation.label} is left out, because ${error.message}.`, each.operation);
    }
  }
  if (fields.length === 0) {
    throw new ProblemsError([
      { file: document.file, message: 'The document has no operation that can be offered.' },
      ...notices.list,
    ]);
  }
  const types = reachableTypes(fields);
  openInputCycles(types);
  const operationDeps = createOperationDeps(source, options, wireTypes(types), upstream);
  const calls = new Map<string, SourceCall>();
  for (const [field, plan] of plans) calls.set(field, openOperation(plan, operationDeps));
  return { sdl: printSdl(fields, types), calls, ...renamed(types), notices: notices.list };
}

/** What has another name upstream than in the graph. */
function renamed(types: readonly NamedType[]): Pick<SourceModel, 'properties' | 'enumValues'> {
  const properties = new Map<string, string>();
  const enumValues = new Map<string, Readonly<Record<string, unknown>>>();
  for (const type of types) {
    if (type.kind === 'enum') {
      if ([...type.values].some(([name, value]) => name !== value)) {
        enumValues.set(type.name, Object.fromEntries(type.values));
      }
    } else if (type.kind === 'object') {
      for (const { name, property } of type.fields) {
        if (name !== property) properties.set(`${type.name}.${name}`, property);
      }
    }
  }
  return { properties, enumValues };
}

/** Each notice once, with the operation's line. */
function createNotices(document: OpenapiDocument) {
  const byMessage = new Map<string, Problem>();
  return {
    add(message: string, operation?: Operation): void {
      if (byMessage.has(message)) return;
      const line = operation?.line();
      const notice = { message, file: document.file };
      byMessage.set(message, line === undefined ? notice : { ...notice, line });
    },
    get list(): readonly Problem[] {
      return [...byMessage.values()];
    },
  };
}
