import type { GraphQLSchema } from 'graphql';
import { SkeinError } from '../../../kernel/errors.ts';
import type { Log } from '../../../kernel/ports.ts';
import type { Plan } from '../../../schema/plan/plan.ts';
import type { Caller, RateLimit } from '../../identity/caller.ts';
import type { AccessOperation } from '../access.ts';
import type { CounterStore, CounterVerdict, SharedCountersState } from '../counters/store.ts';
import { type AppliedLimits, type CallerLimits, limitsOf } from './applied-limits.ts';
import { countSelectedFields, type SelectedFields } from './selected-fields.ts';

/** What an operation must have for its limits to be known. */
export type RatedOperation = AccessOperation;

/** How the limit stands that matters most to the caller: the one that refused, or the one of which least is left. */
export interface RateStanding {
  readonly limit: number;
  readonly windowMs: number;
  readonly remaining: number;
  /** Milliseconds until all of it is there again, if nothing more is taken. */
  readonly resetMs: number;
  /** Of what was refused: when it would fit. Undefined: never, or it was let through. */
  readonly retryAfterMs: number | undefined;
}

export interface RateVerdict {
  /** RATE_LIMITED: it may not run, and has cost nothing. */
  readonly error: SkeinError | undefined;
  readonly standing: RateStanding;
}

export interface Rates {
  /** Counts an operation that is about to run. Undefined, at once: there is no limit to it. Never rejects. */
  charge(operation: RatedOperation, caller: Caller): RateVerdict | Promise<RateVerdict> | undefined;
  /** Counts what is no GraphQL operation: against the limits of the caller that are not a field's. */
  chargeRequest(caller: Caller): RateVerdict | Promise<RateVerdict> | undefined;
  /** Counts what does as a field of the graph does, against the caller's limits on that field. It has been counted as a request. */
  chargeField(caller: Caller, field: string): RateVerdict | Promise<RateVerdict> | undefined;
  /** How what it counts with stands, where instances share that. */
  storeState?(): SharedCountersState | undefined;
  /** Lets go of what it counts with. */
  dispose(): Promise<void>;
}

export interface RatesDeps {
  readonly counters: CounterStore;
  readonly log: Log;
  /** Ids of the caller's grants whose products the operation uses. Default: none. */
  readonly productsUsed?: ((operation: RatedOperation, caller: Caller) => readonly string[]) | undefined;
}

const MOST_TOLD = 100;
const NO_FIELDS: SelectedFields = new Map();

