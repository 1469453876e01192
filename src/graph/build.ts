import type { Log } from '../../kernel/ports.ts';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { type Composition, type CompositionResult, composeInSlices } from '../../schema/compose.ts';
import type { Meter } from '../../sources/ai/meter.ts';
import type { Models } from '../../sources/ai/model-client.ts';
import { createProviderPool, type ProviderPool } from '../../sources/ai/provider-pool.ts';
import { type Caching, createCaching } from '../../sources/cache/caching.ts';
import type { Source } from '../../sources/source.ts';
import type { SkeinConfig, SourceOptions } from '../config/schema.ts';
import { isToldByService } from './blame.ts';
import type { CompileWorker } from './compile-worker.ts';
import { fitSources } from './fit-sources.ts';
import { createGraphSources, disposeAll, type GraphSources, isAboutNothing, NO_QUERIES } from './graph-sources.ts';
import { type LoadedSource, loadModels, loadPrompts, loadSource, modelFiles, wantsModels } from './load-sources.ts';
import { recordCompiler, type SourceEntry } from './source-entry.ts';

/** A configuration with its sources, as far as they could be loaded, and what they compose. */
export interface Build {
  readonly config: SkeinConfig;
  readonly sources: GraphSources;
  readonly models: Models | undefined;
  /** The source of the models, and that of the prompts. */
  readonly modelSource: Source | undefined;
  readonly promptSource: Source | undefined;
  /** Providers of this build and those around it. */
  readonly pool: ProviderPool;
  readonly caching: Caching;
  /** Of the sources that were loaded, by name: what a next build may take over. */
  readonly entries: Map<string, SourceEntry>;
  readonly composition: Composition | undefined;
  /** Loads a source of the configuration anew. */
  load(name: string, options: SourceOptions, report: (problem: Problem) => void): Promise<LoadedSource>;
  /** Puts newcomers in and composes, without those that do not fit. @throws ProblemsError when none of them does */
  join(newcomers: ReadonlyMap<string, readonly Source[]>): Promise<Composition | undefined>;
}

export interface BuildDeps {
  readonly log: Log;
  readonly compiler: CompileWorker;
  /** Sources beside those of the configuration. They stay whoever gives them's to dispose of. */
  readonly given?: readonly Source[] | undefined;
  /** Whether there may be nothing at all, and so no composition. */
  readonly mayBeEmpty?: boolean | undefined;
  /** Whether what links lead to may have gone: then they are left out. Default: that is a mistake. */
  readonly mayLack?: boolean | undefined;
  /** Told of every call of a model. Default: nobody is. */
  readonly meter?: Meter | undefined;
}

/** The build that serves, and what may have changed since. */
export interface Previous {
  readonly build: Build;
  readonly changedFiles: ReadonlySet<string>;
  /** Whether services are asked again for what they offer. */
  readonly asksServices: boolean;
}

/**
 * Loads what a configuration names and composes it. At start a source that cannot be reached, or whose service says what
 * makes no sense or does not fit the others, is left out. Beside a build that serves, sources that have not changed are
 * taken over, and what would take a source away that serves is a mistake like any other.
 *
 * @throws ProblemsError with `known` and every mistake found here, when one of them is in what the operator wrote.
 */
