import type { Breaker, EndpointHealth, PlannedCall } from './contracts.ts';
import { hashText, rendezvousScore } from './hashing.ts';
import type { UpstreamOptions } from './options.ts';

/** What a choice looks at, and keeps beside an endpoint. */
export interface Candidate {
  readonly weight: number;
  readonly active: number;
  readonly health: EndpointHealth;
  readonly breaker: Breaker;
  /** Of the address: gives each endpoint its own order of keys. */
  readonly seed: number;
  /** How far its turn is due; grows by the weight with each choice, and falls by all weights when it is chosen. */
  due: number;
}

/** One of the candidates that may be asked now and is not of `tried`. Makes nothing, waits for nothing. */
export type Choose = <C extends Candidate>(
  candidates: readonly C[],
  call: PlannedCall,
  now: number,
  tried: ReadonlySet<unknown> | undefined,
) => C | undefined;

export function compileBalance(balance: UpstreamOptions['balance']): Choose {
  if (balance === 'round-robin') return inTurns;
  if (balance === 'least-connections') return leastActive;
  return byKey;
}

export function mayBeAsked(candidate: Candidate, now: number): boolean {
  return candidate.health !== 'down' && candidate.breaker.allows(now);
}

/** Smooth weighted round robin: of weights 3 and 1 comes a a b a, not a a a b. */
const inTurns: Choose = (candidates, _call, now, tried) => {
  let chosen: (typeof candidates)[number] | undefined;
  let weights = 0;
  for (const candidate of candidates) {
    if (tried?.has(candidate) || !mayBeAsked(candidate, now)) continue;
    weights += candidate.weight;
    candidate.due += candidate.weight;
    if (chosen === undefined || candidate.due > chosen.due) chosen = candidate;
  }
  if (chosen !== undefined) chosen.due -= weights;
  return chosen;
};

/** The fewest calls for its weight; those that have equally few take turns. */
const leastActive: Choose = (candidates, _call, now, tried) => {
  let least: (typeof candidates)[number] | undefined;
  for (const candidate of candidates) {
    if (tried?.has(candidate) || !mayBeAsked(candidate, now)) continue;
    if (least === undefined || compareLoad(candidate, least) < 0) least = candidate;
  }
  if (least === undefined) return undefined;
  let chosen = least;
  let weights = 0;
  for (const candidate of candidates) {
    if (compareLoad(candidate, least) !== 0 || tried?.has(candidate) || !mayBeAsked(candidate, now)) continue;
    weights += candidate.weight;
    candidate.due += candidate.weight;
    if (candidate.due > chosen.due) chosen = candidate;
  }
  chosen.due -= weights;
  return chosen;
};

/** Below zero if the one has fewer calls for its weight. Integers, so that equal is equal. */
function compareLoad(one: Candidate, other: Candidate): number {
  return one.active * other.weight - other.active * one.weight;
}

/** Rendezvous: of all that may be asked, the one with the highest score for the key. */
const byKey: Choose = (candidates, call, now, tried) => {
  if (call.hashKey === undefined) return inTurns(candidates, call, now, tried);
  const key = hashText(call.hashKey);
  let chosen: (typeof candidates)[number] | undefined;
  let highest = Number.NEGATIVE_INFINITY;
  for (const candidate of candidates) {
    if (tried?.has(candidate) || !mayBeAsked(candidate, now)) continue;
    const score = rendezvousScore(key, candidate.seed, candidate.weight);
    if (chosen === undefined || score > highest) {
      chosen = candidate;
      highest = score;
    }
  }
  return chosen;
};
