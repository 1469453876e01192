import { type DocumentNode, GraphQLError, parse } from 'graphql';
import { describeError } from '../../kernel/errors.ts';
import type { Problem } from '../../kernel/problem.ts';
import type { RootField } from '../graphql/operation-text.ts';
import { checkDocument, checkSubgraph } from './check-subgraph.ts';
import { expandRequires } from './expand-requires.ts';
import { createFindings, type Findings } from './findings.ts';
import { readFederationLinks } from './links.ts';
import { mergeExtensions, plainTypes, printFederation, printTypes, rootFields } from './print-subgraph.ts';
import { readSubgraphDocument, type SubgraphDocument } from './subgraph-document.ts';

/** A subgraph as plain data: it may be made in another process. */
export interface CompiledSubgraph {
  /** Types without federation's directives, each in one definition. */
  readonly sdl: string;
  /** The same for the composer: `extend` and federation's directives under their own names. */
  readonly federationSdl: string;
  /** `Query.product` → the field as it is asked for. */
  readonly rootFields: ReadonlyMap<string, RootField>;
  /** Root types that have another name upstream: `Query` → `RootQuery`. */
  readonly renamedRoots: ReadonlyMap<string, string>;
  readonly notices: readonly Problem[];
}

export type SubgraphResult =
  | { readonly subgraph: CompiledSubgraph; readonly problems: readonly [] }
  | { readonly subgraph: undefined; readonly problems: readonly Problem[] };

/** Some ten thousand types: a document of that size takes seconds to check, and a few hundred megabytes. */
const MAX_TOKENS = 1_000_000;

/**
 * Reads the SDL of a federation subgraph, version 1 or 2. `name` is what other subgraphs call it in `@override`; `file`
 * names the document in problems.
 */
export function compileSubgraph(name: string, text: string, file: string): SubgraphResult {
  const findings = createFindings(file);
  const parsed = parseDocument(text, findings);
  if (parsed === undefined) return { subgraph: undefined, problems: findings.problems };
  const links = readFederationLinks(parsed, findings);
  return finishSubgraph(name, readSubgraphDocument(parsed, links, findings), findings);
}

/** Undefined with a problem in the findings if it is no GraphQL at all. */
export function parseDocument(text: string, findings: Findings): DocumentNode | undefined {
  try {
    return parse(text, { maxTokens: MAX_TOKENS });
  } catch (error) {
    if (error instanceof GraphQLError) findings.error(error);
    else if (error instanceof RangeError) findings.problem(undefined, 'The document nests too deep.');
    else findings.problem(undefined, describeError(error));
    return undefined;
  }
}

/** Checks and writes what was read of a subgraph. */
export function finishSubgraph(name: string, read: SubgraphDocument, findings: Findings): SubgraphResult {
  checkDocument(read, findings);
  if (findings.problems.length > 0) return { subgraph: undefined, problems: findings.problems };
  const plain = plainTypes(read.types);
  const document = { ...read, types: expandRequires(mergeExtensions(read.types), plain) };
  const federationSdl = printFederation(document);
  checkSubgraph(name, document, { plain, federationSdl }, findings);
  if (findings.problems.length > 0) return { subgraph: undefined, problems: findings.problems };
  return {
    subgraph: {
      sdl: printTypes(plain, document),
      federationSdl,
      rootFields: rootFields(plain),
      renamedRoots: document.renamedRoots,
      notices: findings.notices,
    },
    problems: [],
  };
}
