import type { JsonObject, Usage, UsageClass } from '../model.ts';
import { arrayOf, countOf, objectOf, sumOf, textOf } from './read.ts';

/** What an answer tells beside its tokens that has a price of its own. */
export type Billing = Pick<Usage, 'classes' | 'serviceTier' | 'hasOtherFees' | 'toldUsd'>;

/** Where a provider tells what it charges for a call, all of it: dollars, but for ticks. */
export type CostField = 'cost' | 'cost.total_cost' | 'cost_in_usd_ticks';

const TICKS_PER_USD = 1e10;

/** Names of the tier that prices are for, as one provider or another has them. */
const STANDARD = new Set([
  'auto',
  'default',
  'standard',
  'standard_only',
  'on_demand',
  'service_tier_unspecified',
  'traffic_type_unspecified',
]);

/** The tier of service that an answer was made at; undefined where it is what prices are for, or nobody says. */
export function tierOf(told: unknown, alike: readonly string[] = []): string | undefined {
  const name = textOf(told)?.toLowerCase();
  return name === undefined || name === '' || STANDARD.has(name) || alike.includes(name) ? undefined : name;
}

/** Those that are more than nothing. */
export function classesOf(counts: Readonly<Partial<Record<UsageClass, number | undefined>>>): Billing {
  const told = Object.entries(counts).filter(([, count]) => count !== undefined && count > 0);
  return told.length === 0 ? {} : { classes: Object.fromEntries(told) };
}

export function toldUsd(raw: JsonObject, field: CostField | undefined): number | undefined {
  switch (field) {
    case undefined:
      return undefined;
    case 'cost':
      // With a key of one's own at the provider behind it, what that charges is beside it.
      return raw.is_byok === true
        ? sumOfUsd(raw.cost, objectOf(raw.cost_details).upstream_inference_cost)
        : usdOf(raw.cost);
    case 'cost.total_cost':
      return usdOf(objectOf(raw.cost).total_cost);
    case 'cost_in_usd_ticks': {
      const ticks = raw.cost_in_usd_ticks;
      return typeof ticks === 'number' ? usdOf(ticks / TICKS_PER_USD) : undefined;
    }
  }
}

/** More than this is no price of a call, and no number to reckon with. */
const MOST_USD = 10_000;

function usdOf(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= MOST_USD ? value : undefined;
}

function sumOfUsd(one: unknown, other: unknown): number | undefined {
  const [first, second] = [usdOf(one), usdOf(other)];
  return first === undefined || second === undefined ? undefined : first + second;
}

/** What was told, with a tier that stood beside it. */
export function withTier(raw: JsonObject, tier: string | undefined): JsonObject {
  return tier === undefined || raw.service_tier !== undefined ? raw : { ...raw, service_tier: tier };
}

/** Of tokens by kinds of media, as Google tells them, those of one. */
export function tokensOf(details: unknown, modality: string): number | undefined {
  const found = arrayOf(details)
    .map(objectOf)
    .filter((entry) => entry.modality === modality);
  return sumOf(...found.map(({ tokenCount }) => countOf(tokenCount)));
}
