import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import type { Compile } from '../compiling.ts';
import { createGraphqlUpstream, type GraphqlServiceOptions } from '../graphql/graphql-upstream.ts';
import type { Source, SourceDeps } from '../source.ts';
import { askForSdl, SERVICE_SDL } from './ask-for-sdl.ts';
import { compileSubgraph } from './compile-subgraph.ts';
import { openSubgraph } from './open-subgraph.ts';
import type { FederationOptions } from './options.ts';
import { compileSupergraph } from './supergraph/compile-supergraph.ts';

/** What was read of the files that the options name. */
export interface FederationTexts {
  readonly document?: string | undefined;
  readonly supergraph?: string | undefined;
}

/** The first step of loading, of the one form and of the other. */
export interface FederationCompilers {
  readonly subgraph: Compile<typeof compileSubgraph>;
  readonly supergraph: Compile<typeof compileSupergraph>;
}

const COMPILERS: FederationCompilers = { subgraph: compileSubgraph, supergraph: compileSupergraph };

/**
 * A subgraph at its endpoint, by its SDL or by asking it; or the subgraphs of a supergraph file, as sources named
 * `<name>.<subgraph>`, without those whose problems were reported.
 * @throws ProblemsError when the SDL, the file or an option cannot be used, or the service does not tell its SDL
 * @throws SkeinError UPSTREAM_* when the service is asked and is not there now
 */
export async function createFederationSources(
  name: string,
  options: FederationOptions,
  texts: FederationTexts,
  deps: SourceDeps,
  compile = COMPILERS,
): Promise<Source[]> {
  const { endpoint } = options;
  if (endpoint === undefined) return createSupergraphSources(name, options, texts.supergraph ?? '', deps, compile);
  return [await createSubgraphSource(name, { ...options, endpoint }, texts.document, deps, compile)];
}

async function createSupergraphSources(
  name: string,
  options: FederationOptions,
  text: string,
  deps: SourceDeps,
  compile: FederationCompilers,
): Promise<Source[]> {
  const file = options.supergraph ?? 'supergraph';
  const { subgraphs, problems } = await compile.supergraph(name, text, file, options);
  const all = [...problems, ...optionProblems(options)];
  if (subgraphs.length === 0 && all.length > 0) throw new ProblemsError(all);
  for (const problem of all) deps.report(problem);
  const sources: Source[] = [];
  try {
    for (const { name: own, endpoint, subgraph } of subgraphs) {
      sources.push(
        openSubgraph(own, subgraph, options.errors, createGraphqlUpstream(own, { ...options, endpoint }, deps)),
      );
    }
    return sources;
  } catch (error) {
    await Promise.all(sources.map((source) => source.dispose()));
    throw error;
  }
}

function optionProblems({ subscriptions }: FederationOptions): Problem[] {
  if (subscriptions.endpoint === undefined) return [];
  return [
    {
      path: ['subscriptions', 'endpoint'],
      message: 'The subgraphs of a supergraph cannot share one address for subscriptions.',
      suggestion:
        'Leave it out: they are subscribed to at their own addresses. Or give each subgraph as a source of its own.',
    },
  ];
}

async function createSubgraphSource(
  name: string,
  options: GraphqlServiceOptions & Pick<FederationOptions, 'document'>,
  text: string | undefined,
  deps: SourceDeps,
  compile: FederationCompilers,
): Promise<Source> {
  const service = createGraphqlUpstream(name, options, deps);
  try {
    const sdl = text ?? (await askForSdl(name, options.timeoutMs, service, deps));
    const file = text === undefined ? SERVICE_SDL : (options.document ?? 'document');
    const { subgraph, problems } = await compile.subgraph(name, sdl, file);
    if (subgraph === undefined) throw new ProblemsError(problems);
    return openSubgraph(name, subgraph, options.errors, service);
  } catch (error) {
    await service.dispose();
    throw error;
  }
}
