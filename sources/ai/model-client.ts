import { SkeinError } from '../../kernel/errors.ts';
import { type Clock, systemClock } from '../../kernel/ports.ts';
import { didYouMean } from '../../kernel/suggest.ts';
import type { CallContext, SourceDeps } from '../source.ts';
import type { UpstreamState } from '../upstream/resilience/contracts.ts';
import type { Tls } from '../upstream/tls-files.ts';
import { type Capabilities, needsOf } from './capabilities.ts';
import type { Price } from './cost.ts';
import { loadModels, routeTo } from './load-models.ts';
import { type Meter, noMeter } from './meter.ts';
import type { EmbedRequest, EmbedResponse, ModelRequest, ModelResponse } from './model.ts';
import type { AiOptions } from './options.ts';
import type { ModelTarget } from './provider.ts';
import type { ProviderPool } from './provider-pool.ts';
import { AttemptContext, Attempts } from './routes/attempts.ts';
import { Latencies } from './routes/latencies.ts';
import { leftOutOf, type ModelRoute, orderTargets, type RouteTarget } from './routes/route.ts';
import { type ModelStream, RouteStream } from './routes/route-stream.ts';
import { type CallPlan, runCall } from './routes/run-call.ts';
import type { Asked } from './routes/settlement.ts';

export type { ModelTarget } from './provider.ts';

export const DEFAULT_ROUTE = 'default';

/** Something a caller may name as a model. */
export interface ModelInfo {
  readonly name: string;
  /** Name of the provider; `undefined` for a route. */
  readonly provider: string | undefined;
  /** Of a model; what a route can is up to its models. */
  readonly capabilities?: Capabilities | undefined;
  readonly contextTokens?: number | undefined;
  /** At the moment, for a short question; `undefined`: a route, or nobody knows. */
  readonly price?: Price | undefined;
}

export interface Counted {
  readonly tokens: number;
  /** Name of the model. */
  readonly model: string;
}

/** All models and routes of the configuration, with the connections to their providers. */
export interface Models {
  /** What is available, models first. */
  list(): readonly ModelInfo[];
  /** The names in `list()`. */
  names(): readonly string[];
  /**
   * A model by name, or the first model of a route that is available; without a name, of the route `default`.
   * @throws SkeinError MODEL_NOT_FOUND
   */
  resolve(name?: string): ModelTarget;
  /** A route by name, or a model as the route to itself; without one, the route `default`. @throws SkeinError MODEL_NOT_FOUND */
  route(name?: string): ModelRoute;
  /** Why a name of the configuration is not available, for its operator; `undefined` for all other names. */
  unavailable(name: string): string | undefined;
  /** @throws SkeinError UPSTREAM_*, BAD_USER_INPUT for a parameter the model does not take. */
  generate(to: ModelTarget | ModelRoute, request: ModelRequest, context: CallContext): Promise<ModelResponse>;
  /** Besides the errors of `generate`, MODEL_STREAM_TRUNCATED. `return()` closes the provider's socket. */
  stream(to: ModelTarget | ModelRoute, request: ModelRequest, context: CallContext): ModelStream;
  /** Errors as of `generate`. */
  embed(to: ModelTarget | ModelRoute, request: EmbedRequest, context: CallContext): Promise<EmbedResponse>;
  /**
   * How many tokens a question has, by the model that would be asked first; undefined where its provider does not tell.
   * Nothing is used by that, and nobody else is asked. Errors as of `generate`.
   */
  countTokens(to: ModelTarget | ModelRoute, request: ModelRequest, context: CallContext): Promise<Counted | undefined>;
  /** Rejects when no provider can be reached. */
  probe(signal: AbortSignal): Promise<void>;
  /** What stands between us and each provider, by its name: for operators. */
  upstreams(): Readonly<Record<string, UpstreamState>>;
  dispose(): Promise<void>;
}

/** What the models are run with; tests give their own. */
export interface ModelsRuntime {
  /** Told of every call. Default: nobody is. */
  readonly meter?: Meter | undefined;
  readonly clock?: Clock | undefined;
  /** From 0, below 1. */
  readonly random?: (() => number) | undefined;
  /** Where providers of the same options come from and go to. Default: each is the models' own. */
  readonly pool?: ProviderPool | undefined;
}

