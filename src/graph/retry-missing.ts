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
 * What does not fit alone may fit with another that comes in the same round: subgraphs need each other.
 */
export function retryMissing({ config, sources, log, load, rebuild, generation }: RetryOptions): { stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
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

  const join = async (waiting: Map<string, readonly Source[]>) => {
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

  const round = async (delayMs: number) => {
    const waiting = new Map<string, readonly Source[]>();
    for (const name of [...sources.missing.keys()]) {
      const options = config.sources[name];
      if (options === undefined || stopped) continue;
      const mistakes: Problem[] = [];
      const result = await load(name, options, (problem) => mistakes.push(problem));
      if (stopped && 'sources' in result) await disposeAll(result.sources);
      if (stopped) break;
      if ('sources' in result) {
        waiting.set(name, result.sources);
        await join(waiting);
      } else if ('unreachable' in result) {
        sources.missing.set(name, { reason: result.unreachable, problems: [] });
        tell(name, '');
      } else {
        sources.leaveOut(name, 'failed' in result ? result.failed : mistakes);
        tell(name, LEFT_OUT);
      }
    }
    for (const [name, made] of waiting) {
      await disposeAll(made);
      if (!stopped) tell(name, 'the source is there, but does not fit the graph');
    }
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
    },
  };
}

const LEFT_OUT = 'the source is left out: what its service says is wrong, or does not fit the graph';
const NOTHING: MissingSource = { reason: '', problems: [] };