export async function createBuild(
  config: SkeinConfig,
  known: readonly Problem[],
  { log, compiler, given = [], mayBeEmpty = false, mayLack = false, meter }: BuildDeps,
  previous?: Previous,
): Promise<Build> {
  const problems: Problem[] = [...known];
  const report = (problem: Problem) => problems.push(problem);
  const old = previous?.build;
  const caching =
    old !== undefined && isSame(old.config.cache, config.cache) ? old.caching : createCaching(config.cache, { log });
  const keepsModels =
    old !== undefined &&
    old.caching === caching &&
    wantsModels(old.config) === wantsModels(config) &&
    MODEL_SECTIONS.every((name) => isSame(old.config[name], config[name])) &&
    !modelFiles(config).some((file) => previous?.changedFiles.has(file));
  const pool = old?.pool ?? createProviderPool();
  const modelDeps = { log, report, meter, caching, pool };
  const { models, source: modelSource } = keepsModels
    ? { models: old.models, source: old.modelSource }
    : await loadModels(config, modelDeps);
  const keepsPrompts = keepsModels && isSame(old.config.prompts, config.prompts);
  const promptSource = keepsPrompts ? old.promptSource : loadPrompts(config, models, modelDeps);
  const builtIn = [modelSource, promptSource].filter((source) => source !== undefined);
  const hasBrokenPrompt = problems.some(({ path }) => path?.[0] === 'prompts');
  const sources = createGraphSources({ config, builtIn, given, hasBrokenPrompt, mayLack });
  const entries = new Map<string, SourceEntry>();
  const kept = new Set([...(keepsModels ? [modelSource] : []), ...(keepsPrompts ? [promptSource] : [])]);
  const made = new Set<Source>(builtIn.filter((source) => !kept.has(source)));

  const load = createLoader({ log, compiler, caching }, entries, made);
  const takeOver = (name: string, entry: SourceEntry) => {
    entries.set(name, entry);
    sources.opened.set(name, entry.sources);
  };
  await Promise.all(
    Object.entries(config.sources).map(async ([name, options]) => {
      const entry = old?.entries.get(name);
      const serves = entry !== undefined && old?.sources.opened.has(name) === true;
      const keepsStore = options.cache === undefined || caching === old?.caching;
      const isUnchanged = entry !== undefined && isSame(entry.options, options) && keepsStore;
      const asks = previous?.asksServices === true && isToldByService(options);
      if (serves && isUnchanged && !asks && !hasChanged(entry, previous?.changedFiles)) return takeOver(name, entry);
      const missing = old?.sources.missing.get(name);
      if (missing !== undefined && isSame(old?.config.sources[name], options) && !asks && isToldByService(options)) {
        sources.missing.set(name, missing);
        return;
      }
      const mayStay = serves && isUnchanged && !usesOtherFiles(entry, previous);
      const result = await load(name, options, report, mayStay ? entry : undefined);
      if ('sources' in result) sources.opened.set(name, result.sources);
      else if ('same' in result && entry !== undefined) takeOver(name, entry);
      else if (serves && isUnchanged && asks) {
        log.warn({ source: name, reason: reasonOf(result) }, 'a service does not say what it offers: its source stays');
        takeOver(name, entry);
      } else if (serves && !('broken' in result)) {
        const message = `The source serves now, and could not with this change: ${reasonOf(result)}.`;
        report({ path: ['sources', name], message });
      } else if ('unreachable' in result) sources.missing.set(name, { reason: result.unreachable, problems: [] });
      else if ('failed' in result) sources.leaveOut(name, result.failed);
      else sources.broken.add(name);
    }),
  );

  const compose = createComposer(config, sources, problems, { compiler, mayBeEmpty });
  const leftOut = new Map<string, readonly Source[]>();
  const isNew = (name: string) => old === undefined || !old.sources.opened.has(name);
  const first = await fitSources({
    compose,
    versions: config.versions,
    // What is refused anyway is told as it is.
    candidates:
      problems.length > 0
        ? []
        : [
            ...toldByServices(config).filter((name) => sources.opened.has(name) && isNew(name)),
            // The last are left out first: what is the configuration's own stays for what others give.
            ...given.map(({ name }) => name),
          ],
    isConflict,
    leaveOut: (name, found) => {
      const source = sources.given.get(name);
      const made = sources.leaveOut(name, found);
      leftOut.set(name, source === undefined ? made : [source]);
    },
    putBack: (name) => {
      sources.putIn(name, leftOut.get(name) ?? []);
      sources.missing.delete(name);
    },
  }).catch(async (error: unknown) => {
    await disposeAll([...made]);
    throw error;
  });
  problems.push(...first.problems);
  if (problems.length > 0) {
    problems.push(...sources.failures());
    await disposeAll([...made]);
    throw new ProblemsError(problems);
  }
  await Promise.all(
    [...leftOut].map(([name, list]) =>
      sources.opened.has(name) || given.some((source) => source.name === name) ? undefined : disposeAll(list),
    ),
  );

  return {
    config,
    sources,
    ...{ models, modelSource, promptSource, pool },
    caching,
    entries,
    composition: first.composition,
    load,
    join: createJoin(config, sources, compose),
  };
}

