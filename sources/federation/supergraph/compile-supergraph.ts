import { type DirectiveDefinitionNode, type DocumentNode, Kind, specifiedScalarTypes } from 'graphql';
import type { Problem } from '../../../kernel/problem.ts';
import { type CompiledSubgraph, finishSubgraph, parseDocument } from '../compile-subgraph.ts';
import { createFindings, type Findings } from '../findings.ts';
import { createRemarks, type Remarks } from '../remarks.ts';
import { NEWEST_MINOR, SPECS } from '../spec.ts';
import { EXECUTABLE_LOCATION, type ExecutableDirective } from '../subgraph-document.ts';
import { completeGraphs, namedType } from './complete-graphs.ts';
import { checkEndpoints, subgraphEndpoint } from './endpoint.ts';
import { type GraphTypes, separateGraphs } from './graph-types.ts';
import { readSupergraph, type Supergraph } from './join.ts';
import { writeGraph } from './write-graph.ts';

/** One subgraph of a supergraph as plain data. */
export interface ExtractedSubgraph {
  /** Name of its source: `<supergraph source>.<subgraph>`. */
  readonly name: string;
  readonly endpoint: string;
  readonly subgraph: CompiledSubgraph;
}

export interface SupergraphResult {
  /** Those that can be used. */
  readonly subgraphs: readonly ExtractedSubgraph[];
  readonly problems: readonly Problem[];
}

export interface SupergraphOptions {
  /** Addresses by subgraph, in place of those in the file. */
  readonly endpoints: Readonly<Record<string, string>>;
}

/**
 * Takes a supergraph file apart into the subgraphs it was composed of: join v0.1 to v0.5, written by `@link` or, by
 * composers of federation 1, by `@core`. Arguments, descriptions and the like are those of the supergraph.
 */
export function compileSupergraph(
  name: string,
  text: string,
  file: string,
  { endpoints }: SupergraphOptions,
): SupergraphResult {
  const findings = createFindings(file);
  const document = parseDocument(text, findings);
  const supergraph = document === undefined ? undefined : readSupergraph(document, findings);
  if (document === undefined || supergraph === undefined || findings.problems.length > 0)
    return { subgraphs: [], problems: findings.problems };

  const ofGraphs = new Map([...supergraph.graphs.keys()].map((id) => [id, createFindings(file)]));
  const remarks = new Map([...ofGraphs].map(([id, own]) => [id, createRemarks(own)]));
  const graphs = separateGraphs(supergraph, remarks, findings);
  if (findings.problems.length > 0) return { subgraphs: [], problems: findings.problems };
  completeGraphs(graphs, supergraph);

  const problems: Problem[] = [];
  const misspelt = checkEndpoints(endpoints, supergraph.graphs.values(), (subgraph, message, suggestion) => {
    problems.push({ path: ['endpoints', subgraph], message, ...(suggestion === '' ? {} : { suggestion }) });
  });
  const executable = executableDirectives(document, supergraph);
  const subgraphs: ExtractedSubgraph[] = [];
  for (const [id, types] of graphs) {
    const own = ofGraphs.get(id);
    const info = supergraph.graphs.get(id);
    const remarksOfGraph = remarks.get(id);
    // A subgraph may have nothing left: all of its fields were taken over by others.
    if (own === undefined || info === undefined || remarksOfGraph === undefined || types.size === 0) continue;
    const endpoint = subgraphEndpoint(info, endpoints, own, misspelt);
    const sourceOf = (subgraph: string) => `${name}.${subgraph}`;
    const result = finishGraph(sourceOf(info.name), types, executable, remarksOfGraph, own, {
      supergraph,
      sourceOf,
    });
    if (endpoint !== undefined && result !== undefined)
      subgraphs.push({ name: sourceOf(info.name), endpoint, subgraph: result });
    for (const problem of own.problems) problems.push(told(info.name, problem));
  }
  return { subgraphs, problems };
}

function told(subgraph: string, problem: Problem): Problem {
  return { ...problem, message: `Subgraph "${subgraph}": ${problem.message}` };
}

function finishGraph(
  name: string,
  types: GraphTypes,
  executable: readonly ExecutableDirective[],
  remarks: Remarks,
  findings: Findings,
  options: { readonly supergraph: Supergraph; readonly sourceOf: (subgraph: string) => string },
): CompiledSubgraph | undefined {
  const written = writeGraph(types, { ...options, remarks });
  remarks.tell();
  const document = {
    version: `v2.${NEWEST_MINOR}`,
    types: written,
    executable: executable.filter(({ definition }) => hasTypesOf(types, definition)),
    renamedRoots: new Map<string, string>(),
  };
  return finishSubgraph(name, document, findings).subgraph;
}

/** Directives that clients may use: all subgraphs that have the types of their arguments may define them. */
function executableDirectives(document: DocumentNode, { links }: Supergraph): ExecutableDirective[] {
  const specs = links.filter(({ identity }) => identity.startsWith(SPECS)).map(({ namespace }) => namespace);
  return document.definitions.flatMap((definition) => {
    if (definition.kind !== Kind.DIRECTIVE_DEFINITION) return [];
    const { value: name } = definition.name;
    if (specs.some((namespace) => name === namespace || name.startsWith(`${namespace}__`))) return [];
    const locations = definition.locations.filter(({ value }) => EXECUTABLE_LOCATION.test(value));
    if (locations.length === 0) return [];
    const link = links.find(({ imports }) => [...imports.values()].includes(`@${name}`));
    const composedBy = link === undefined ? undefined : [link.identity, link.version].filter(Boolean).join('/');
    return [{ definition: { ...definition, locations }, composedBy }];
  });
}

function hasTypesOf(types: GraphTypes, definition: DirectiveDefinitionNode): boolean {
  return (definition.arguments ?? []).every(({ type }) => {
    const name = namedType(type);
    return types.has(name) || specifiedScalarTypes.some((scalar) => scalar.name === name);
  });
}
