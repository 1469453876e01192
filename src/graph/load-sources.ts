import { describeError, SkeinError } from '../../kernel/errors.ts';
import { type Log, systemClock } from '../../kernel/ports.ts';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { createAiSource } from '../../sources/ai/ai-source.ts';
import { createCachedModels } from '../../sources/ai/cache/cached-models.ts';
import type { AnswerCacheOptions } from '../../sources/ai/cache/options.ts';
import { type Meter, noMeter } from '../../sources/ai/meter.ts';
import { createModels, type Models } from '../../sources/ai/model-client.ts';
import type { ProviderPool } from '../../sources/ai/provider-pool.ts';
import type { Caching } from '../../sources/cache/caching.ts';
import { createLazyStore } from '../../sources/cache/lazy-store.ts';
import { createPromptSource } from '../../sources/prompt/prompt-source.ts';
import type { Source, SourceDeps } from '../../sources/source.ts';
import { documentName } from '../../sources/upstream/fetch-document.ts';
import { NOT_REACHED } from '../../sources/upstream/resilience/network-guard.ts';
import { readTls, type Tls, tlsOfDocument } from '../../sources/upstream/tls-files.ts';
import type { SkeinConfig, SourceOptions } from '../config/schema.ts';
import { isOfService, isToldByService } from './blame.ts';
import type { CompileWorker } from './compile-worker.ts';
import { loadDocument, readDocument } from './read-document.ts';
import { SameSourceError } from './source-entry.ts';
import { transformSources } from './transform-sources.ts';

/** What came of loading one source. */
export type LoadedSource =
  | { readonly name: string; readonly sources: readonly Source[] }
  /** Its document or endpoint cannot be reached now: worth another try. */
  | { readonly name: string; readonly unreachable: string }
  /** What its service says is wrong, with the paths of skein.yaml: worth another try. */
  | { readonly name: string; readonly failed: readonly Problem[] }
  /** Its configuration, or its document that is a file, is wrong; the problems are reported. */
  | { readonly name: string; readonly broken: true }
  /** What the compiler was asked for is there already. */
  | { readonly name: string; readonly same: true };

export interface LoadDeps {
  readonly log: Log;
  readonly report: (problem: Problem) => void;
}

export interface LoadSourceDeps extends LoadDeps {
  readonly compiler: CompileWorker;
  /** Without, nothing is kept. */
  readonly caching?: Caching | undefined;
}

/** Makes one source of the configuration, or, of a supergraph, one for each subgraph. Never rejects. */
export async function loadSource(
  name: string,
  options: SourceOptions,
  { log, report, compiler, caching }: LoadSourceDeps,
): Promise<LoadedSource> {
  const mistakes: Problem[] = [];
  try {
    const deps: SourceDeps = { log, tls: await readOwnTls(options), report: (problem) => mistakes.push(problem) };
    let made = await createSources(name, options, deps, compiler);
    if (caching !== undefined && options.cache !== undefined && mistakes.length === 0)
      made = await caching.wrap(made, options, deps.report);
    const { transforms } = options;
    const isTransformed = transforms !== undefined && mistakes.length === 0;
    const sources = isTransformed ? await transformSources(made, transforms, deps.report) : made;
    if (mistakes.length === 0) return { name, sources };
    await Promise.all(made.map((source) => source.dispose()));
  } catch (error) {
    if (error instanceof SameSourceError) return { name, same: true };
    const message = describeError(error instanceof SkeinError ? (error.cause ?? error) : error);
    if (error instanceof SkeinError && error.code !== 'UPSTREAM_BAD_RESPONSE')
      return { name, unreachable: publicReason(name, options, error, message, log) };
    mistakes.push(...(error instanceof ProblemsError ? error.problems : [{ message }]));
  }
  const told = mistakes.map((problem) => ({ ...problem, path: ['sources', name, ...(problem.path ?? [])] }));
  // Options cannot be held to what makes no sense: they are told with it, and it is the service's.
  if (isToldByService(options) && mistakes.some((problem) => isOfService(options.kind, problem)))
    return { name, failed: told };
  for (const problem of told) report(problem);
  return { name, broken: true };
}

/** Reasons that are in the log already. */
const logged = new WeakMap<SourceOptions, string>();

/** Why a source cannot be reached, as its owner may know it. What stays out of that is logged, once. */
function publicReason(source: string, options: SourceOptions, { code }: SkeinError, reason: string, log: Log): string {
  if (options.upstream.network !== 'public' || code === 'UPSTREAM_FAILED') return reason;
  if (logged.get(options) !== reason)
    log.warn({ source, reason }, 'a source cannot be reached from the public network');
  logged.set(options, reason);
  return NOT_REACHED;
}

async function readOwnTls({ kind, tls }: SourceOptions): Promise<Tls | undefined> {
  // gRPC has its own way, which reflection uses as well.
  return kind === 'grpc' ? undefined : readTls(tls);
}

async function readDocumentTls(options: Parameters<typeof tlsOfDocument>[0]): Promise<Tls | undefined> {
  const given = tlsOfDocument(options);
  return readTls(given?.options, given?.name);
}

