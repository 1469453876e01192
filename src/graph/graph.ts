import { describeError } from '../../kernel/errors.ts';
import type { Log } from '../../kernel/ports.ts';
import type { Problem } from '../../kernel/problem.ts';
import type { Composition } from '../../schema/compose.ts';
import { createRegistry, type Generation, type GenerationOptions, type Registry } from '../../schema/registry.ts';
import type { Meter } from '../../sources/ai/meter.ts';
import type { Models } from '../../sources/ai/model-client.ts';
import type { CachingState } from '../../sources/cache/caching.ts';
import type { Source } from '../../sources/source.ts';
import type { SkeinConfig } from '../config/schema.ts';
import { type Build, createBuild } from './build.ts';
import type { SchemaChanges } from './compare-schemas.ts';
import { type CompileWorker, createCompileWorker } from './compile-worker.ts';
import { disposeAll } from './graph-sources.ts';
import { modelFiles } from './load-sources.ts';
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
  /** What is kept of answers, and where; undefined when none are. */
  cacheState(): CachingState | undefined;
  /** What the documents say and the graph does not have, with the reason: no mistakes, but nothing to be silent about. */
  notices(): readonly Problem[];
  /** Sources of the configuration that the graph lacks now. */
  missing(): readonly { readonly name: string; readonly hasFailed: boolean }[];
  /** What is wrong with what services say that are left out for it. */
  failures(): readonly Problem[];
  /** Sources that others gave and that do not fit what is its own, by name, with the reasons. */
  givenOut(): ReadonlyMap<string, readonly Problem[]>;
  /** Links that are not in the graph, because a source they need is not there. */
  uncheckedLinks(): readonly string[];
  /** Numbers of the generations that something may still run on. */
  generationsInUse(): readonly number[];
  /** Absolute paths of the files it was made of, beside skein.yaml. */
  files(): ReadonlySet<string>;
  /** Whether nothing runs on any of its generations. */
  isIdle(): boolean;
  /** Asks every source whether it is there. */
  probe(): Promise<void>;
  /**
   * Builds the next generation beside the running one and swaps it in. Requests and streams under way stay on theirs;
   * sources that have not changed are the same in both. One change at a time: the next waits. It resolves in the same
   * turn of the event loop that the graph begins to serve in: what has to count together with it can follow at once.
   * @throws ProblemsError when the change cannot be taken; everything stays as it was
   */
  change(request: ChangeRequest): Promise<GraphChange>;
  dispose(): Promise<void>;
}

export interface ChangeRequest {
  readonly config: SkeinConfig;
  /** Mistakes that are known already: with any, the change is refused, and all are told at once. */
  readonly known: readonly Problem[];
  readonly generation: GenerationOptions;
  readonly changedFiles: ReadonlySet<string>;
  /** Whether services are asked again for what they offer, by introspection or a document's address. */
  readonly asksServices: boolean;
  /** Sources beside those of the configuration. Default: none. */
  readonly given?: readonly Source[] | undefined;
  /** Whether what links lead to may have gone: then they are left out. Default: that is a mistake. */
  readonly mayLack?: boolean | undefined;
}

export interface GraphChange {
  /** Number of the generation that serves now; the same as before when nothing has changed. */
  readonly generation: number;
  readonly isNew: boolean;
  /** What clients see of it; compared when somebody asks. */
  changes(): Promise<SchemaChanges>;
}

export interface GraphDeps {
  readonly log: Log;
  readonly generation: GenerationOptions;
  /** Sources beside those of the configuration. They stay whoever gives them's to dispose of. Default: none. */
  readonly given?: readonly Source[] | undefined;
  /** As for a change. */
  readonly mayLack?: boolean | undefined;
  /** Whether there may be nothing at all yet. Default: that is a mistake. */
  readonly mayBeEmpty?: boolean | undefined;
  /** Compiles for several graphs. Default: one of its own. */
  readonly compiler?: CompileWorker | undefined;
  /** Told of every call of a model. Default: nobody is. */
  readonly meter?: Meter | undefined;
  /** Told of a generation that no change has brought: what was missing is in it. Default: nobody is. */
  readonly onJoined?: (() => void) | undefined;
}

