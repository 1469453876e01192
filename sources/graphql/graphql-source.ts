import { randomUUID } from 'node:crypto';
import { CancellationSource } from '../../kernel/cancellation.ts';
import { ProblemsError } from '../../kernel/problem.ts';
import { NO_CLIENT } from '../call-context.ts';
import type { Compile } from '../compiling.ts';
import type { CallContext, Source, SourceDeps } from '../source.ts';
import { compileGraphql, type GraphqlDocument } from './compile-graphql.ts';
import { createGraphqlUpstream, type GraphqlService } from './graphql-upstream.ts';
import { introspect } from './introspect.ts';
import type { ModelSdl } from './model-sdl.ts';
import type { GraphqlOptions } from './options.ts';
import { createRootCall } from './root-calls.ts';

/**
 * A GraphQL service by its SDL; without one, by asking the service itself.
 * @throws ProblemsError when the SDL or an option cannot be used, or the service does not tell its schema
 * @throws SkeinError UPSTREAM_* when the service is asked and is not there now
 */
export async function createGraphqlSource(
  name: string,
  options: GraphqlOptions,
  documentText: string | undefined,
  deps: SourceDeps,
  compile: Compile<typeof compileGraphql> = compileGraphql,
): Promise<Source> {
  const service = createGraphqlUpstream(name, options, deps);
  try {
    const document: GraphqlDocument =
      documentText === undefined
        ? await askForDocument(name, options, service, deps)
        : { kind: 'sdl', text: documentText, file: options.document ?? 'schema' };
    const { model, problems } = await compile(document, options);
    if (model === undefined) throw new ProblemsError(problems);
    for (const problem of problems) deps.report(problem);
    return openGraphql(name, model, options, service);
  } catch (error) {
    await service.dispose();
    throw error;
  }
}

/** Asks the service for its schema. Rejects as `introspect` does. */
export async function askForDocument(
  name: string,
  { timeoutMs }: Pick<GraphqlOptions, 'timeoutMs'>,
  service: GraphqlService,
  { log }: Pick<SourceDeps, 'log'>,
): Promise<GraphqlDocument> {
  const context: CallContext = {
    cancellation: new CancellationSource(),
    deadlineAt: Date.now() + timeoutMs,
    ...NO_CLIENT,
    requestId: `load-${randomUUID()}`,
    log,
  };
  return { kind: 'introspection', text: await introspect(name, service, context) };
}

/** The second step of loading: the source of a compiled model. It owns `service` from now on. */
export function openGraphql(
  name: string,
  model: ModelSdl,
  { errors }: Pick<GraphqlOptions, 'errors'>,
  service: GraphqlService,
): Source {
  const { graphql } = service;
  const { sdl, fields, rootNames, notices } = model;
  const calls = [...fields].map(([coordinate, field]) => {
    const scope = { source: name, operation: field.name, exposure: errors };
    return [coordinate, createRootCall(field, graphql, scope)] as const;
  });
  return {
    name,
    kind: 'graphql',
    model: {
      sdl,
      calls: new Map(calls),
      ...(rootNames.size === 0 ? {} : { upstreamNames: { types: rootNames, arguments: new Map() } }),
      ...(notices.length === 0 ? {} : { notices }),
    },
    graphql,
    probe: (signal) => service.probe(signal),
    upstream: () => service.state?.(),
    dispose: () => service.dispose(),
  };
}
