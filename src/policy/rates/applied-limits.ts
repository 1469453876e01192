import type { Caller, RateLimit } from '../../identity/caller.ts';
import type { CounterCheck } from '../counters/store.ts';
import type { SelectedFields } from './selected-fields.ts';

/** The limits that an operation must pass, and what it takes of each, in the same order. */
export interface AppliedLimits {
  readonly limits: readonly RateLimit[];
  readonly checks: readonly CounterCheck[];
}

/** What is known of a caller's limits, made once: callers are the same object as long as nothing of them changes. */
export interface CallerLimits {
  /** There is none at all. */
  readonly isFree: boolean;
  /** Whether an operation must be looked at: which fields it selects, which grants it uses. */
  readonly hasFields: boolean;
  readonly hasGrants: boolean;
  /** Of operations whose fields and grants do not matter. */
  readonly always: AppliedLimits;
  /** Of limits on fields, those that an operation touches, and those of the grants with these ids. */
  applied(fields: SelectedFields, grantIds: readonly string[]): AppliedLimits;
  /** The caller's own limits on a field, without those on every operation. */
  onField(field: string): AppliedLimits;
  /** Every `Type.field` that has a limit. */
  readonly fields: ReadonlySet<string>;
}

const known = new WeakMap<Caller, CallerLimits>();

export function limitsOf(caller: Caller): CallerLimits {
  let limits = known.get(caller);
  if (limits === undefined) {
    limits = readLimits(caller);
    known.set(caller, limits);
  }
  return limits;
}

const NO_FIELDS: SelectedFields = new Map();

function readLimits({ rates, grants }: Caller): CallerLimits {
  const byGrant = new Map<string, readonly RateLimit[]>();
  for (const grant of grants.values()) if (grant.rates.length > 0) byGrant.set(grant.id, grant.rates);
  const all = [...rates, ...[...byGrant.values()].flat()];
  const fields = new Set(all.flatMap(({ field }) => field ?? []));
  const applied = (selected: SelectedFields, grantIds: readonly string[]) => {
    const ofGrants = [...new Set(grantIds)].flatMap((id) => byGrant.get(id) ?? []);
    return applyLimits([...rates, ...ofGrants], selected);
  };
  return {
    isFree: all.length === 0,
    hasFields: fields.size > 0,
    hasGrants: byGrant.size > 0,
    always: applied(NO_FIELDS, []),
    applied,
    onField: (field) =>
      applyLimits(
        rates.filter((rate) => rate.field === field),
        new Map([[field, 1]]),
      ),
    fields,
  };
}

/** Of two limits on one count only the lower one says something. */
function applyLimits(rates: readonly RateLimit[], selected: SelectedFields): AppliedLimits {
  const byKey = new Map<string, { readonly rate: RateLimit; readonly check: CounterCheck }>();
  for (const rate of rates) {
    const { subject, limit, windowMs, field } = rate;
    const cost = field === undefined ? 1 : (selected.get(field) ?? 0);
    if (cost === 0) continue;
    const key = `${subject}|${windowMs}${field === undefined ? '' : `|${field}`}`;
    const other = byKey.get(key);
    if (other !== undefined && other.rate.limit <= limit) continue;
    byKey.set(key, { rate, check: { key, limit, windowMs, cost } });
  }
  const applied = [...byKey.values()];
  return { limits: applied.map(({ rate }) => rate), checks: applied.map(({ check }) => check) };
}
