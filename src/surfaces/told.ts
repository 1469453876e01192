import type { ServerResponse } from 'node:http';
import type { CacheFacts } from '../../sources/ai/model.ts';
import type { Translation } from './translation.ts';

const MOST_CHARACTERS = 1_000;

const USD_DECIMALS = 9;

/**
 * Tells in headers which of our models answers and, where the question was translated, which of its hints meant nothing
 * to that one.
 */
export function tellModel(response: ServerResponse, model: string, translation?: Translation): void {
  response.setHeader('x-skein-model', encodeURI(model));
  const ignored = translation?.ignored() ?? [];
  if (ignored.length > 0) response.setHeader('x-skein-ignored', ignored.join(', ').slice(0, MOST_CHARACTERS));
}

/** Tells in headers whether an answer was kept, for how long, and what it saved; nothing where none are kept. */
export function tellCache(response: ServerResponse, cache: CacheFacts = {}): void {
  const { isCached, ageMs, savedUsd } = cache;
  if (isCached === undefined) return;
  response.setHeader('x-skein-cache', isCached ? 'hit' : 'miss');
  if (ageMs !== undefined) response.setHeader('x-skein-cache-age', String(Math.floor(ageMs / 1_000)));
  if (savedUsd !== undefined) response.setHeader('x-skein-saved-usd', decimal(savedUsd));
}

/** Without an exponent: not everybody who reads headers reads those. */
function decimal(usd: number): string {
  return usd.toFixed(USD_DECIMALS).replace(/\.?0+$/, '');
}