/** May they, and how much: requests in windows. Without limits it costs nothing; with them, a document is read once. */
export function createRates({ counters, log, productsUsed = () => [] }: RatesDeps): Rates {
  const fieldsOf = new WeakMap<Plan, SelectedFields>();
  const appliedTo = new WeakMap<CallerLimits, WeakMap<Plan, Map<string, AppliedLimits>>>();
  const told = new Set<string>();

  function selectedFields({ plan, generation: { schema } }: RatedOperation): SelectedFields {
    let fields = fieldsOf.get(plan);
    if (fields === undefined) {
      fields = countSelectedFields(schema, plan.document, plan.operation);
      fieldsOf.set(plan, fields);
    }
    return fields;
  }

  function appliedLimits(operation: RatedOperation, caller: Caller, limits: CallerLimits): AppliedLimits {
    if (!limits.hasFields && !limits.hasGrants) return limits.always;
    const grantIds = limits.hasGrants ? productsUsed(operation, caller) : [];
    if (!limits.hasFields && grantIds.length === 0) return limits.always;
    let byPlan = appliedTo.get(limits);
    if (byPlan === undefined) {
      byPlan = new WeakMap();
      appliedTo.set(limits, byPlan);
    }
    let byGrants = byPlan.get(operation.plan);
    if (byGrants === undefined) {
      byGrants = new Map();
      byPlan.set(operation.plan, byGrants);
      tellUnknown(limits, operation.generation.schema);
    }
    const key = grantIds.join();
    let applied = byGrants.get(key);
    if (applied === undefined) {
      applied = limits.applied(limits.hasFields ? selectedFields(operation) : NO_FIELDS, grantIds);
      byGrants.set(key, applied);
    }
    return applied;
  }

  /** A limit on a field that is misspelt would never hold, and nobody would know. */
  function tellUnknown({ fields }: CallerLimits, schema: GraphQLSchema): void {
    for (const field of fields) {
      if (told.has(field) || told.size >= MOST_TOLD || isField(schema, field)) continue;
      told.add(field);
      log.warn({ field }, 'a rate limit names a field that the graph does not have, and holds nobody to anything');
    }
  }

  function charge(applied: AppliedLimits): RateVerdict | Promise<RateVerdict> | undefined {
    if (applied.checks.length === 0) return undefined;
    const verdict = counters.consume(applied.checks);
    return verdict instanceof Promise ? verdict.then((late) => judge(applied, late)) : judge(applied, verdict);
  }

  return {
    charge(operation, caller) {
      if (caller.rates.length === 0 && caller.grants.size === 0) return undefined;
      const limits = limitsOf(caller);
      return limits.isFree ? undefined : charge(appliedLimits(operation, caller, limits));
    },
    chargeRequest(caller) {
      return caller.rates.length === 0 ? undefined : charge(limitsOf(caller).always);
    },
    chargeField(caller, field) {
      const limits = caller.rates.length === 0 ? undefined : limitsOf(caller);
      return limits?.fields.has(field) === true ? charge(limits.onField(field)) : undefined;
    },
    storeState: () => counters.state?.(),
    dispose: () => counters.dispose(),
  };
}

function isField(schema: GraphQLSchema, coordinate: string): boolean {
  const [typeName = '', fieldName = ''] = coordinate.split('.');
  const type = schema.getType(typeName);
  return type !== undefined && 'getFields' in type && Object.hasOwn(type.getFields(), fieldName);
}

function judge({ limits, checks }: AppliedLimits, { allowed, standings }: CounterVerdict): RateVerdict {
  let at = 0;
  for (let index = 1; index < standings.length; index++) {
    const [one, other] = [standings[at], standings[index]];
    if (one === undefined || other === undefined) continue;
    const matters =
      one.retryAfterMs === other.retryAfterMs
        ? other.remaining < one.remaining || (other.remaining === one.remaining && other.resetMs > one.resetMs)
        : other.retryAfterMs > one.retryAfterMs;
    if (matters) at = index;
  }
  const rate = limits[at] as RateLimit;
  const { remaining, resetMs, retryAfterMs } = standings[at] as CounterVerdict['standings'][number];
  const standing = { limit: rate.limit, windowMs: rate.windowMs, remaining, resetMs };
  if (allowed) return { error: undefined, standing: { ...standing, retryAfterMs: undefined } };
  const later = Number.isFinite(retryAfterMs) ? retryAfterMs : undefined;
  return { error: refusal(rate, checks[at]?.cost ?? 1, later), standing: { ...standing, retryAfterMs: later } };
}

function refusal(
  { name, limit, windowMs, field }: RateLimit,
  cost: number,
  retryAfterMs: number | undefined,
): SkeinError {
  const most = `${limit} in ${windowMs / 1_000} s`;
  if (retryAfterMs === undefined) {
    const message = `The operation selects ${field ?? 'more'} ${cost} times, and the limit "${name}" allows ${most}.`;
    return new SkeinError('RATE_LIMITED', message, { details: { limit: name } });
  }
  const what = field === undefined ? 'requests' : `selections of ${field}`;
  const message = `Too many ${what}: the limit "${name}" allows ${most}.`;
  return new SkeinError('RATE_LIMITED', message, { details: { limit: name, retryAfterMs } });
}
