import { describeError } from '../../kernel/errors.ts';
import type { Log } from '../../kernel/ports.ts';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { type CompositionResult, composeInSlices } from '../../schema/compose.ts';
import { createRegistry, type GenerationOptions, type Registry } from '../../schema/registry.ts';
import type { Models } from '../../sources/ai/model-client.ts';
import type { Source } from '../../sources/source.ts';
import type { SkeinConfig } from '../config/schema.ts';
import { isToldByService } from './blame.ts';
import { createCompileWorker } from './compile-worker.ts';
import { fitSources } from './fit-sources.ts';
import { createGraphSources, disposeAll, isAboutNothing, NO_QUERIES } from './graph-sources.ts';
import { loadModels, loadSource } from './load-sources.ts';
import { retryMissing } from './retry-missing.ts';
import { describeSources, type SourceState } from './source-states.ts';

const PROBE_TIMEOUT_MS = 2_000;

/** The graph that serves: sources, models, and the generation they make. */
export interface Graph {
  readonly registry: Registry;
  readonly models: Models | undefined;
  /** All that are there: the configuration's, versions by themselves and together, and the gateway's own. */
  sources(): readonly Source[];
  states(): readonly SourceState[];
  /** What the documents say and the graph does not have, with the reason: no mistakes, but nothing to be silent about. */
  notices(): readonly Problem[];
  /** Sources of the configuration that the graph lacks now. */
  missing(): readonly { readonly name: string; readonly hasFailed: boolean }[];
  /** What is wrong with what services say that are left out for it. */
  failures(): readonly Problem[];
  /** Links that are not in the graph, because a source they need is not there. */
  uncheckedLinks(): readonly string[];
  /** Asks every source whether it is there. */
  probe(): Promise<void>;
  dispose(): Promise<void>;
}

export interface GraphDeps {
  readonly log: Log;
  readonly generation: GenerationOptions;
}

/**
 * Loads the sources of a configuration and builds the first generation. A source that cannot be reached, or whose
 * service says what makes no sense or does not fit the others, is left out and tried again until it is right; then the
 * next generation has it. Mistakes are all collected first.
 *
 * @throws ProblemsError with `known` and every mistake found here, when one of them is in what the operator wrote.
 */