/** Kinds are imported when there is a source of them: their libraries are large. */
async function createSources(
  name: string,
  options: SourceOptions,
  deps: SourceDeps,
  compiler: CompileWorker,
): Promise<readonly Source[]> {
  switch (options.kind) {
    case 'openapi': {
      const opening = import('../../sources/openapi/openapi-source.ts');
      const { network } = options.upstream;
      const tls = await readDocumentTls(options);
      const document = await loadDocument(name, options.document, { tls, network });
      const { openOpenapiSource } = await opening;
      const { compiled, problems } = await compiler.run('openapi', options, document, documentName(options.document));
      if (compiled === undefined) throw new ProblemsError(problems);
      for (const problem of problems) deps.report(problem);
      return [openOpenapiSource(name, compiled, options, deps)];
    }
    case 'grpc': {
      const { createGrpcSource } = await import('../../sources/grpc/grpc-source.ts');
      return [
        await createGrpcSource(name, options, options.document, deps, (...given) => compiler.run('grpc', ...given)),
      ];
    }
    case 'soap':
      return [await createSoap(name, options, deps, compiler)];
    case 'graphql': {
      const { createGraphqlSource } = await import('../../sources/graphql/graphql-source.ts');
      return [
        await createGraphqlSource(name, options, await readIfGiven(options.document), deps, (...given) =>
          compiler.run('graphql', ...given),
        ),
      ];
    }
    case 'federation': {
      const { createFederationSources } = await import('../../sources/federation/federation-source.ts');
      const document = await readIfGiven(options.document);
      const supergraph = await readIfGiven(options.supergraph);
      return createFederationSources(name, options, { document, supergraph }, deps, {
        subgraph: (...given) => compiler.run('subgraph', ...given),
        supergraph: (...given) => compiler.run('supergraph', ...given),
      });
    }
  }
}

/** A WSDL, or a part of it, that is not there now is no mistake: it is read again. */
async function createSoap(
  name: string,
  options: Extract<SourceOptions, { kind: 'soap' }>,
  deps: SourceDeps,
  compiler: CompileWorker,
): Promise<Source> {
  const { createSoapSource } = await import('../../sources/soap/soap-source.ts');
  const { createDocumentLoader } = await import('../../sources/soap/document-loader.ts');
  const load = createDocumentLoader(name, { tls: await readDocumentTls(options), network: options.upstream.network });
  let unreachable: SkeinError | undefined;
  const watched: typeof load = (location, base) =>
    load(location, base).catch((error: unknown) => {
      if (error instanceof SkeinError) unreachable ??= error;
      throw error;
    });
  try {
    const source = await createSoapSource(name, options, watched, deps, (...given) => compiler.run('soap', ...given));
    if (unreachable === undefined) return source;
    await source.dispose();
    throw unreachable;
  } catch (error) {
    throw unreachable ?? error;
  }
}

async function readIfGiven(file: string | undefined): Promise<string | undefined> {
  return file === undefined ? undefined : readDocument(file);
}

/** The models of a configuration, and the source that has them in the graph, if there are any. */
export interface LoadedModels {
  readonly models: Models | undefined;
  readonly source: Source | undefined;
}

export interface LoadModelsDeps extends LoadDeps {
  readonly meter?: Meter | undefined;
  readonly caching?: Caching | undefined;
  /** Where providers that have not changed are. */
  readonly pool?: ProviderPool | undefined;
}

/** Whether there is anything that models are made for. */
export function wantsModels({ providers, prompts }: Pick<SkeinConfig, 'providers' | 'prompts'>): boolean {
  return Object.keys(providers).length > 0 || Object.keys(prompts).length > 0;
}

export async function loadModels(config: SkeinConfig, deps: LoadModelsDeps): Promise<LoadedModels> {
  if (!wantsModels(config)) return { models: undefined, source: undefined };
  const { log, report, meter, pool } = deps;
  const made = createModels(config, { log, report }, await readProviderTls(config, report), { meter, pool });
  const models = await keepAnswers(made, config, deps);
  return { models, source: models.list().length > 0 ? createAiSource(models, { log, report }) : undefined };
}

/** The source of the prompts, if there are any without mistakes. */
export function loadPrompts(
  { prompts }: Pick<SkeinConfig, 'prompts'>,
  models: Models | undefined,
  { log, report, meter }: LoadModelsDeps,
): Source | undefined {
  if (models === undefined || Object.keys(prompts).length === 0) return undefined;
  const under = (problem: Problem) => report({ ...problem, path: ['prompts', ...(problem.path ?? [])] });
  const source = createPromptSource(prompts, models, { log, report: under }, meter?.feedback);
  return source.model.sdl === '' ? undefined : source;
}

/** The same models, with their answers kept where something says so: also what prompts say that come later. */
async function keepAnswers(
  models: Models,
  config: SkeinConfig,
  { meter = noMeter, caching }: Pick<LoadModelsDeps, 'meter' | 'caching'>,
): Promise<Models> {
  if (caching === undefined) return models;
  const options = new Map<string, AnswerCacheOptions>();
  for (const [name, { cache }] of Object.entries(config.models)) if (cache !== undefined) options.set(name, cache);
  for (const [name, route] of Object.entries(config.routes))
    if (!Array.isArray(route) && route.cache !== undefined) options.set(name, route.cache);
  const { store, open, release } = createLazyStore(() => caching.open());
  if (options.size > 0 || Object.values(config.prompts).some(({ cache }) => cache !== undefined)) await open();
  return createCachedModels(models, { store, release, options, meter, clock: systemClock });
}

async function readProviderTls(
  { providers }: SkeinConfig,
  report: (problem: Problem) => void,
): Promise<ReadonlyMap<string, Tls>> {
  const all = new Map<string, Tls>();
  for (const [name, options] of Object.entries(providers)) {
    try {
      const tls = await readTls(options.tls);
      if (tls !== undefined) all.set(name, tls);
    } catch (error) {
      if (!(error instanceof ProblemsError)) throw error;
      for (const problem of error.problems) report({ ...problem, path: ['providers', name, ...(problem.path ?? [])] });
    }
  }
  return all;
}

/** Absolute paths of what connections to providers are secured with. */
export function modelFiles({ providers }: SkeinConfig): readonly string[] {
  return Object.values(providers).flatMap(({ tls = {} }) =>
    [tls.ca, tls.certificate, tls.key].filter((file) => file !== undefined),
  );
}