// What follows lives as long as the build it is for. It has scopes of its own: in that of `createBuild` it would keep the
// build before, and that one the build before it.

function createLoader(
  { log, compiler, caching }: BuildDeps & { readonly caching: Caching },
  entries: Map<string, SourceEntry>,
  made: Set<Source>,
) {
  /** What would be the same as that entry is not made again. */
  return async (
    name: string,
    options: SourceOptions,
    report: (problem: Problem) => void,
    known?: SourceEntry,
  ): Promise<LoadedSource> => {
    const recording = recordCompiler(compiler, options, known?.fingerprint);
    const loaded = await loadSource(name, options, { log, report, compiler: recording.compiler, caching });
    if ('sources' in loaded) {
      const fingerprint = await recording.fingerprint();
      entries.set(name, { options, sources: loaded.sources, files: recording.files(), fingerprint });
      for (const source of loaded.sources) made.add(source);
    }
    return loaded;
  };
}

type Compose = () => Promise<{
  readonly composition: Composition | undefined;
  readonly problems: readonly Problem[];
}>;

function createComposer(
  config: SkeinConfig,
  sources: GraphSources,
  known: readonly Problem[],
  { compiler, mayBeEmpty = false }: Pick<BuildDeps, 'compiler' | 'mayBeEmpty'>,
): Compose {
  return async () => {
    const mistakes: Problem[] = [];
    const inGraph = await sources.forGraph((problem) => mistakes.push(problem));
    if (mayBeEmpty && inGraph.length === 0 && sources.missing.size + mistakes.length + known.length === 0)
      return { composition: undefined, problems: [] };
    const options = { sources: inGraph, links: config.links, types: config.types, isMissing: sources.isMissing };
    const result = await composeInSlices(options, (request) => compiler.run('join', request)).catch(toResult);
    const found = [...mistakes, ...result.problems.map((problem) => (isNoQueries(problem) ? NO_QUERIES : problem))];
    return { composition: result.composition, problems: sources.mistakesIn(found, known) };
  };
}

function createJoin(config: SkeinConfig, sources: GraphSources, compose: Compose): Build['join'] {
  return async (newcomers) => {
    for (const [name, made] of newcomers) sources.putIn(name, made);
    const result = await fitSources({
      compose,
      versions: config.versions,
      candidates: Object.keys(config.sources).filter((name) => newcomers.has(name)),
      isConflict: () => true,
      leaveOut: (name, found) => void sources.leaveOut(name, found),
      putBack: (name) => sources.putIn(name, newcomers.get(name) ?? []),
    });
    if (result.problems.length > 0) throw new ProblemsError(result.problems);
    if (![...newcomers.keys()].some((name) => sources.opened.has(name))) return undefined;
    if (result.composition === undefined) throw new ProblemsError([NO_QUERIES]);
    return result.composition;
  };
}

const MODEL_SECTIONS = ['providers', 'models', 'routes'] as const;

/** Options are plain data, in the order of the file. */
function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function hasChanged({ files }: SourceEntry, changed: ReadonlySet<string> = new Set()): boolean {
  return [...files].some((file) => changed.has(file));
}

/** Certificates and keys are no part of what is compiled. */
function usesOtherFiles(entry: SourceEntry, previous: Previous | undefined): boolean {
  const { options } = entry;
  if (typeof options.tls !== 'object') return false;
  return Object.values(options.tls).some((file) => previous?.changedFiles.has(String(file)) === true);
}

function reasonOf(result: Exclude<LoadedSource, { readonly sources: unknown }>): string {
  if ('unreachable' in result) return result.unreachable;
  return 'failed' in result ? result.failed.map(({ message }) => message).join(' ') : 'its configuration is wrong';
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