export async function createGraph(
  config: SkeinConfig,
  known: readonly Problem[],
  { log, generation }: GraphDeps,
): Promise<Graph> {
  const problems: Problem[] = [...known];
  const report = (problem: Problem) => problems.push(problem);
  const compiler = createCompileWorker();
  const built = loadModels(config, { log, report });
  const hasBrokenPrompt = problems.some(({ path }) => path?.[0] === 'prompts');
  const sources = createGraphSources({ config, builtIn: built.sources, hasBrokenPrompt });
  const loaded = await Promise.all(
    Object.entries(config.sources).map(([name, options]) => loadSource(name, options, { log, report, compiler })),
  );
  for (const result of loaded) {
    if ('sources' in result) sources.opened.set(result.name, result.sources);
    else if ('unreachable' in result) sources.missing.set(result.name, { reason: result.unreachable, problems: [] });
    else if ('failed' in result) sources.leaveOut(result.name, result.failed);
    else sources.broken.add(result.name);
  }

  const composeNow = async () => {
    const mistakes: Problem[] = [];
    const inGraph = await sources.forGraph((problem) => mistakes.push(problem));
    const options = { sources: inGraph, links: config.links, types: config.types, isMissing: sources.isMissing };
    const result = await composeInSlices(options, (request) => compiler.run('join', request)).catch(toResult);
    const found = [...mistakes, ...result.problems.map((problem) => (isNoQueries(problem) ? NO_QUERIES : problem))];
    return { composition: result.composition, problems: sources.mistakesIn(found, problems) };
  };
  const leftOut = new Map<string, readonly Source[]>();
  const first = await fitSources({
    compose: composeNow,
    versions: config.versions,
    // What is refused anyway is told as it is.
    candidates: problems.length > 0 ? [] : toldByServices(config).filter((name) => sources.opened.has(name)),
    isConflict,
    leaveOut: (name, found) => {
      leftOut.set(name, sources.leaveOut(name, found));
    },
    putBack: (name) => {
      sources.putIn(name, leftOut.get(name) ?? []);
      sources.missing.delete(name);
    },
  });
  problems.push(...first.problems);
  if (problems.length > 0) {
    problems.push(...sources.failures());
    await Promise.all([sources.dispose(), compiler.dispose(), ...[...leftOut.values()].map(disposeAll)]);
    throw new ProblemsError(problems);
  }
  await Promise.all([...leftOut].map(([name, made]) => (sources.opened.has(name) ? undefined : disposeAll(made))));

  const registry = createRegistry(generation);
  if (first.composition !== undefined) registry.publish(first.composition);

  let disposed = false;
  /** Builds the next generation, without those of `newcomers` that do not fit; the running one serves until then. */
  const rebuild = async (newcomers: ReadonlyMap<string, readonly Source[]>) => {
    const result = await fitSources({
      compose: composeNow,
      versions: config.versions,
      candidates: Object.keys(config.sources).filter((name) => newcomers.has(name)),
      isConflict: () => true,
      leaveOut: (name, found) => void sources.leaveOut(name, found),
      putBack: (name) => sources.putIn(name, newcomers.get(name) ?? []),
    });
    if (result.problems.length > 0) throw new ProblemsError(result.problems);
    const hasJoined = [...newcomers.keys()].some((name) => sources.opened.has(name));
    if (!hasJoined || disposed) return;
    if (result.composition === undefined) throw new ProblemsError([NO_QUERIES]);
    await registry.publishInSlices(result.composition, () => !disposed);
  };
  const retrying = retryMissing({
    config,
    sources,
    log,
    load: (name, options, report) => loadSource(name, options, { log, report, compiler }),
    rebuild,
    generation: () => registry.current()?.number,
  });

  const silent = new Map<Source, string>();
  return {
    registry,
    models: built.models,
    sources: () => [
      ...new Set([...[...sources.opened.values()].flat(), ...(registry.current()?.sources ?? []), ...built.sources]),
    ],
    states: () => describeSources({ config, sources, silent, composition: registry.current()?.composition }),
    missing: () => [...sources.missing].map(([name, { problems: found }]) => ({ name, hasFailed: found.length > 0 })),
    failures: () => sources.failures(),
    notices: () => [...sources.notices(), ...(registry.current()?.composition.notices ?? [])],
    uncheckedLinks: () => {
      const links = new Set(
        registry.current()?.composition.links.map(({ typeName, fieldName }) => `${typeName}.${fieldName}`),
      );
      return Object.keys(config.links).filter((coordinate) => !links.has(coordinate));
    },
    async probe() {
      const aborter = new AbortController();
      const timer = setTimeout(() => aborter.abort(), PROBE_TIMEOUT_MS);
      await Promise.all(
        [...sources.opened.values()].flat().map(async (source) => {
          try {
            await source.probe(aborter.signal);
            silent.delete(source);
          } catch (error) {
            silent.set(
              source,
              describeError(error instanceof Error && error.cause !== undefined ? error.cause : error),
            );
          }
        }),
      );
      clearTimeout(timer);
    },
    async dispose() {
      disposed = true;
      retrying.stop();
      await Promise.all([sources.dispose(), compiler.dispose()]);
    },
  };
}

/** The composer, or the thread it works in, may fail: that is a problem of what it was given. */
function toResult(error: unknown): CompositionResult {
  if (!(error instanceof ProblemsError)) throw error;
  return { composition: undefined, problems: error.problems };
}

/** Lines of skein.yaml that nothing fits, such as links, are the operator's mistakes: no source is left out for them. */
function isConflict(problem: Problem): boolean {
  const [section, , place] = problem.path ?? [];
  if (isAboutNothing(problem) || section === 'links' || section === 'types' || section === 'prompts') return false;
  return section !== 'versions' || place === undefined;
}

function toldByServices(config: SkeinConfig): readonly string[] {
  return Object.entries(config.sources).flatMap(([name, options]) => (isToldByService(options) ? [name] : []));
}

function isNoQueries({ message }: Problem): boolean {
  return message.endsWith('(NO_QUERIES)');
}
