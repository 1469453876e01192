import type { TypeResolver } from '../source.ts';
import type { MemberPlan, UnionPlan } from './types.ts';

interface Member {
  readonly plan: MemberPlan;
  readonly properties: ReadonlySet<string>;
}

/**
 * Which member of a union a value is: by the discriminator or other properties with fixed values, else by the
 * properties that are there — all required ones, and of those members the one that knows most. Compiled on first use.
 */
export function createTypeResolver(plan: UnionPlan): TypeResolver {
  let resolve: TypeResolver | undefined;
  return (value) => {
    resolve ??= compile(plan);
    return resolve(value);
  };
}

function compile({ members: plans, otherwise }: UnionPlan): TypeResolver {
  const members = plans.map((plan): Member => ({ plan, properties: new Set(plan.properties) }));
  const told = tableOf(plans);
  return (value) => {
    if (typeof value !== 'object' || value === null) return undefined;
    const known = told?.types.get(own(value, told.property));
    if (known !== undefined) return known;
    const fitting = members.filter(({ plan }) => fits(value, plan));
    if (fitting.length === 1) return fitting[0]?.plan.type;
    if (fitting.length === 0 && otherwise !== undefined) return otherwise;
    const candidates = fitting.length === 0 ? members : fitting;
    const complete = candidates.filter(({ plan }) => plan.required.every((name) => Object.hasOwn(value, name)));
    return mostKnown(value, complete.length === 0 ? candidates : complete);
  };
}

/** Where one property with different values tells all members apart: value → type. */
function tableOf(plans: readonly MemberPlan[]): { property: string; types: Map<unknown, string> } | undefined {
  for (const { property } of plans[0]?.conditions ?? []) {
    const types = new Map<unknown, string>();
    const conditions = plans.map((plan) => plan.conditions.find((condition) => condition.property === property));
    const tells = conditions.every((condition, index) =>
      condition?.values.every((value) => {
        const isNew = !types.has(value);
        types.set(value, plans[index]?.type ?? '');
        return isNew;
      }),
    );
    if (tells) return { property, types };
  }
  return undefined;
}

function fits(value: object, { conditions }: MemberPlan): boolean {
  return conditions.every(({ property, values, required }) =>
    Object.hasOwn(value, property) ? values.includes(own(value, property)) : !required,
  );
}

function mostKnown(value: object, members: readonly Member[]): string | undefined {
  const keys = Object.keys(value);
  let best: string | undefined;
  let most = -1;
  for (const { plan, properties } of members) {
    let count = 0;
    for (const key of keys) if (properties.has(key)) count++;
    if (count > most) {
      most = count;
      best = plan.type;
    }
  }
  return best;
}

function own(value: object, property: string): unknown {
  return Object.hasOwn(value, property) ? (value as Readonly<Record<string, unknown>>)[property] : undefined;
}
