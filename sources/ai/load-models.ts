import { validateHeaderValue } from 'node:http';
import type { Log } from '../../kernel/ports.ts';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { didYouMean } from '../../kernel/suggest.ts';
import type { SourceDeps } from '../source.ts';
import type { Tls } from '../upstream/tls-files.ts';
import { capabilitiesOf } from './capabilities.ts';
import { type AiOptions, type ModelOptions, type ProviderOptions, routeMembers } from './options.ts';
import { createPricing } from './prices.ts';
import { createProvider, type Provider } from './provider.ts';
import type { ProviderPool } from './provider-pool.ts';
import type { Deployment } from './routes/deployment.ts';
import type { RouteOptions } from './routes/options.ts';
import type { ModelRoute, RouteTarget } from './routes/route.ts';
import { identityOf, lacksKey, settleProvider } from './settle-provider.ts';

/** What the names of a configuration mean. */
export interface LoadedModels {
  readonly providers: ReadonlyMap<string, Provider>;
  readonly deployments: ReadonlyMap<string, Deployment>;
  readonly routes: ReadonlyMap<string, ModelRoute>;
  /** Why a name is not available. */
  readonly missing: ReadonlyMap<string, string>;
}

export function loadModels(
  options: AiOptions,
  deps: SourceDeps,
  tls: ReadonlyMap<string, Tls>,
  pool?: ProviderPool,
): LoadedModels {
  const providers = new Map<string, Provider>();
  const deployments = new Map<string, Deployment>();
  const routes = new Map<string, ModelRoute>();
  const missing = new Map<string, string>();

  for (const [name, providerOptions] of Object.entries(options.providers)) {
    if (lacksKey(providerOptions)) {
      deps.log.debug({ provider: name }, 'A provider has no key: its models are left out.');
      continue;
    }
    const provider = tryCreateProvider(name, providerOptions, deps, { tls: tls.get(name), pool });
    if (provider !== undefined) providers.set(name, provider);
  }

  for (const [name, model] of Object.entries(options.models)) {
    const { provider: providerName } = model;
    const path = ['models', name, 'provider'];
    const providerOptions = Object.hasOwn(options.providers, providerName)
      ? options.providers[providerName]
      : undefined;
    const provider = providers.get(providerName);
    if (providerOptions === undefined) {
      const hint = didYouMean(providerName, Object.keys(options.providers));
      deps.report({ path, message: `There is no provider "${providerName}".${hint}` });
    } else if (provider !== undefined) {
      const report = (problem: Problem) => deps.report({ ...problem, path: ['models', name, ...(problem.path ?? [])] });
      deployments.set(name, deploy(name, model, { provider, providerOptions }, { report, log: deps.log }));
    } else {
      const reason = lacksKey(providerOptions) ? 'has no key' : 'cannot be used';
      missing.set(name, `The model "${name}" is not available: its provider "${providerName}" ${reason}.`);
    }
  }

  for (const [name, route] of Object.entries(options.routes)) {
    if (Object.hasOwn(options.models, name)) {
      deps.report({ path: ['routes', name], message: `"${name}" is a model already: a route needs its own name.` });
      continue;
    }
    for (const { model, path } of routeMembers(route)) {
      if (Object.hasOwn(options.models, model)) continue;
      const hint = didYouMean(model, Object.keys(options.models));
      deps.report({ path: ['routes', name, ...path], message: `There is no model "${model}".${hint}` });
    }
    const made = createRoute(name, route, deployments);
    if (made.targets.length > 0) routes.set(name, made);
    else missing.set(name, `The route "${name}" is not available: none of its models is.`);
  }
  return { providers, deployments, routes, missing };
}

function deploy(
  name: string,
  options: ModelOptions,
  { provider, providerOptions }: { readonly provider: Provider; readonly providerOptions: ProviderOptions },
  { report, log }: { readonly report: (problem: Problem) => void; readonly log: Log },
): Deployment {
  for (const problem of provider.check?.(options.model) ?? []) report(problem);
  const { dialect, preset } = settleProvider(options.provider, providerOptions);
  const pricing = createPricing(options, preset?.priceList);
  const isPriced = pricing.price(Date.now(), 0) !== undefined;
  if (!isPriced && options.price === 'known')
    report({
      path: ['price'],
      message: `The price of the model "${options.model}" is not known.`,
      suggestion: 'Say what its tokens cost, or `price: free`.',
    });
  else if (!isPriced) log.debug({ model: name }, 'The price of a model is not known: what it costs is not counted.');
  return {
    target: { name, provider: options.provider, modelId: options.model, maxTokens: options.maxTokens },
    provider,
    identity: identityOf(options.provider, providerOptions),
    capabilities: capabilitiesOf({
      dialect,
      lacks: preset?.lacks,
      modelId: options.model,
      given: options.capabilities,
    }),
    pricing,
  };
}

/** Targets that are not available are left out. */
function createRoute(name: string, route: RouteOptions, deployments: ReadonlyMap<string, Deployment>): ModelRoute {
  const given = Array.isArray(route)
    ? { strategy: 'fallback' as const, targets: route, sticky: 'none' as const, onContextOverflow: 'fail' as const }
    : route;
  const targets = given.targets.flatMap((target): RouteTarget[] => {
    const own = typeof target === 'string' ? { model: target, weight: 1, retries: 0 } : target;
    const deployment = deployments.get(own.model);
    if (deployment === undefined) return [];
    return [{ deployment, weight: own.weight, timeoutMs: own.timeoutMs, retries: own.retries, when: own.when }];
  });
  return {
    name,
    strategy: given.strategy,
    isSticky: given.sticky === 'caller',
    goesOnWhenFull: given.onContextOverflow === 'next',
    targets,
  };
}

/** A model by its own name: nobody else is asked. */
export function routeTo(deployment: Deployment): ModelRoute {
  return {
    name: deployment.target.name,
    strategy: 'fallback',
    isSticky: false,
    goesOnWhenFull: false,
    targets: [{ deployment, weight: 1, timeoutMs: undefined, retries: 0, when: undefined }],
  };
}

function tryCreateProvider(
  name: string,
  options: ProviderOptions,
  { report, log }: SourceDeps,
  { tls, pool }: { readonly tls: Tls | undefined; readonly pool: ProviderPool | undefined },
): Provider | undefined {
  const path = ['providers', name];
  const keys = [
    { key: options.apiKey ?? '', place: ['apiKey'] },
    ...(options.apiKeys ?? []).map((key, index) => ({ key, place: ['apiKeys', index] })),
  ];
  for (const { key, place } of keys) {
    if (isHeaderValue(key)) continue;
    report({
      path: [...path, ...place],
      message: 'The key has characters that cannot be sent in a header.',
      suggestion: 'Look for line breaks at the ends of the value.',
    });
  }
  try {
    const make = () => createProvider(name, options, log, tls);
    return pool === undefined ? make() : pool.take(name, options, tls, make);
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
