import { type GraphQLSchema, lexicographicSortSchema, parse, print as printAst, printSchema } from 'graphql';
import { formatProblems } from '../config/print-problems.ts';
import type { Environment } from '../config/substitute.ts';
import { loadGraph } from '../graph/load-graph.ts';
import type { CommandCall } from './commands.ts';
import { readSource } from './print-source.ts';
import { sortDocument } from './sort-document.ts';
import { EXIT, type Terminal } from './terminal.ts';

/** `skein print`: SDL of the graph, of a source or of the supergraph, on stdout. */
export async function print({ values, env, terminal }: CommandCall): Promise<number> {
  if (values.source !== undefined && values.supergraph !== undefined) {
    terminal.err('Either --source or --supergraph can be printed, not both.\n');
    return EXIT.usage;
  }
  if (typeof values.source === 'string') return printSource(values.source, env, terminal);
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
    const generation = graph.registry.current();
    if (generation === undefined) {
      terminal.err('There is no graph: no source of it can be reached.\n');
      return EXIT.mistakes;
    }
    const { schema, composition } = generation;
    terminal.out(
      values.supergraph === true
        ? `${printAst(sortDocument(parse(composition.supergraphSdl, { noLocation: true })))}\n`
        : sortedSdl(schema),
    );
    return EXIT.ok;
  } finally {
    await graph.dispose();
  }
}

async function printSource(name: string, env: Environment, terminal: Terminal): Promise<number> {
  const found = await readSource(name, env);
  if ('schema' in found) {
    terminal.out(sortedSdl(found.schema));
    return EXIT.ok;
  }
  const { config, locate } = found.reading;
  terminal.err(
    'problems' in found
      ? formatProblems(found.problems, { file: config.file, locate, color: terminal.color })
      : `${found.mistake}\n`,
  );
  return EXIT.mistakes;
}

function sortedSdl(schema: GraphQLSchema): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`;
}
