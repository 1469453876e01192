import { composeServices } from '@theguild/federation-composition';
import { buildSchema, GraphQLError, type GraphQLSchema, parse } from 'graphql';
import { describeError } from '../kernel/errors.ts';
import type { Problem } from '../kernel/problem.ts';
import type { Source } from '../sources/source.ts';
import { compileDeclaredLinks } from './declared-links.ts';
import { readSupergraph, type Supergraph } from './federation/supergraph.ts';
import { compileLinks, type IsMissing, type Link } from './links.ts';
import { compileMerges, type Merge } from './merges.ts';
import type { LinkOptions, MergeOptions } from './options.ts';
import { findOwners, type Ownership } from './ownership.ts';
import { createSubgraphs, type Subgraph } from './subgraphs.ts';

/** Sources and links that fit together: what both executable schemas are made from. */
export interface Composition {
  readonly ownership: Ownership;
  readonly links: readonly Link[];
  /** Types whose fields come from several sources. */
  readonly merges: ReadonlyMap<string, Merge>;
  readonly subgraphs: readonly Subgraph[];
  readonly supergraphSdl: string;
  /** Who resolves what among the federation sources; undefined where there are none. */
  readonly supergraph: Supergraph | undefined;
  /** The schema as clients see it. */
  readonly publicSdl: string;
  /** What documents declare and the graph cannot have: no mistakes of the operator. */
  readonly notices: readonly Problem[];
}

export interface ComposeOptions {
  readonly sources: readonly Source[];
  readonly links: Readonly<Record<string, LinkOptions>>;
  /** Types that several sources have and that are one in the graph. */
  readonly types?: Readonly<Record<string, MergeOptions>>;
  /** A source that is configured but not there: links to it are left out without a word. */
  readonly isMissing: IsMissing;
}

export type CompositionResult =
  | { readonly composition: Composition; readonly problems: readonly [] }
  | { readonly composition: undefined; readonly problems: readonly Problem[] };

/** Address of a subgraph in the supergraph: it names the source, nothing is ever fetched from it. */
export const subgraphUrl = (sourceName: string) => `skein://${sourceName}`;

/**
 * Joins sources and links into one graph, as federation subgraphs (https://specs.apollo.dev/federation/v2.3). Pure: it
 * calls nobody. Every mistake is told, not only the first.
 */
export function compose({ sources, links: linkOptions, types = {}, isMissing }: ComposeOptions): CompositionResult {
  const problems: Problem[] = [];
  const report = (problem: Problem) => problems.push(problem);
  const federation = composeFederation(sources, report);
  if (problems.length > 0) return { composition: undefined, problems };
  const ownership = findOwners(sources, federation, sharedTypes(types, sources), report);
  const merges = compileMerges(types, ownership, isMissing, report);
  const notices: Problem[] = [];
  const links = [
    ...compileLinks(linkOptions, ownership, isMissing, report),
    ...compileDeclaredLinks(sources, linkOptions, ownership, (notice) => notices.push(notice)),
  ];
  if (ownership.sources.size === 0)
    report({ message: 'The graph has no source.', suggestion: 'Declare one under `sources`.' });
  if (problems.length > 0) return { composition: undefined, problems };

  const subgraphs = createSubgraphs(ownership, links, merges);
  const result = composeSubgraphs(subgraphs);
  if (result.errors !== undefined) return { composition: undefined, problems: result.errors.map(toProblem) };
  const { supergraphSdl, publicSdl } = result;
  const supergraph = federation === undefined && merges.size === 0 ? undefined : readSupergraph(supergraphSdl);
  return {
    composition: { ownership, links, merges, subgraphs, supergraphSdl, supergraph, publicSdl, notices },
    problems: [],
  };
}

/** By type; a federation source that is named stands for all of them. */
function sharedTypes(
  types: Readonly<Record<string, MergeOptions>>,
  sources: readonly Source[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const federated = sources.filter(({ model }) => model.federation !== undefined).map(({ name }) => name);
  return new Map(
    Object.entries(types).map(([typeName, options]) => {
      const named = Object.keys(options.sources);
      return [typeName, new Set(named.some((name) => federated.includes(name)) ? [...named, ...federated] : named)];
    }),
  );
}

/** The schema that the federation sources make without the others: what links to their types are checked against. */
function composeFederation(sources: readonly Source[], report: (problem: Problem) => void): GraphQLSchema | undefined {
  const services = sources.flatMap(({ name, model }) =>
    model.federation === undefined ? [] : [{ name, document: parse(model.federation.sdl, { noLocation: true }) }],
  );
  if (services.length === 0) return undefined;
  const result = composeSubgraphs(services);
  if (result.errors === undefined) return buildSchema(result.publicSdl, { assumeValid: true });
  for (const error of result.errors) report(toProblem(error));
  return undefined;
}

function toProblem(error: GraphQLError): Problem {
  return { message: `${error.message} (${String(error.extensions.code ?? 'COMPOSITION')})` };
}

/** The composer throws on some documents that it should refuse: what it says is a problem like any other. */
function composeSubgraphs(
  subgraphs: readonly Pick<Subgraph, 'name' | 'document'>[],
): ReturnType<typeof composeServices> {
  try {
    return composeServices(
      subgraphs.map(({ name, document }) => ({ name, url: subgraphUrl(name), typeDefs: document })),
    );
  } catch (error) {
    return { errors: [new GraphQLError(`The sources cannot be composed: ${describeError(error)}.`)] };
  }
}
