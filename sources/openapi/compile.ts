import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { createOperationFilter } from '../operation-filter.ts';
import type { SourceLink, SourceModel } from '../source.ts';
import { type CompiledOperation, compileOperation, type OperationCompiler } from './compile-operation.ts';
import { type DeclaredResult, findDeclaredLinks } from './declared-links.ts';
import { isJsonObject, member, type OpenapiDocument, readDocument, UnusableError } from './document.ts';
import { findIdentifiers } from './identifiers.ts';
import { nameOperations } from './name-operations.ts';
import { createNotices, type Notices } from './notices.ts';
import type { OperationPlan } from './open-operation.ts';
import { listOperations, type Operation } from './operations.ts';
import type { OpenapiOptions } from './options.ts';
import { createParameterReader } from './parameters.ts';
import { createHeaderTotals } from './response-headers.ts';
import { completeInterfaces, type NamedType, openInputCycles, reachableTypes } from './root-field.ts';
import { createSchemaReader } from './schema-reader.ts';
import { printSdl } from './sdl.ts';
import { createSecurityReader } from './security.ts';
import { createTypeBuilder } from './type-builder.ts';
import type { UnionPlan } from './types.ts';
import { type WireTypes, wireTypes } from './wire-types.ts';

/** A document as far as it can be made without a server: plain data, for `openOpenapiSource`. */
export interface CompiledOpenapi {
  readonly sdl: string;
  /** `Query.product` → what its call is made of. */
  readonly plans: ReadonlyMap<string, OperationPlan>;
  readonly wireTypes: WireTypes;
  readonly properties: ReadonlyMap<string, string>;
  readonly enumValues: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  readonly unions: ReadonlyMap<string, UnionPlan>;
  readonly links: ReadonlyMap<string, SourceLink>;
  readonly notices: readonly Problem[];
}

export interface OpenapiCompilation {
  /** Undefined when the document cannot be read or offers nothing: the problems say why. */
  readonly compiled: CompiledOpenapi | undefined;
  /** Mistakes of the operator, with paths below the source's options; and of a document that cannot be used. */
  readonly problems: readonly Problem[];
}

/**
 * Compiles an OpenAPI 2.0, 3.0 or 3.1 document, JSON or YAML. It touches nothing but its arguments and returns plain
 * data, so it can run in another process. `file` is where the text is from, for problems and notices.
 */
export function compileOpenapi(options: OpenapiOptions, text: string, file: string): OpenapiCompilation {
  const problems: Problem[] = [];
  try {
    const document = readDocument(text, file);
    return { compiled: compileDocument(document, options, (problem) => problems.push(problem)), problems };
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    return { compiled: undefined, problems: [...problems, ...error.problems] };
  }
}

function compileDocument(
  document: OpenapiDocument,
  options: OpenapiOptions,
  report: (problem: Problem) => void,
): CompiledOpenapi {
  const notices = createNotices(document.file);
  const all = listOperations(document, (message, operation) => notices.add(message, operation));
  const isOffered = createOperationFilter(options);
  const operations = all.filter(({ names, tags, path }) => isOffered({ names, tags, path }));
  const named = nameOperations(all, operations, options.operations, report);

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
    options,
    security: createSecurityReader(document, options, report),
    headerTotals: createHeaderTotals(),
    report,
    notice: (operation, reason) => notices.add(`${operation.label}: ${reason}.`, operation),
  };
  const compiled = named.flatMap((each): DeclaredResult[] => {
    const made = attempt(() => compileOperation(each, compiler), each.operation, notices);
    return made === undefined ? [] : [{ operation: each.operation, ...made }];
  });
  for (const message of [...compiler.security.notices(), ...compiler.headerTotals.notices()]) notices.add(message);
  if (compiled.length === 0) {
    throw new ProblemsError([
      { file: document.file, message: 'The document has no operation that can be offered.' },
      ...notices.list,
    ]);
  }

  const fields = compiled.map(({ field }) => field);
  const types = reachableTypes(fields);
  openInputCycles(types);
  completeInterfaces(types);
  const links = findDeclaredLinks(document, compiled, compiler.notice);
  return {
    sdl: printSdl(fields, types),
    plans: new Map(compiled.map(({ field, plan }) => [`${field.parent}.${field.name}`, plan])),
    wireTypes: wireTypes(types),
    unions: new Map(types.flatMap((type) => (type.kind === 'union' ? [[type.name, type.plan] as const] : []))),
    links,
    ...renamed(types),
    notices: notices.list,
  };
}

/** What cannot be offered is left out, and the rest works. */
function attempt(
  compile: () => CompiledOperation,
  operation: Operation,
  notices: Notices,
): CompiledOperation | undefined {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof UnusableError)) throw error;
    notices.add(`${operation.label} is left out, because ${error.message}.`, operation);
    return undefined;
  }
}

/** What has another name upstream than in the graph. */
function renamed(types: readonly NamedType[]): Required<Pick<SourceModel, 'properties' | 'enumValues'>> {
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
