import type { GraphQLSchema } from 'graphql';
import { describeError } from '../kernel/errors.ts';
import type { Problem } from '../kernel/problem.ts';
import { runAtLeisure, runSteps, type Steps } from '../kernel/steps.ts';
import { didYouMean } from '../kernel/suggest.ts';
import type { Source } from '../sources/source.ts';
import { openSchemaSteps } from './build-schema.ts';
import { compileDeclaredLinks } from './declared-links.ts';
import { EMPTY_QUERY_SDL, lacksQueries } from './empty-query.ts';
import type { Supergraph } from './federation/supergraph.ts';
import { type JoinRequest, type JoinResult, joinSubgraphs } from './join-subgraphs.ts';
import { compileLinks, type IsMissing, type Link } from './links.ts';
import { compileMerges, type Merge } from './merges.ts';
import type { LinkOptions, MergeOptions } from './options.ts';
import { findOwners, type Ownership } from './ownership.ts';
import { createFederatedSubgraph, createSubgraphs, type Subgraph } from './subgraphs.ts';

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
  /** Labels of progressive overrides that the configuration has rules for. */
  readonly overrideLabels?: readonly string[];
  /** A source that is configured but not there: links to it are left out without a word. */
  readonly isMissing: IsMissing;
}

export type CompositionResult =
  | { readonly composition: Composition; readonly problems: readonly [] }
  | { readonly composition: undefined; readonly problems: readonly Problem[] };

/**
 * Joins sources and links into one graph, as federation subgraphs (https://specs.apollo.dev/federation/v2.3). Pure: it
 * calls nobody. Every mistake is told, not only the first.
 */
export function compose(options: ComposeOptions): CompositionResult {
  return runSteps(composeSteps(options), joinSubgraphs);
}

/** The same in slices of some milliseconds; `join` asks the composer, in another process where there is much to compose. */
export function composeInSlices(
  options: ComposeOptions,
  join: (request: JoinRequest) => Promise<JoinResult>,
): Promise<CompositionResult> {
  return runAtLeisure(composeSteps(options), join);
}

type JoinSteps<T> = Steps<T, JoinRequest, JoinResult>;

function* composeSteps({
  sources,
  links: linkOptions,
  types = {},
  overrideLabels = [],
  isMissing,
}: ComposeOptions): JoinSteps<CompositionResult> {
  const problems: Problem[] = [];
  const report = (problem: Problem) => problems.push(problem);
  const federation = yield* composeFederation(sources, report);
  if (problems.length > 0) return { composition: undefined, problems };
  const ownership = yield* findOwners(sources, federation, sharedTypes(types, sources), report);
  // Types are read when they are looked at: what is wrong in one is thrown here.
  const reading = <T>(compiled: () => T, otherwise: T): T => {
    try {
      return compiled();
    } catch (error) {
      report({ message: `A source gives no valid schema: ${describeError(error)}` });
      return otherwise;
    }
  };
  const merges = reading(() => compileMerges(types, ownership, isMissing, report), new Map<string, Merge>());
  yield;
  const notices: Problem[] = [];
  const links = [
    ...reading(() => compileLinks(linkOptions, ownership, isMissing, report), []),
    ...reading(() => compileDeclaredLinks(sources, linkOptions, ownership, (notice) => notices.push(notice)), []),
  ];
  yield;
  if (ownership.sources.size === 0)
    report({ message: 'The graph has no source.', path: ['sources'], suggestion: 'Declare one under `sources`.' });
  if (problems.length > 0) return { composition: undefined, problems };

  const subgraphs = createSubgraphs(ownership, links, merges);
  const joined = yield { subgraphs, readsSupergraph: federation !== undefined || merges.size > 0 };
  if (joined.supergraphSdl === undefined) return { composition: undefined, problems: joined.problems };
  const { supergraphSdl, publicSdl, supergraph } = joined;
  if (!isMissing(undefined)) notices.push(...unusedRules(overrideLabels, supergraph));
  return {
    composition: { ownership, links, merges, subgraphs, supergraphSdl, supergraph, publicSdl, notices },
    problems: [],
  };
}

/** Rules for overrides that no subgraph has: without one, what they are meant for does not hold. */
function unusedRules(labels: readonly string[], supergraph: Supergraph | undefined): readonly Problem[] {
  const known = supergraph?.overrideLabels ?? new Set<string>();
  return labels
    .filter((label) => !known.has(label))
    .map((label) => ({
      path: ['overrides', label],
      message: `No subgraph has an override with the label "${label}": its rule is for nothing.${didYouMean(label, known)}`,
    }));
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
function* composeFederation(
  sources: readonly Source[],
  report: (problem: Problem) => void,
): JoinSteps<GraphQLSchema | undefined> {
  const federated = sources.filter(({ model }) => model.federation !== undefined);
  const emptyQuery = lacksQueries(federated.flatMap(({ model }) => [...model.calls.keys()])) ? EMPTY_QUERY_SDL : '';
  const subgraphs = federated.flatMap(({ name, model: { federation } }, index) =>
    federation === undefined ? [] : [createFederatedSubgraph(name, federation.sdl, index === 0 ? emptyQuery : '')],
  );
  if (subgraphs.length === 0) return undefined;
  const joined = yield { subgraphs, readsSupergraph: false };
  if (joined.supergraphSdl !== undefined) return yield* openSchemaSteps(joined.publicSdl);
  for (const problem of joined.problems) report(problem);
  return undefined;
}
