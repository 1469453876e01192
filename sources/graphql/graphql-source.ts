import { randomUUID } from 'node:crypto';
import { CancellationSource } from '../../kernel/cancellation.ts';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { NO_CLIENT } from '../call-context.ts';
import type { CallContext, Source, SourceCall, SourceDeps } from '../source.ts';
import { createHttpUpstream } from '../upstream/http-upstream.ts';
import { introspect } from './introspect.ts';
import { createModelSdl, type GraphqlModel } from './model-sdl.ts';
import type { GraphqlOptions } from './options.ts';
import { readSchema } from './read-schema.ts';
import { streamCall } from './subscription.ts';
import { unaryCall } from './unary-call.ts';

/**
 * A GraphQL service by its SDL; without one, by asking the service itself.
 * @throws ProblemsError when the SDL or an option cannot be used
 * @throws SkeinError UPSTREAM_* when the service is asked and gives no schema
 */
export async function createGraphqlSource(
  name: string,
  options: GraphqlOptions,
  documentText: string | undefined,
  deps: SourceDeps,
): Promise<Source> {
  const { headers, timeoutMs, maxResponseBytes, document = 'schema' } = options;
  const { endpoint, path } = splitEndpoint(options.endpoint);
  const upstream = createHttpUpstream({ source: name, endpoint, headers, timeoutMs, maxResponseBytes });
  // 0 switches the limits off: a subscription may be silent, and has the request's deadline.
  const streams = createHttpUpstream({ source: name, endpoint, headers, timeoutMs: 0, maxResponseBytes });
  const dispose = async () => {
    await Promise.all([upstream.dispose(), streams.dispose()]);
  };
  try {
    const schema =
      documentText === undefined
        ? await introspect(name, upstream, path, loadingContext(timeoutMs, deps))
        : readSchema(documentText, document);
    const model = createModelSdl(schema, options.operations, deps.report);
    const settings = { upstream: streams, path, timeoutMs, maxResponseBytes };
    const calls = createCalls(model, (field) =>
      field.type === 'subscription' ? streamCall(name, field, settings) : unaryCall(name, field, upstream, path),
    );
    return {
      name,
      kind: 'graphql',
      model: { sdl: model.sdl, calls },
      probe: (signal) => upstream.probe(signal),
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error instanceof ProblemsError && documentText !== undefined ? inFile(error, document) : error;
  }
}

function createCalls(
  { fields }: GraphqlModel,
  create: (field: Parameters<typeof unaryCall>[1]) => SourceCall,
): ReadonlyMap<string, SourceCall> {
  return new Map([...fields].map(([coordinate, field]) => [coordinate, create(field)]));
}

/** GraphQL has one address, and its path is kept to the letter: some servers insist on a slash at its end. */
function splitEndpoint(text: string): { endpoint: string; path: string } {
  const url = new URL(text);
  const path = url.pathname + url.search;
  url.pathname = '';
  url.search = '';
  url.hash = '';
  return { endpoint: url.href, path };
}

function loadingContext(timeoutMs: number, deps: SourceDeps): CallContext {
  return {
    cancellation: new CancellationSource(),
    deadlineAt: Date.now() + timeoutMs,
    ...NO_CLIENT,
    requestId: `load-${randomUUID()}`,
    log: deps.log,
  };
}

function inFile(error: ProblemsError, file: string): ProblemsError {
  return new ProblemsError(
    error.problems.map((problem): Problem => (problem.path || problem.file ? problem : { ...problem, file })),
  );
}
