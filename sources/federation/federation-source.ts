import { ProblemsError } from '../../kernel/problem.ts';
import { createGraphqlUpstream, type GraphqlServiceOptions } from '../graphql/graphql-upstream.ts';
import type { Source, SourceDeps } from '../source.ts';
import { askForSdl, SERVICE_SDL } from './ask-for-sdl.ts';
import { compileSubgraph } from './compile-subgraph.ts';
import { openSubgraph } from './open-subgraph.ts';
import type { FederationOptions } from './options.ts';

/** What was read of the files that the options name. */
export interface FederationTexts {
  readonly document?: string | undefined;
  readonly supergraph?: string | undefined;
}

/**
 * A subgraph at its endpoint, by its SDL or by asking it; or all subgraphs of a supergraph file.
 * @throws ProblemsError when the SDL or an option cannot be used, or the service does not tell its SDL
 * @throws SkeinError UPSTREAM_* when the service is asked and is not there now
 */
export async function createFederationSources(
  name: string,
  options: FederationOptions,
  texts: FederationTexts,
  deps: SourceDeps,
): Promise<Source[]> {
  return [await createSubgraphSource(name, { ...options, endpoint: options.endpoint ?? '' }, texts.document, deps)];
}

async function createSubgraphSource(
  name: string,
  options: GraphqlServiceOptions & Pick<FederationOptions, 'document'>,
  text: string | undefined,
  deps: SourceDeps,
): Promise<Source> {
  const service = createGraphqlUpstream(name, options);
  try {
    const sdl = text ?? (await askForSdl(name, options.timeoutMs, service, deps));
    const file = text === undefined ? SERVICE_SDL : (options.document ?? 'document');
    const { subgraph, problems } = compileSubgraph(name, sdl, file);
    if (subgraph === undefined) throw new ProblemsError(problems);
    return openSubgraph(name, subgraph, options.errors, service);
  } catch (error) {
    await service.dispose();
    throw error;
  }
}
