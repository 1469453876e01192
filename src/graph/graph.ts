import { describeError } from '../../kernel/errors.ts';
import type { Log } from '../../kernel/ports.ts';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { type CompositionResult, composeInSlices } from '../../schema/compose.ts';
import { createRegistry, type GenerationOptions, type Registry } from '../../schema/registry.ts';
import type { Models } from '../../sources/ai/model-client.ts';
import type { Source } from '../../sources/source.ts';
import type { SkeinConfig } from '../config/schema.ts';
import { createBuildQueue } from './build-queue.ts';
import { createCompileWorker } from './compile-worker.ts';
import { createGraphSources, NO_QUERIES } from './graph-sources.ts';
import { loadModels, loadSource } from './load-sources.ts';
import { describeSources, type SourceState } from './source-states.ts';

const PROBE_TIMEOUT_MS = 2_000;
const RETRY_FIRST_MS = 1_000;
const RETRY_MOST_MS = 30_000;

/** The graph that serves: sources, models, and the generation they make. */
export interface Graph {
  readonly registry: Registry;
  readonly models: Models | undefined;
  /** All that are there: the configuration's, versions by themselves and together, and the gateway's own. */
  sources(): readonly Source[];
  states(): readonly SourceState[];
  /** What the documents say and the graph does not have, with the reason: no mistakes, but nothing to be silent about. */
  notices(): readonly Problem[];
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
 * Loads the sources of a configuration and builds the first generation. A source that cannot be reached is left out and
 * tried again until it is there; then the next generation has it. Mistakes are all collected first.
 *
 * @throws ProblemsError with `known` and every mistake found here.
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
    else if ('unreachable' in result) sources.unreachable.set(result.name, result.unreachable);
    else sources.broken.add(result.name);
  }

  const composeNow = async () => {
    const mistakes: Problem[] = [];
    const inGraph = sources.forGraph((problem) => mistakes.push(problem));
    const options = { sources: inGraph, links: config.links, types: config.types, isMissing: sources.isMissing };
    const result = await composeInSlices(options, (request) => compiler.run('join', request)).catch(toResult);
    return {
      composition: result.composition,
      problems: [...mistakes, ...result.problems.map((problem) => (isNoQueries(problem) ? NO_QUERIES : problem))],
    };
  };
  const first = await composeNow();
  problems.push(...sources.mistakesIn(first.problems, problems));
  if (problems.length > 0) {
    await Promise.all([sources.dispose(), compiler.dispose()]);
    throw new ProblemsError(problems);
  }

  const registry = createRegistry(generation);
  if (first.composition !== undefined) registry.publish(first.composition);

  let retry: NodeJS.Timeout | undefined;
  let disposed = false;
  const retryLater = (delayMs: number) => {
    if (sources.unreachable.size === 0 || disposed) return;
    retry = setTimeout(() => void retryNow(delayMs), delayMs);
    retry.unref();
  };
  /** Builds the next generation; the reasons when it cannot be built, and the running one serves on. */
  const rebuild = createBuildQueue(async (isNewest): Promise<readonly string[] | undefined> => {
    try {
      const next = await composeNow();
      if (disposed) return [];
      if (next.problems.length > 0 || next.composition === undefined)
        return next.problems.map(({ message }) => message);
      const published = await registry.publishInSlices(next.composition, () => isNewest() && !disposed);
      return published === undefined && !disposed ? undefined : [];
    } catch (error) {
      return [describeError(error)];
    }
  });
  const retryNow = async (delayMs: number) => {
    for (const [name, reason] of [...sources.unreachable]) {
      const options = config.sources[name];
      if (options === undefined) continue;
      const mistakes: Problem[] = [];
      const result = await loadSource(name, options, {
        log,
        report: (problem) => mistakes.push(problem),
        compiler,
      });
      const made = 'sources' in result ? result.sources : [];
      if (disposed) {
        await disposeAll(made);
        return;
      }
      if (!('sources' in result)) {
        const why = 'unreachable' in result ? result.unreachable : mistakes.map(({ message }) => message).join(' ');
        sources.unreachable.set(name, why);
        continue;
      }
      sources.opened.set(name, made);
      sources.unreachable.delete(name);
      const unfit = await rebuild();
      if (disposed) return;
      if (unfit.length === 0) {
        const { number } = registry.current() ?? {};
        log.info({ source: name, generation: number }, 'the source is there, and in the graph');
        continue;
      }
      sources.opened.delete(name);
      sources.unreachable.set(name, reason);
      await disposeAll(made);
      log.error({ source: name, problems: unfit }, 'the source is there, but does not fit the graph');
    }
    retryLater(Math.min(delayMs * 2, RETRY_MOST_MS));
  };
  retryLater(RETRY_FIRST_MS);

  const silent = new Map<Source, string>();
  return {
    registry,
    models: built.models,
    sources: () => [
      ...new Set([...[...sources.opened.values()].flat(), ...(registry.current()?.sources ?? []), ...built.sources]),
    ],
    states: () => describeSources({ config, sources, silent, composition: registry.current()?.composition }),
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
      clearTimeout(retry);
      await Promise.all([sources.dispose(), compiler.dispose()]);
    },
  };
}

/** The composer, or the thread it works in, may fail: that is a problem of what it was given. */
function toResult(error: unknown): CompositionResult {
  if (!(error instanceof ProblemsError)) throw error;
  return { composition: undefined, problems: error.problems };
}

async function disposeAll(sources: readonly Source[]): Promise<void> {
  await Promise.all(sources.map((source) => source.dispose()));
}

function isNoQueries({ message }: Problem): boolean {
  return message.endsWith('(NO_QUERIES)');
}
