import { z } from 'zod';
import { answerCacheOptions } from '../cache/options.ts';

const ids = z.array(z.string().min(1)).min(1).optional();

/** What must hold of a call for a target of a conditional route; all that is said must. */
const conditionOptions = z.strictObject({
  /** Callers it is for, by id: one of them must fit. */
  callers: z.strictObject({ keys: ids, apps: ids, tenants: ids }).optional(),
  /** The least and the most tokens of the question, by estimate. */
  minInputTokens: z.int().min(0).optional(),
  maxInputTokens: z.int().min(0).optional(),
  /** Entries that the call's metadata must have. */
  metadata: z.record(z.string(), z.string()).optional(),
});
export type ConditionOptions = z.infer<typeof conditionOptions>;

/** A model of a route. */
const targetOptions = z.strictObject({
  model: z.string().min(1),
  /** Its share, with the strategy `weighted`. */
  weight: z.number().min(0).default(1),
  /** How long it may take until its first token, or its whole answer where it is not streamed, in milliseconds. */
  timeoutMs: z.int().min(1).max(3_600_000).optional(),
  /** How often it is asked again before the next one is. */
  retries: z.int().min(0).max(5).default(0),
  /** With the strategy `conditional`. Default: it is for every call. */
  when: conditionOptions.optional(),
});
export type TargetOptions = z.infer<typeof targetOptions>;

/** A name that stands for models: a list in order of preference, or a strategy with its targets. */
export const routeOptions = z.union([
  z.array(z.string()).min(1),
  z.strictObject({
    /** Which target is asked first; the others follow when it fails before its first token. */
    strategy: z.enum(['fallback', 'weighted', 'cheapest', 'fastest', 'conditional']).default('fallback'),
    targets: z.array(z.union([z.string().min(1), targetOptions])).min(1),
    /** What keeps its first target: a caller, or nothing. With `weighted`. */
    sticky: z.enum(['caller', 'none']).default('none'),
    /** What becomes of a question that is too long for a target. */
    onContextOverflow: z.enum(['fail', 'next']).default('fail'),
    /** Answers to be given again to the same question. Default: none. */
    cache: answerCacheOptions.optional(),
  }),
]);
export type RouteOptions = z.infer<typeof routeOptions>;

/** Names of the models of a route, each with its place below the route. */
export function routeMembers(route: RouteOptions): readonly { model: string; path: readonly (string | number)[] }[] {
  if (Array.isArray(route)) return route.map((model, index) => ({ model, path: [index] }));
  return route.targets.map((target, index) =>
    typeof target === 'string'
      ? { model: target, path: ['targets', index] }
      : { model: target.model, path: ['targets', index, 'model'] },
  );
}