/**
 * Connects providers and settles what each name means. A provider whose keys are all empty is left out with its models, and
 * a route goes on without them. Problems have paths below skein.yaml: `['models', 'gpt', 'provider']`. `tls` is how
 * connections to providers are secured, by their names, where not as the system has it.
 */
export function createModels(
  options: AiOptions,
  deps: SourceDeps,
  tls: ReadonlyMap<string, Tls> = new Map(),
  { meter = noMeter, clock = systemClock, random = Math.random, pool }: ModelsRuntime = {},
): Models {
  const { providers, deployments, routes, missing } = loadModels(options, deps, tls, pool);
  const direct = new Map([...deployments].map(([name, deployment]) => [name, routeTo(deployment)]));
  const latencies = new Latencies();
  const world = { clock, meter, latencies, random, now: () => clock.now() };
  const names = [...deployments.keys(), ...routes.keys()];

  function route(name = DEFAULT_ROUTE): ModelRoute {
    const found = direct.get(name) ?? routes.get(name);
    if (found === undefined) throw new SkeinError('MODEL_NOT_FOUND', notFoundMessage(name, names));
    return found;
  }

  function plan(to: ModelTarget | ModelRoute, asked: Asked, context: CallContext): CallPlan {
    const chosen = 'targets' in to ? to : route(to.name);
    const wanted = wantedOf(asked);
    const targets = orderTargets(chosen, wanted, context, world);
    const attempts = new Attempts(chosen, targets, () => leftOutOf(chosen, targets, wanted));
    return { route: chosen, asked, attempts, context, world };
  }

  /** Whom a question would go to, whether it could be answered or not. */
  function firstOf(chosen: ModelRoute, request: ModelRequest, context: CallContext): RouteTarget | undefined {
    try {
      return orderTargets(chosen, { needs: [], request, metadata: request.metadata }, context, world)[0];
    } catch (error) {
      if (error instanceof SkeinError) return undefined;
      throw error;
    }
  }

  return {
    list: () => [
      ...[...deployments].map(([name, { target, capabilities, pricing }]) => ({
        name,
        provider: target.provider,
        capabilities,
        contextTokens: pricing.contextTokens,
        price: pricing.price(clock.now(), 0),
      })),
      ...[...routes.keys()].map((name) => ({ name, provider: undefined })),
    ],
    names: () => names,
    resolve(name) {
      const [first] = route(name).targets;
      if (first === undefined) throw new SkeinError('MODEL_NOT_FOUND');
      return first.deployment.target;
    },
    route,
    unavailable: (name) => missing.get(name),
    generate: async (to, request, context) =>
      runCall(
        plan(to, { kind: 'chat', request }, context),
        ({ deployment }, own) => deployment.provider.generate(deployment.target, request, own),
        ({ text }) => text.length,
        (answer) => context.prompt?.accepts?.(answer) !== false,
      ),
    stream: (to, request, context) => new RouteStream(plan(to, { kind: 'chat', request }, context), request),
    embed: async (to, request, context) =>
      runCall(
        plan(to, { kind: 'embed', request }, context),
        ({ deployment }, own) => deployment.provider.embed(deployment.target, request, own),
        () => 0,
      ),
    async countTokens(to, request, context) {
      const first = firstOf('targets' in to ? to : route(to.name), request, context);
      if (first === undefined) return undefined;
      const { target, provider } = first.deployment;
      const attempt = new AttemptContext(context, first.timeoutMs);
      try {
        const tokens = await provider.countTokens?.(target, request, attempt.context);
        return tokens === undefined ? undefined : { tokens, model: target.name };
      } finally {
        attempt.end();
      }
    },
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

function wantedOf({ kind, request }: Asked) {
  if (kind === 'chat') return { needs: needsOf(request), request, metadata: request.metadata };
  return {
    needs: [{ capability: 'embeddings', parameter: 'model' }],
    texts: request.texts,
    metadata: undefined,
  } as const;
}

function notFoundMessage(name: string, names: readonly string[]): string {
  return `There is no model or route "${name.slice(0, 100)}".${didYouMean(name.slice(0, 100), names)}`;
}
