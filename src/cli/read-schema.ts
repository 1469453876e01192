import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { buildClientSchema, buildSchema, GraphQLError, type GraphQLSchema, printSchema, validateSchema } from 'graphql';
import { describeError } from '../../kernel/errors.ts';
import type { Problem } from '../../kernel/problem.ts';
import type { PrintOptions } from '../config/print-problems.ts';
import { readText } from '../config/read-text.ts';
import type { Environment } from '../config/substitute.ts';
import { loadGraph } from '../graph/load-graph.ts';
import { askGateway } from './ask-gateway.ts';

const MAX_SDL_BYTES = 64 * 1024 * 1024;

/** A schema, or why there is none. */
export interface SchemaReading extends Pick<PrintOptions, 'file' | 'locate'> {
  /** What it is called; nothing of it is secret. */
  readonly name: string;
  readonly schema: GraphQLSchema | undefined;
  readonly problems: readonly Problem[];
}

/**
 * The schema at a place: a configuration or its folder, a file of SDL, the URL of a running gateway; by default the
 * configuration that the environment names. Schemas of all places are made alike, so that they can be compared.
 */
export async function readSchemaFrom(place: string | undefined, env: Environment): Promise<SchemaReading> {
  if (place === undefined) return readConfiguration(undefined, env);
  if (/^https?:\/\//i.test(place)) return ofSchema(await askGateway(place, env.SKEIN_API_KEY));
  const isFolder = await stat(place).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isFolder || /\.ya?ml$/i.test(place) ? readConfiguration(place, env) : readSdl(place);
}

/** Sources that cannot be reached would show as removed: without them there is nothing to compare. */
async function readConfiguration(configFile: string | undefined, env: Environment): Promise<SchemaReading> {
  const { reading, graph, problems } = await loadGraph(env, {
    checksEnvironment: false,
    ...(configFile !== undefined && { configFile }),
  });
  const { file } = reading.config;
  const found = { name: configFile ?? file, file, locate: reading.locate };
  if (graph === undefined) return { ...found, schema: undefined, problems };
  const missing = graph
    .states()
    .flatMap(({ name, inGraph, unreachable, failed }) =>
      inGraph || failed !== undefined
        ? []
        : [{ path: ['sources', name], message: `The source "${name}" cannot be reached: ${unreachable}` }],
    );
  const wrong = [...missing, ...graph.failures()];
  const schema = graph.registry.current()?.schema;
  await graph.dispose();
  if (schema === undefined || wrong.length > 0) return { ...found, schema: undefined, problems: wrong };
  return { ...found, schema: alike(schema), problems: [] };
}

async function readSdl(place: string): Promise<SchemaReading> {
  const file = resolve(place);
  const found = { name: place, file, locate: () => undefined };
  try {
    const schema = buildSchema(await readText(file, MAX_SDL_BYTES));
    const problems = validateSchema(schema).map((error) => problemOf(error, file));
    return problems.length > 0
      ? { ...found, schema: undefined, problems }
      : { ...found, schema: alike(schema), problems };
  } catch (error) {
    return { ...found, schema: undefined, problems: [problemOf(error, file)] };
  }
}

function problemOf(error: unknown, file: string): Problem {
  const line = error instanceof GraphQLError ? error.locations?.[0]?.line : undefined;
  const said = describeError(error);
  const message = error instanceof GraphQLError ? said : `The schema cannot be read: ${said}.`;
  return { message, file, ...(line !== undefined && { line }) };
}

/** Without what only some ways of getting a schema show, such as directives on types. */
function alike(schema: GraphQLSchema): GraphQLSchema {
  return buildSchema(printSchema(schema), { assumeValid: true });
}

function ofSchema({ name, introspection, problems }: Awaited<ReturnType<typeof askGateway>>): SchemaReading {
  const found = { name, file: name, locate: () => undefined };
  if (introspection === undefined) return { ...found, schema: undefined, problems };
  try {
    return { ...found, schema: alike(buildClientSchema(introspection)), problems: [] };
  } catch (error) {
    const message = `What answers there tells a schema that cannot be used: ${describeError(error)}`;
    return { ...found, schema: undefined, problems: [{ message }] };
  }
}