const noChanges = (): Promise<SchemaChanges> => Promise.resolve({ breaking: [], dangerous: [], safe: [] });

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
  { log, generation, given, mayBeEmpty, mayLack, compiler: shared, meter, onJoined }: GraphDeps,
): Promise<Graph> {
  const compiler = shared ?? createCompileWorker();
  const disposeCompiler = async () => {
    if (shared === undefined) await compiler.dispose();
  };
  const deps = { log, compiler, mayBeEmpty, meter };
  let build: Build;
  try {
    build = await createBuild(config, known, { ...deps, given, mayLack });
  } catch (error) {
    await disposeCompiler();
    throw error;
  }

  /** What each generation that may still run calls, and what there is to dispose of in the end. */
  const inUse = new Map<Generation, readonly Source[]>();
  const disposeOwn = (sources: readonly Source[]) => disposeAll(sources.filter((source) => !borrowed.has(source)));
  const borrowed = new WeakSet<Source>(given);
  const alive = new Set<Source>();
  const disposeUnused = async () => {
    const used = new Set([...inUse.values(), sourcesOf(build)].flat());
    const unused = [...alive].filter((source) => !used.has(source));
    for (const source of unused) alive.delete(source);
    await disposeOwn(unused);
  };
  const closeUnused = () =>
    void disposeUnused().catch((error: unknown) => log.warn({ err: error }, 'a source could not be closed'));
  const registry = createRegistry(generation, {
    onRetired(retired) {
      inUse.delete(retired);
      closeUnused();
    },
  });
  const note = (published: Generation | undefined) => {
    const own = sourcesOf(build);
    if (published !== undefined) inUse.set(published, own);
    for (const source of own) alive.add(source);
  };
  // Beside it a gateway may serve other graphs.
  const first = build.composition;
  try {
    note(first === undefined ? undefined : await registry.publishInSlices(first, () => true));
  } catch (error) {
    await Promise.all([disposeOwn(sourcesOf(build)), disposeCompiler()]);
    throw error;
  }

  let disposed = false;
  /** What the generation that serves was published with. */
  let configured = generation;
  let last: Promise<unknown> = Promise.resolve();
  const oneByOne = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };
  const publish = async (composition: Composition, isWanted: () => boolean) =>
    note(await registry.publishInSlices(composition, () => isWanted() && !disposed));
  const startRetrying = (of: Build) =>
    retryMissing({
      config: of.config,
      sources: of.sources,
      log,
      load: of.load,
      // A change that is being made knows nothing of newcomers, and would take them away again.
      rebuild: (newcomers) =>
        oneByOne(async () => {
          if (build !== of || disposed) throw new Error('The graph has changed meanwhile.');
          const composition = await of.join(newcomers);
          if (composition === undefined) return;
          await publish(composition, () => !disposed);
          if (!disposed) onJoined?.();
        }),
      generation: () => registry.current()?.number,
    });
  let retrying = startRetrying(build);

  const changeNow = async (request: ChangeRequest): Promise<GraphChange> => {
    const before = registry.current();
    const unchanged = { generation: before?.number ?? 0, isNew: false, changes: noChanges };
    if (disposed) return unchanged;
    const { changedFiles, asksServices } = request;
    for (const source of request.given ?? []) borrowed.add(source);
    const withGiven = { ...deps, given: request.given, mayLack: request.mayLack };
    const next = await createBuild(request.config, request.known, withGiven, { build, changedFiles, asksServices });
    // Not all that are alive: what was taken away may still serve those who began before.
    const serving = new Set(sourcesOf(build));
    const isSameGraph =
      JSON.stringify([...next.sources.givenOut]) === JSON.stringify([...build.sources.givenOut]) &&
      isSame(withoutFile(next.config), withoutFile(build.config)) &&
      sourcesOf(next).length === serving.size &&
      sourcesOf(next).every((source) => serving.has(source));
    if (isSameGraph || disposed) {
      await disposeOwn(sourcesOf(next).filter((source) => !alive.has(source)));
      return unchanged;
    }
    const old = build;
    retrying.stop();
    build = next;
    registry.configure(request.generation);
    try {
      if (next.composition !== undefined) await publish(next.composition, () => true);
      else {
        note(undefined);
        if (before !== undefined) registry.withdraw();
      }
    } catch (error) {
      build = old;
      registry.configure(configured);
      await disposeOwn(sourcesOf(next).filter((source) => !alive.has(source)));
      throw error;
    } finally {
      retrying = startRetrying(build);
    }
    configured = request.generation;
    closeUnused();
    // What is missing is waited for, and nobody sees more of it.
    if (next.composition === undefined && before === undefined) return unchanged;
    const [sdlBefore, sdl] = [before?.composition.publicSdl, next.composition?.publicSdl];
    const changes = () =>
      sdlBefore === undefined || sdl === undefined
        ? noChanges()
        : compiler.run('compare', sdlBefore, sdl).catch(noChanges);
    return { generation: registry.current()?.number ?? 0, isNew: true, changes };
  };

  const silent = new Map<Source, string>();
  return {
    registry,
    get models() {
      return build.models;
    },
    sources: () => [...new Set([...sourcesOf(build), ...(registry.current()?.sources ?? [])])],
    states: () =>
      describeSources({
        config: build.config,
        sources: build.sources,
        silent,
        composition: registry.current()?.composition,
      }),
    cacheState: () => build.caching.state(),
    missing: () => [...build.sources.missing].map(([name, { problems }]) => ({ name, hasFailed: problems.length > 0 })),
    failures: () => build.sources.failures(),
    givenOut: () => build.sources.givenOut,
    notices: () => [...build.sources.notices(), ...(registry.current()?.composition.notices ?? [])],
    uncheckedLinks: () => {
      const links = new Set(
        registry.current()?.composition.links.map(({ typeName, fieldName }) => `${typeName}.${fieldName}`),
      );
      return Object.keys(build.config.links).filter((coordinate) => !links.has(coordinate));
    },
    isIdle: () => [...inUse.keys()].every((generation) => !generation.isHeld()),
    generationsInUse: () => [...inUse.keys()].map(({ number }) => number),
    files: () =>
      new Set([...[...build.entries.values()].flatMap(({ files }) => [...files]), ...modelFiles(build.config)]),
    async probe() {
      const aborter = new AbortController();
      const timer = setTimeout(() => aborter.abort(), PROBE_TIMEOUT_MS);
      await Promise.all(
        [...build.sources.opened.values()].flat().map(async (source) => {
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
    change: (request) => oneByOne(() => changeNow(request)),
    async dispose() {
      disposed = true;
      retrying.stop();
      await Promise.all([disposeOwn([...new Set([...alive, ...sourcesOf(build)])]), disposeCompiler()]);
    },
  };
}

function sourcesOf({ sources }: Build): readonly Source[] {
  return [...[...sources.opened.values()].flat(), ...sources.builtIn, ...sources.given.values()];
}

function withoutFile({ file: _, ...rest }: SkeinConfig): object {
  return rest;
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
