import { resolve } from 'node:path';
import { UserErrors } from '../admin/errors.ts';
import type { Log } from '../kernel/ports.ts';
import { type Problem, ProblemsError } from '../kernel/problem.ts';
import type { Source } from '../sources/source.ts';
import { formatProblems } from './config/print-problems.ts';
import { type ConfigReading, readConfig } from './config/read-config.ts';
import type { SkeinConfig } from './config/schema.ts';
import type { Environment } from './config/substitute.ts';
import type { MergedFile } from './control/control-plane.ts';
import type { SchemaChanges } from './graph/compare-schemas.ts';
import type { Graph } from './graph/graph.ts';
import { generationOptions } from './graph/load-graph.ts';
import type { LiveSettings } from './live-settings.ts';
import { createFileWatcher } from './watch-files.ts';

export interface ReloadOptions {
  readonly graph: Graph;
  readonly reading: ConfigReading;
  readonly settings: LiveSettings;
  /** Asked each time: secrets of the control plane are in it. */
  readonly env: () => Environment;
  readonly log: Log;
  /** What is served by a file: what the store says beside it. Default: what the file says. */
  readonly merge?: ((reading: ConfigReading) => Promise<MergedFile>) | undefined;
  /** Sources that are there beside those of the file. */
  readonly given?: (() => readonly Source[]) | undefined;
  /** Does its work when nobody else changes the graph. Default: nobody else does. */
  readonly exclusively?: (<T>(work: () => Promise<T>) => Promise<T>) | undefined;
  /** Told that clients have another graph. */
  readonly onPublished?: (() => void) | undefined;
  /** Told each time whether what there is to take could be taken. */
  readonly onTaken?: ((isTaken: boolean) => void) | undefined;
}

export interface Reloader {
  /** Reads everything again and takes what has changed. Never rejects: what is wrong is in the log. */
  reload(changedFiles: ReadonlySet<string>, asksServices: boolean): Promise<void>;
  stop(): void;
}

const LOOK_EVERY_MS = 1_000;
const RETRY_FIRST_MS = 5_000;
const RETRY_MOST_MS = 60_000;
const MOST_TOLD = 50;
/** Whoever writes it may be about to, or have had no room for it. */
const EMPTIED: Problem = {
  message: 'The file is empty, and takes nothing away.',
  suggestion: 'Write {} if nothing of it is to serve any more.',
};
/** How often somebody else may publish while a change is made. */
const MOST_TRIES = 5;

/**
 * Takes changes of skein.yaml and of the files it names while the gateway serves. What cannot be taken is told once, the
 * graph stays as it was, and it is tried again: a service that a change needs may only be late.
 */
export function createReloader(options: ReloadOptions): Reloader {
  const { graph, reading, settings, env, log, given, onPublished, onTaken } = options;
  const merge = options.merge ?? ((read) => Promise.resolve({ reading: read, isFile: true, commit: async () => {} }));
  const exclusively = options.exclusively ?? ((work) => work());
  const { file } = reading.config;
  let reloading = reading.config.reload;
  let wasEmpty = reading.isEmpty;
  /** When reading began of what serves: at first, when the process did. */
  let readAt = performance.timeOrigin;
  let told = '';
  let stopped = false;
  let retry: NodeJS.Timeout | undefined;
  let refused: { files: ReadonlySet<string>; asksServices: boolean; delayMs: number } | undefined;
  let asking: NodeJS.Timeout | undefined;

  const refuse = (problems: readonly Problem[], { config, locate }: ConfigReading) => {
    const text = formatProblems(problems, { file: config.file, locate, color: false });
    if (text === told) return;
    told = text;
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    log.error({ problems: lines.slice(0, MOST_TOLD) }, 'the change is not taken: the graph stays as it was');
  };

  const take = async (changedFiles: ReadonlySet<string>, asksServices: boolean, tries = 1): Promise<boolean> => {
    const beganAt = Date.now();
    let next: ConfigReading | undefined;
    try {
      const read = await readConfig(file, env());
      const isEmptied = read.isEmpty && !wasEmpty;
      const merged = await merge(isEmptied ? { ...read, problems: [{ ...EMPTIED, file }] } : read);
      next = merged.reading;
      const request = { config: next.config, known: next.problems, changedFiles, asksServices };
      const { isNew, generation, changes } = await graph.change({
        ...request,
        generation: generationOptions(next.config),
        given: given?.(),
        mayLack: !merged.isFile,
      });
      // Keys and limits count from the same moment as the graph does.
      use(next.config);
      wasEmpty = next.isEmpty;
      told = '';
      readAt = beganAt;
      if (isNew) onPublished?.();
      const isWritten = await write(merged, tries);
      if (isNew) tellChanges(generation, await changes());
      return isWritten;
    } catch (error) {
      if (error instanceof ProblemsError && next !== undefined) refuse(error.problems, next);
      else log.error({ err: error }, 'the change is not taken: the graph stays as it was');
      return false;
    }
  };
  const write = async (merged: MergedFile, tries: number): Promise<boolean> => {
    try {
      await merged.commit();
      return true;
    } catch (error) {
      // Somebody else has published, perhaps the same file: before that is taken alone, it is taken with this.
      if (error instanceof UserErrors && tries < MOST_TRIES) return take(new Set(), false, tries + 1);
      log.warn({ err: error }, 'the change serves, and is not in the store: it is tried again');
      return false;
    }
  };
  const use = (config: SkeinConfig) => {
    settings.use(config);
    reloading = config.reload;
    askLater();
  };
  const tellChanges = (generation: number, { breaking, dangerous, safe }: SchemaChanges) => {
    const counts = { generation, breaking: breaking.length, dangerous: dangerous.length, safe: safe.length };
    if (breaking.length === 0) log.info(counts, 'the graph has changed');
    else
      log.warn(
        { ...counts, changes: breaking.slice(0, MOST_TOLD).map(({ message }) => message) },
        'the graph has changed, and clients may break',
      );
  };

  let last: Promise<void> = Promise.resolve();
  const reload = (changedFiles: ReadonlySet<string>, asksServices: boolean): Promise<void> => {
    last = last.then(async () => {
      if (stopped) return;
      clearTimeout(retry);
      const files = new Set([...(refused?.files ?? []), ...changedFiles]);
      const asks = asksServices || refused?.asksServices === true;
      const isTaken = await exclusively(() => take(files, asks));
      onTaken?.(isTaken);
      if (isTaken) {
        refused = undefined;
        return;
      }
      const delayMs = Math.min(refused === undefined ? RETRY_FIRST_MS : refused.delayMs * 2, RETRY_MOST_MS);
      refused = { files, asksServices: asks, delayMs };
      if (stopped) return;
      retry = setTimeout(() => void reload(new Set(), false), delayMs).unref();
    });
    return last;
  };
  const askLater = () => {
    clearTimeout(asking);
    const { servicesEveryMs } = reloading;
    if (servicesEveryMs === undefined || stopped) return;
    asking = setTimeout(() => void reload(new Set(), true).then(askLater), servicesEveryMs).unref();
  };

  const watcher = createFileWatcher({
    files: () => (reloading.files ? [resolve(file), ...graph.files()] : []),
    everyMs: LOOK_EVERY_MS,
    readAt: () => readAt,
    onChange: (changed) => void reload(changed, false),
  });
  askLater();
  return {
    reload,
    stop() {
      stopped = true;
      watcher.stop();
      clearTimeout(retry);
      clearTimeout(asking);
    },
  };
}
