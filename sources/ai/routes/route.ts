import { createHash } from 'node:crypto';
import { SkeinError } from '../../../kernel/errors.ts';
import type { CallContext } from '../../source.ts';
import { estimateInputTokens, estimateTextTokens, incapable, type Need, unmet } from '../capabilities.ts';
import { costNanoUsd } from '../cost.ts';
import type { ModelRequest } from '../model.ts';
import type { Deployment } from './deployment.ts';
import type { Latencies } from './latencies.ts';
import type { ConditionOptions } from './options.ts';

/** Tokens that an answer is reckoned with, where the call sets no limit. */
const ASSUMED_OUTPUT_TOKENS = 500;

export interface RouteTarget {
  readonly deployment: Deployment;
  readonly weight: number;
  readonly timeoutMs: number | undefined;
  readonly retries: number;
  readonly when: ConditionOptions | undefined;
}

/** A name that stands for one of several models. */
export interface ModelRoute {
  readonly name: string;
  readonly strategy: 'fallback' | 'weighted' | 'cheapest' | 'fastest' | 'conditional';
  readonly isSticky: boolean;
  /** A question that is too long for a model goes to one with more room. */
  readonly goesOnWhenFull: boolean;
  readonly targets: readonly RouteTarget[];
}

export interface RouteWorld {
  readonly latencies: Latencies;
  /** From 0, below 1. */
  random(): number;
  now(): number;
}

/** What a call wants of the models of a route. */
export interface Wanted {
  readonly needs: readonly Need[];
  /** What a chat asks. */
  readonly request?: ModelRequest | undefined;
  /** What vectors are made of. They need no room together: each is read by itself. */
  readonly texts?: readonly string[] | undefined;
  readonly metadata: Readonly<Record<string, string>> | undefined;
}

/**
 * The models to ask, in their order: those that can do what is asked, by the strategy.
 * @throws SkeinError BAD_USER_INPUT when none can, which names what the first cannot; MODEL_NOT_FOUND when a conditional
 *   route has none for this call
 */
export function orderTargets(
  route: ModelRoute,
  wanted: Wanted,
  context: CallContext,
  world: RouteWorld,
): readonly RouteTarget[] {
  const { targets, strategy, goesOnWhenFull } = route;
  const [only] = targets;
  if (only !== undefined && targets.length === 1 && strategy === 'fallback') {
    const need = unmet(wanted.needs, only.deployment.capabilities);
    if (need !== undefined) throw incapable(only.deployment.target.name, need);
    return targets;
  }
  const needsTokens = goesOnWhenFull || strategy === 'cheapest' || strategy === 'conditional';
  const inputTokens = needsTokens ? inputTokensOf(wanted) : 0;
  const meant =
    strategy === 'conditional' ? targets.filter(({ when }) => holds(when, inputTokens, wanted, context)) : targets;
  if (meant.length === 0)
    throw new SkeinError('MODEL_NOT_FOUND', `No model of the route "${route.name}" is for this call.`);
  const able = meant.filter(({ deployment }) => unmet(wanted.needs, deployment.capabilities) === undefined);
  if (able.length === 0) throw incapableOf(meant, wanted.needs);
  const roomy = goesOnWhenFull ? able.filter(({ deployment }) => hasRoom(deployment, inputTokens, wanted)) : able;
  if (roomy.length === 0)
    throw new SkeinError('BAD_USER_INPUT', `"messages" is too long for every model of the route "${route.name}".`);
  switch (strategy) {
    case 'fallback':
    case 'conditional':
      return roomy;
    case 'weighted':
      return draw(route, roomy, context, world);
    case 'cheapest':
      return byScore(roomy, ({ deployment }) => estimatedCost(deployment, inputTokens, wanted, world.now()));
    case 'fastest':
      // What is not known yet is asked first, so that it becomes known.
      return byScore(roomy, ({ deployment }) => world.latencies.median(deployment.target.name, world.now()) ?? -1);
  }
}

/** Why a model of the route was left out that could have been asked after the others. */
export function leftOutOf(
  { targets, strategy }: ModelRoute,
  ordered: readonly RouteTarget[],
  { needs }: Wanted,
): SkeinError | undefined {
  if (strategy === 'conditional' || ordered.length === targets.length) return undefined;
  for (const target of targets) {
    const need = ordered.includes(target) ? undefined : unmet(needs, target.deployment.capabilities);
    if (need !== undefined) return incapable(target.deployment.target.name, need);
  }
  return undefined;
}

