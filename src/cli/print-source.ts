import { buildSchema, type GraphQLSchema } from 'graphql';
import { silentLog } from '../../kernel/ports.ts';
import type { Problem } from '../../kernel/problem.ts';
import { didYouMean } from '../../kernel/suggest.ts';
import { combineVersionsInSlices } from '../../schema/versions/combine-versions.ts';
import type { Source } from '../../sources/source.ts';
import { readEnvironment } from '../config/environment.ts';
import { quote } from '../config/path-text.ts';
import { type ConfigReading, readConfig } from '../config/read-config.ts';
import { BUILT_IN_SOURCES } from '../config/references.ts';
import type { SkeinConfig } from '../config/schema.ts';
import type { Environment } from '../config/substitute.ts';
import { createCompileWorker } from '../graph/compile-worker.ts';
import { disposeAll } from '../graph/graph-sources.ts';
import { type LoadedSource, loadModels, loadPrompts, loadSource } from '../graph/load-sources.ts';

/** The schema of one source, or why there is none: mistakes, or a sentence. */
export type SourcePrint = { readonly reading: ConfigReading } & (
  | { readonly schema: GraphQLSchema }
  | { readonly problems: readonly Problem[] }
  | { readonly mistake: string }
);

/**
 * One source as it comes into the graph. Nothing else is loaded: it can be looked at when it does not fit the others,
 * which is when somebody needs to.
 */
export async function readSource(wanted: string, env: Environment): Promise<SourcePrint> {
  const reading = await readConfig(readEnvironment(env).environment.configFile, env);
  const { config } = reading;
  const problems: Problem[] = [];
  const report = (problem: Problem) => void problems.push(problem);
  const group = config.versions[wanted];
  const [entry = ''] = wanted.split('.');
  const names = group?.versions.map(({ source }) => source) ?? (config.sources[entry] === undefined ? [] : [entry]);
  const compiler = createCompileWorker();
  const loaded: LoadedSource[] = [];
  const made: Source[] = [];
  try {
    for (const name of names) {
      const options = config.sources[name];
      if (options !== undefined) loaded.push(await loadSource(name, options, { log: silentLog, report, compiler }));
    }
    if (BUILT_IN_SOURCES.includes(wanted)) {
      const deps = { log: silentLog, report };
      const { models, source } = await loadModels(config, deps);
      made.push(...[source, loadPrompts(config, models, deps)].filter((builtIn) => builtIn !== undefined));
    }
    for (const result of loaded) {
      if ('sources' in result) made.push(...result.sources);
      if ('failed' in result) problems.push(...result.failed);
    }
    const combined =
      group === undefined
        ? undefined
        : await combineVersionsInSlices(wanted, group, new Map(made.map((source) => [source.name, source])), report);
    const source = combined ?? made.find(({ name }) => name === wanted);
    // A source may have what only others define; it is printed as far as it goes.
    if (source !== undefined) return { reading, schema: buildSchema(source.model.sdl, { assumeValid: true }) };
    if (problems.length > 0) return { reading, problems };
    const isBroken = ['sources', 'versions'].some((section) =>
      [section, `${section}.${wanted}`].some((key) => config.broken.has(key)),
    );
    if (reading.problems.length > 0 && (isBroken || Object.keys(config.sources).length === 0))
      return { reading, problems: reading.problems };
    return { reading, mistake: noSource(wanted, loaded, made, config) };
  } finally {
    await Promise.all([disposeAll(made), compiler.dispose()]);
  }
}

function noSource(
  wanted: string,
  loaded: readonly LoadedSource[],
  made: readonly Source[],
  { sources, versions, providers, prompts }: SkeinConfig,
): string {
  for (const result of loaded) {
    if (!('unreachable' in result)) continue;
    return `The source ${quote(result.name)} cannot be reached, so it has no SDL now: ${result.unreachable}`;
  }
  const subgraphs = made.map(({ name }) => name).filter((name) => name.startsWith(`${wanted}.`));
  if (subgraphs.length > 0) return `${quote(wanted)} is several sources: ${subgraphs.join(', ')}.`;
  const builtIn = { ai: providers, prompts };
  const names = [
    ...Object.keys(sources),
    ...Object.keys(versions),
    ...Object.entries(builtIn).flatMap(([name, section]) => (Object.keys(section).length > 0 ? [name] : [])),
    ...made.map(({ name }) => name),
  ];
  const known = [...new Set(names)];
  return `There is no source ${quote(wanted)}.${didYouMean(wanted, known) || ` There is: ${known.join(', ')}.`}`;
}
