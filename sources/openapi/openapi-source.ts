import { ProblemsError } from '../../kernel/problem.ts';
import type { Source, SourceCall, SourceDeps } from '../source.ts';
import { createHttpUpstream } from '../upstream/http-upstream.ts';
import { type CompiledOpenapi, compileOpenapi } from './compile.ts';
import { createOperationDeps, openOperation } from './open-operation.ts';
import type { OpenapiOptions } from './options.ts';
import { createTypeResolver } from './resolve-type.ts';

/**
 * A REST API by its OpenAPI 2.0, 3.0 or 3.1 document, whose text the caller has loaded from `documentPath`. What the
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
  const { compiled, problems } = compileOpenapi(options, documentText, documentPath);
  if (compiled === undefined) throw new ProblemsError(problems);
  for (const problem of problems) deps.report(problem);
  return openOpenapiSource(name, compiled, options, deps);
}

/**
 * The source of a compiled document. Cheap: each call is compiled on its first use.
 * @throws ProblemsError when the endpoint or a header cannot be used
 */
export function openOpenapiSource(
  name: string,
  compiled: CompiledOpenapi,
  options: OpenapiOptions,
  { log, tls }: SourceDeps,
): Source {
  const upstream = createHttpUpstream({
    source: name,
    endpoint: options.endpoint,
    headers: { accept: 'application/json', ...options.headers },
    forwardHeaders: options.forwardHeaders,
    returnHeaders: options.returnHeaders,
    timeoutMs: options.timeoutMs,
    maxResponseBytes: options.maxResponseBytes,
    upstream: options.upstream,
    tls,
    log,
  });
  const { sdl, plans, wireTypes, properties, enumValues, unions, links, notices } = compiled;
  const deps = createOperationDeps(name, options, wireTypes, upstream);
  const calls = new Map<string, SourceCall>();
  for (const [field, plan] of plans)
    calls.set(field, openOperation(plan, deps, field.startsWith('Query.') ? 'always' : 'unsent'));
  const typeOf = new Map([...unions].map(([union, plan]) => [union, createTypeResolver(plan)]));
  return {
    name,
    kind: 'openapi',
    model: { sdl, calls, properties, enumValues, typeOf, links, notices },
    probe: (signal) => upstream.probe(signal),
    upstream: () => upstream.state(),
    dispose: () => upstream.dispose(),
  };
}
