import {
  buildSchema,
  type GraphQLSchema,
  lexicographicSortSchema,
  parse,
  print as printAst,
  printSchema,
} from 'graphql';
import { didYouMean } from '../../kernel/suggest.ts';
import { quote } from '../config/path-text.ts';
import { formatProblems } from '../config/print-problems.ts';
import type { Graph } from '../graph/graph.ts';
import { loadGraph } from '../graph/load-graph.ts';
import type { CommandCall } from './commands.ts';
import { sortDocument } from './sort-document.ts';
import { EXIT } from './terminal.ts';

/** `skein print`: SDL of the graph, of a source or of the supergraph, on stdout. */
export async function print({ values, env, terminal }: CommandCall): Promise<number> {
  if (values.source !== undefined && values.supergraph !== undefined) {
    terminal.err('Either --source or --supergraph can be printed, not both.\n');
    return EXIT.usage;
  }
  const { reading, graph, problems } = await loadGraph(env, { checksEnvironment: false });
  if (graph === undefined) {
    const { file } = reading.config;
    terminal.err(formatProblems(problems, { file, locate: reading.locate, color: terminal.color }));
    return EXIT.mistakes;
  }
  try {
    const missing = graph.states().filter(({ inGraph }) => !inGraph);
    for (const { name, unreachable, failed } of missing) {
      const why =
        failed === undefined
          ? `cannot be reached and is not in the graph: ${unreachable}`
          : `is left out of the graph: ${failed}`;
      terminal.err(`${name} ${why}\n`);
    }
    if (missing.length > 0 && values.strict === true) return EXIT.mistakes;
    const text = sdlOf(graph, values.supergraph === true, values.source);
    if ('mistake' in text) {
      terminal.err(`${text.mistake}\n`);
      return EXIT.mistakes;
    }
    terminal.out(text.sdl);
    return EXIT.ok;
  } finally {
    await graph.dispose();
  }
}

function sdlOf(
  graph: Graph,
  wantsSupergraph: boolean,
  wanted: string | boolean | undefined,
): { readonly sdl: string } | { readonly mistake: string } {
  if (typeof wanted === 'string') {
    const source = graph.sources().find(({ name }) => name === wanted);
    if (source === undefined) return { mistake: noSource(graph, wanted) };
    // A source may have what only others define; it is printed as far as it goes.
    return { sdl: sortedSdl(buildSchema(source.model.sdl, { assumeValid: true })) };
  }
  const generation = graph.registry.current();
  if (generation === undefined) return { mistake: 'There is no graph: no source of it can be reached.' };
  if (!wantsSupergraph) return { sdl: sortedSdl(generation.schema) };
  return { sdl: `${printAst(sortDocument(parse(generation.composition.supergraphSdl, { noLocation: true })))}\n` };
}

function sortedSdl(schema: GraphQLSchema): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`;
}

function noSource(graph: Graph, wanted: string): string {
  const state = graph.states().find(({ name }) => name === wanted);
  if (state?.failed !== undefined) return `The source ${quote(wanted)} is left out of the graph: ${state.failed}`;
  if (state !== undefined) return `The source ${quote(wanted)} cannot be reached, so it has no SDL now.`;
  const names = graph.sources().map(({ name }) => name);
  const subgraphs = names.filter((name) => name.startsWith(`${wanted}.`));
  if (subgraphs.length > 0) return `${quote(wanted)} is several sources: ${subgraphs.join(', ')}.`;
  return `There is no source ${quote(wanted)}.${didYouMean(wanted, names) || ` There is: ${names.join(', ')}.`}`;
}
