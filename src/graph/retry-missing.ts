import { describeError } from '../../kernel/errors.ts';
import type { Log } from '../../kernel/ports.ts';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import type { Source } from '../../sources/source.ts';
import type { SkeinConfig, SourceOptions } from '../config/schema.ts';
import { problemText } from './blame.ts';
import { disposeAll, type GraphSources, type MissingSource } from './graph-sources.ts';
import type { LoadedSource } from './load-sources.ts';

const FIRST_MS = 1_000;
const MOST_MS = 30_000;
/** How long those that hang hold up the others. */
const PATIENCE_MS = 2_000;

export interface RetryOptions {
  readonly config: SkeinConfig;
  readonly sources: GraphSources;
  readonly log: Log;
  load(name: string, options: SourceOptions, report: (problem: Problem) => void): Promise<LoadedSource>;
  /** Puts newcomers in when no change is made. Rejects, and leaves the graph as it is, when none of them has joined. */
  rebuild(newcomers: ReadonlyMap<string, readonly Source[]>): Promise<void>;
  /** Number of the graph that serves. */
  generation(): number | undefined;
}

/**
 * Loads what is missing again, after a second first, then less and less often, and puts it into the graph when it fits.
 * What does not fit alone may fit with another that comes in the same round: subgraphs need each other. A service that hangs
 * is waited for beside the rounds of the others.
 */
export function retryMissing({ config, sources, log, load, rebuild, generation }: RetryOptions): { stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const loading = new Map<string, Promise<void>>();
  /** Those that are there and have not joined. */
  const waiting = new Map<string, readonly Source[]>();
  /** Joins and what follows are made one at a time. */
  let last: Promise<void> = Promise.resolve();
  /** Told once for each reason, however often it is tried. */
  const told = new Map<string, string>();
  const tell = (name: string, what: string) => {
    const { problems } = sources.missing.get(name) ?? NOTHING;
    const lines = problems.map(problemText);
    const known = JSON.stringify([what, lines]);
    if (lines.length > 0 && told.get(name) !== known) log.error({ source: name, problems: lines }, what);
    if (lines.length === 0) told.delete(name);
    else told.set(name, known);
  };

  const join = async () => {
    const names = [...waiting.keys()];
    try {
      await rebuild(waiting);
    } catch (error) {
      const problems = error instanceof ProblemsError ? error.problems : [{ message: describeError(error) }];
      for (const name of names) sources.leaveOut(name, problems);
    }
    for (const name of names) {
      if (!sources.opened.has(name)) continue;
      waiting.delete(name);
      sources.missing.delete(name);
      told.delete(name);
      if (!stopped) log.info({ source: name, generation: generation() }, 'the source is there, and in the graph');
    }
  };

  const take = async (name: string, result: LoadedSource, mistakes: readonly Problem[]) => {
    if (stopped) {
      if ('sources' in result) await disposeAll(result.sources);
    } else if ('sources' in result) {
      waiting.set(name, result.sources);
      await join();
    } else if ('unreachable' in result) {
      sources.missing.set(name, { reason: result.unreachable, problems: [] });
      tell(name, '');
    } else {
      sources.leaveOut(name, 'failed' in result ? result.failed : mistakes);
      tell(name, LEFT_OUT);
    }
  };
  const letGo = async () => {
    for (const [name, made] of waiting) {
      waiting.delete(name);
      await disposeAll(made);
      if (!stopped) tell(name, 'the source is there, but does not fit the graph');
    }
  };
  const inTurn = (work: () => Promise<void>) => {
    last = last.then(work);
    return last;
  };
  const loadOne = async (name: string, options: SourceOptions) => {
    const mistakes: Problem[] = [];
    const result = await load(name, options, (problem) => mistakes.push(problem));
    await inTurn(() => take(name, result, mistakes));
  };
  const round = async (delayMs: number) => {
    for (const name of sources.missing.keys()) {
      const options = config.sources[name];
      if (options === undefined || loading.has(name)) continue;
      loading.set(
        name,
        loadOne(name, options).finally(() => loading.delete(name)),
      );
    }
    let patience: NodeJS.Timeout | undefined;
    const hanging = new Promise<void>((resolve) => {
      patience = setTimeout(resolve, PATIENCE_MS).unref();
    });
    await Promise.race([Promise.all(loading.values()), hanging]);
    clearTimeout(patience);
    await inTurn(letGo);
    later(Math.min(delayMs * 2, MOST_MS));
  };
  const later = (delayMs: number) => {
    if (sources.missing.size === 0 || stopped) return;
    timer = setTimeout(() => void round(delayMs), delayMs);
    timer.unref();
  };

  for (const name of sources.missing.keys()) tell(name, LEFT_OUT);
  later(FIRST_MS);
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
      void inTurn(letGo);
    },
  };
}

const LEFT_OUT = 'the source is left out: what its service says is wrong, or does not fit the graph';
const NOTHING: MissingSource = { reason: '', problems: [] };
