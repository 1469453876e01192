import { validateHeaderValue } from 'node:http';
import { SkeinError } from '../../kernel/errors.ts';
import { ProblemsError } from '../../kernel/problem.ts';
import { didYouMean } from '../../kernel/suggest.ts';
import type { CallContext, SourceDeps } from '../source.ts';
import type { UpstreamState } from '../upstream/resilience/contracts.ts';
import type { Tls } from '../upstream/tls-files.ts';
import type { ModelPart, ModelRequest, ModelResponse } from './model.ts';
import type { AiOptions, ProviderOptions } from './options.ts';
import { createProvider, type ModelTarget, type Provider } from './provider.ts';

export type { ModelTarget } from './provider.ts';

export const DEFAULT_ROUTE = 'default';

/** Something a caller may name as a model. */
export interface ModelInfo {
  readonly name: string;
  /** Name of the provider; `undefined` for a route. */
  readonly provider: string | undefined;
}

/** All models and routes of the configuration, with the connections to their providers. */
export interface Models {
  /** What is available, models first. */
  list(): readonly ModelInfo[];
  /** The names in `list()`. */
  names(): readonly string[];
  /** A model or route by name; without one, the route `default`. @throws SkeinError MODEL_NOT_FOUND */
  resolve(name?: string): ModelTarget;
  /** Why a name of the configuration is not available, for its operator; `undefined` for all other names. */
  unavailable(name: string): string | undefined;
  /** @throws SkeinError UPSTREAM_*, BAD_USER_INPUT for a parameter the model does not take. */
  generate(target: ModelTarget, request: ModelRequest, context: CallContext): Promise<ModelResponse>;
  /** Besides the errors of `generate`, MODEL_STREAM_TRUNCATED. `return()` closes the provider's socket. */
  stream(target: ModelTarget, request: ModelRequest, context: CallContext): AsyncIterableIterator<ModelPart>;
  /** Rejects when no provider can be reached. */
  probe(signal: AbortSignal): Promise<void>;
  /** What stands between us and each provider, by its name: for operators. */
  upstreams(): Readonly<Record<string, UpstreamState>>;
  dispose(): Promise<void>;
}

/**
 * Connects providers and settles what each name means. A provider whose key is empty is left out with its models; a
 * route is its first available model. Problems have paths below skein.yaml: `['models', 'gpt', 'provider']`. `tls` is how
 * connections to providers are secured, by their names, where not as the system has it.
 */
export function createModels(options: AiOptions, deps: SourceDeps, tls: ReadonlyMap<string, Tls> = new Map()): Models {
  const providers = new Map<string, Provider>();
  const targets = new Map<string, ModelTarget>();
  const routes = new Map<string, ModelTarget>();
  const missing = new Map<string, string>();

  for (const [name, providerOptions] of Object.entries(options.providers)) {
    if (providerOptions.apiKey === '') {
      deps.log.debug({ provider: name }, 'A provider has no key: its models are left out.');
      continue;
    }
    const provider = tryCreateProvider(name, providerOptions, deps, tls.get(name));
    if (provider !== undefined) providers.set(name, provider);
  }

  for (const [name, { provider, model, maxTokens }] of Object.entries(options.models)) {
    const path = ['models', name, 'provider'];
    if (!Object.hasOwn(options.providers, provider)) {
      const hint = didYouMean(provider, Object.keys(options.providers));
      deps.report({ path, message: `There is no provider "${provider}".${hint}` });
    } else if (providers.has(provider)) {
      targets.set(name, { name, provider, modelId: model, maxTokens });
    } else {
      const reason = options.providers[provider]?.apiKey === '' ? 'has no key' : 'cannot be used';
      missing.set(name, `The model "${name}" is not available: its provider "${provider}" ${reason}.`);
    }
  }

  for (const [name, members] of Object.entries(options.routes)) {
    if (Object.hasOwn(options.models, name)) {
      deps.report({ path: ['routes', name], message: `"${name}" is a model already: a route needs its own name.` });
      continue;
    }
    members.forEach((member, index) => {
      if (Object.hasOwn(options.models, member)) return;
      const hint = didYouMean(member, Object.keys(options.models));
      deps.report({ path: ['routes', name, index], message: `There is no model "${member}".${hint}` });
    });
    const first = members.map((member) => targets.get(member)).find((target) => target !== undefined);
    if (first !== undefined) routes.set(name, first);
    else missing.set(name, `The route "${name}" is not available: none of its models is.`);
  }

  const list: readonly ModelInfo[] = [
    ...[...targets.values()].map(({ name, provider }) => ({ name, provider })),
    ...[...routes.keys()].map((name) => ({ name, provider: undefined })),
  ];
  const names = list.map(({ name }) => name);

  function providerOf(target: ModelTarget): Provider {
    const provider = providers.get(target.provider);
    if (provider === undefined) throw new SkeinError('MODEL_NOT_FOUND');
    return provider;
  }

  return {
    list: () => list,
    names: () => names,
    resolve(name = DEFAULT_ROUTE) {
      const target = targets.get(name) ?? routes.get(name);
      if (target === undefined) throw new SkeinError('MODEL_NOT_FOUND', notFoundMessage(name, names));
      return target;
    },
    unavailable: (name) => missing.get(name),
    generate: async (target, request, context) => providerOf(target).generate(target, request, context),
    stream: (target, request, context) => providerOf(target).stream(target, request, context),
    async probe(signal) {
      if (providers.size > 0) await Promise.any([...providers.values()].map((provider) => provider.probe(signal)));
    },
    upstreams: () =>
      Object.fromEntries(
        [...providers].flatMap(([name, provider]) => {
          const state = provider.state();
          return state === undefined ? [] : [[name, state]];
        }),
      ),
    async dispose() {
      await Promise.all([...providers.values()].map((provider) => provider.dispose()));
    },
  };
}

function notFoundMessage(name: string, names: readonly string[]): string {
  return `There is no model or route "${name.slice(0, 100)}".${didYouMean(name.slice(0, 100), names)}`;
}

function tryCreateProvider(
  name: string,
  options: ProviderOptions,
  { report, log }: SourceDeps,
  tls: Tls | undefined,
): Provider | undefined {
  const path = ['providers', name];
  if (options.apiKey !== undefined && !isHeaderValue(options.apiKey)) {
    report({
      path: [...path, 'apiKey'],
      message: 'The key has characters that cannot be sent in a header.',
      suggestion: 'Look for line breaks at the ends of the value.',
    });
  }
  try {
    return createProvider(name, options, log, tls);
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    for (const problem of error.problems) report({ ...problem, path: [...path, ...(problem.path ?? [])] });
    return undefined;
  }
}

function isHeaderValue(value: string): boolean {
  try {
    validateHeaderValue('authorization', value);
    return true;
  } catch {
    return false;
  }
}