function inputTokensOf({ request, texts = [] }: Wanted): number {
  return request === undefined ? estimateTextTokens(texts) : estimateInputTokens(request);
}

function incapableOf(targets: readonly RouteTarget[], needs: readonly Need[]): SkeinError {
  for (const { deployment } of targets) {
    const need = unmet(needs, deployment.capabilities);
    if (need !== undefined) return incapable(deployment.target.name, need);
  }
  return new SkeinError('BAD_USER_INPUT');
}

function hasRoom({ pricing: { contextTokens } }: Deployment, inputTokens: number, { request }: Wanted): boolean {
  if (contextTokens === undefined || request === undefined) return true;
  return inputTokens + (request.maxTokens ?? 0) <= contextTokens;
}

function holds(
  when: ConditionOptions | undefined,
  inputTokens: number,
  { metadata = {} }: Wanted,
  { caller }: CallContext & { readonly caller?: CallerIds | undefined },
): boolean {
  if (when === undefined) return true;
  if (when.minInputTokens !== undefined && inputTokens < when.minInputTokens) return false;
  if (when.maxInputTokens !== undefined && inputTokens > when.maxInputTokens) return false;
  if (when.callers !== undefined && !isOneOf(when.callers, caller)) return false;
  return Object.entries(when.metadata ?? {}).every(
    ([name, value]) => Object.hasOwn(metadata, name) && metadata[name] === value,
  );
}

/** The ids of who is calling, as far as the context has them. */
interface CallerIds {
  readonly id?: string | undefined;
  readonly key?: string | undefined;
  readonly app?: string | undefined;
  readonly tenant?: string | undefined;
}

function isOneOf({ keys, apps, tenants }: NonNullable<ConditionOptions['callers']>, caller: CallerIds = {}): boolean {
  const { id, key = id, app, tenant } = caller;
  const has = (ids: readonly string[] | undefined, own: string | undefined) => own !== undefined && ids?.includes(own);
  return Boolean(has(keys, key) || has(apps, app) || has(tenants, tenant));
}

/** Each draws a number, and the luckiest by its weight comes first: the rest of the order is by weight as well. */
function draw(
  route: ModelRoute,
  targets: readonly RouteTarget[],
  { callerScope }: CallContext,
  world: RouteWorld,
): readonly RouteTarget[] {
  const scope = route.isSticky && callerScope !== '' ? callerScope : undefined;
  return byScore(targets, ({ deployment, weight }) => {
    const chance = scope === undefined ? world.random() : lotOf(route.name, deployment.target.name, scope);
    // -log(0) and a weight of 0 are endless: the last of all.
    return -Math.log(chance) / weight;
  });
}

/** The same number for the same caller, above 0 and below 1. */
function lotOf(...words: readonly string[]): number {
  const digest = createHash('sha256').update(JSON.stringify(words)).digest('hex');
  return (Number.parseInt(digest.slice(0, 12), 16) + 0.5) / 2 ** 48;
}

/** Nano-USD; what has no price comes last. */
function estimatedCost({ pricing }: Deployment, inputTokens: number, { request }: Wanted, now: number): number {
  const price = pricing.price(now, inputTokens);
  if (price === undefined) return Number.POSITIVE_INFINITY;
  const writes = price.output !== undefined && request !== undefined;
  const outputTokens = writes ? (request.maxTokens ?? ASSUMED_OUTPUT_TOKENS) : 0;
  const usage = { inputTokens, outputTokens, totalTokens: undefined, cachedInputTokens: undefined };
  const cost = costNanoUsd({ ...usage, reasoningTokens: undefined, raw: undefined }, price);
  return cost === undefined ? Number.POSITIVE_INFINITY : Number(cost);
}

/** Least first; those of one score stay as they are. */
function byScore(targets: readonly RouteTarget[], scoreOf: (target: RouteTarget) => number): readonly RouteTarget[] {
  return targets
    .map((target) => ({ target, score: scoreOf(target) }))
    .sort(({ score }, other) => (score === other.score ? 0 : score - other.score))
    .map(({ target }) => target);
}
