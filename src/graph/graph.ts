import { isObjectType } from 'graphql';
import { describeError } from '../../kernel/errors.ts';
import type { Log } from '../../kernel/ports.ts';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { compose } from '../../schema/compose.ts';
import { ROOT_TYPES } from '../../schema/ownership.ts';
import { createRegistry, type GenerationOptions, type Registry } from '../../schema/registry.ts';
import type { Models } from '../../sources/ai/model-client.ts';
import type { Source, SourceKind } from '../../sources/source.ts';
import type { SkeinConfig } from '../config/schema.ts';
import { loadModels, loadSource } from './load-sources.ts';

const PROBE_TIMEOUT_MS = 2_000;
const RETRY_FIRST_MS = 1_000;
const RETRY_MOST_MS = 30_000;

/** One source as an operator wants to see it. */
export interface SourceState {
  readonly name: string;
  readonly kind: SourceKind;
  /** Root fields it gives the graph. */
  readonly fields: number;
  /** Why it cannot be called now; undefined when it answered the last time it was asked. */
  readonly unreachable: string | undefined;
  /** How much of its document the graph does not have. */
  readonly notices: number;
  /** Whether its fields are in the graph. */
  readonly inGraph: boolean;
}

/** The graph that serves: sources, models, and the generation they make. */
export interface Graph {
  readonly registry: Registry;
  readonly models: Models | undefined;
  states(): readonly SourceState[];
  /** What the documents say and the graph does not have, with the reason: no mistakes, but nothing to be silent about. */
  notices(): readonly Problem[];
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
  const sources = new Map<string, Source>();
  const unreachable = new Map<string, string>();
  const broken = new Set(
    [...config.broken].filter((name) => name.startsWith('sources.')).map((name) => name.slice('sources.'.length)),
  );
  const built = loadModels(config, { log, report });

  const loaded = await Promise.all(
    Object.entries(config.sources).map(([name, options]) => loadSource(name, options, { log, report })),
  );
  for (const result of loaded) {
    if ('source' in result) sources.set(result.name, result.source);
    else if ('unreachable' in result) unreachable.set(result.name, result.unreachable);
    else broken.add(result.name);
  }

  const isMissing = (name: string | undefined) => {
    if (name === undefined) return unreachable.size > 0 || broken.size > 0;
    return unreachable.has(name) || broken.has(name) || (name === 'prompts' && hasBroken(config, 'prompts'));
  };
  const composeNow = () =>
    compose({ sources: [...sources.values(), ...built.sources], links: config.links, isMissing });
  const first = composeNow();
  const dispose = () => Promise.all([...sources.values(), ...built.sources].map((source) => source.dispose()));
  // With nothing reachable yet there is no graph to judge: it is built when the first source answers.
  // With nothing usable at all, that is a consequence of mistakes told already.
  const isEmpty = sources.size + built.sources.length === 0;
  const isExcused = isEmpty && (unreachable.size > 0 || problems.length > 0);
  if (first.composition === undefined && !isExcused) problems.push(...first.problems);
  if (problems.length > 0) {
    await dispose();
    throw new ProblemsError(problems);
  }

  const registry = createRegistry(generation);
  if (first.composition !== undefined) registry.publish(first.composition);

  let retry: NodeJS.Timeout | undefined;
  let disposed = false;
  const retryLater = (delayMs: number) => {
    if (unreachable.size === 0 || disposed) return;
    retry = setTimeout(() => void retryNow(delayMs), delayMs);
    retry.unref();
  };
  /** Builds the next generation; the reasons when it cannot be built, and the running one serves on. */
  const takeIn = (name: string): readonly string[] | undefined => {
    try {
      const next = composeNow();
      if (next.composition === undefined) return next.problems.map(({ message }) => message);
      const { number } = registry.publish(next.composition);
      log.info({ source: name, generation: number }, 'the source is there, and in the graph');
      return undefined;
    } catch (error) {
      return [describeError(error)];
    }
  };
  const retryNow = async (delayMs: number) => {
    for (const name of [...unreachable.keys()]) {
      const options = config.sources[name];
      if (options === undefined) continue;
      const mistakes: Problem[] = [];
      const result = await loadSource(name, options, { log, report: (problem) => mistakes.push(problem) });
      if (disposed) {
        if ('source' in result) await result.source.dispose();
        return;
      }
      if (!('source' in result)) {
        unreachable.set(
          name,
          'unreachable' in result ? result.unreachable : mistakes.map(({ message }) => message).join(' '),
        );
        continue;
      }
      const reason = unreachable.get(name) ?? '';
      sources.set(name, result.source);
      unreachable.delete(name);
      const mistake = takeIn(name);
      if (mistake === undefined) continue;
      sources.delete(name);
      unreachable.set(name, reason);
      await result.source.dispose();
      log.error({ source: name, problems: mistake }, 'the source is there, but does not fit the graph');
    }
    retryLater(Math.min(delayMs * 2, RETRY_MOST_MS));
  };
  retryLater(RETRY_FIRST_MS);

  const silent = new Map<string, string>();
  return {
    registry,
    models: built.models,
    states: () => [
      ...[...sources.values(), ...built.sources].map((source) => ({
        name: source.name,
        kind: source.kind,
        fields: countFields(registry, source.name),
        notices: source.model.notices?.length ?? 0,
        unreachable: silent.get(source.name),
        inGraph: true,
      })),
      ...[...unreachable].map(([name, reason]) => ({
        name,
        kind: config.sources[name]?.kind ?? ('graphql' as const),
        fields: 0,
        notices: 0,
        unreachable: reason,
        inGraph: false,
      })),
    ],
    notices: () =>
      [...sources.values()].flatMap(({ name, model }) =>
        (model.notices ?? []).map((notice) => ({ ...notice, path: ['sources', name, ...(notice.path ?? [])] })),
      ),
    async probe() {
      const aborter = new AbortController();
      const timer = setTimeout(() => aborter.abort(), PROBE_TIMEOUT_MS);
      await Promise.all(
        [...sources.values()].map(async (source) => {
          try {
            await source.probe(aborter.signal);
            silent.delete(source.name);
          } catch (error) {
            silent.set(
              source.name,
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
      await dispose();
    },
  };
}

function hasBroken(config: SkeinConfig, section: string): boolean {
  return [...config.broken].some((name) => name.startsWith(`${section}.`));
}

function countFields(registry: Registry, sourceName: string): number {
  const schema = registry.current()?.composition.ownership.sources.get(sourceName)?.schema;
  return ROOT_TYPES.reduce((count, name) => {
    const type = schema?.getType(name);
    return count + (isObjectType(type) ? Object.keys(type.getFields()).length : 0);
  }, 0);
}
