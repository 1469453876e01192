import type { ServerResponse } from 'node:http';
import type { Translation } from './translation.ts';

const MOST_CHARACTERS = 1_000;

/**
 * Tells in headers which of our models answers and, where the question was translated, which of its hints meant nothing
 * to that one.
 */
export function tellModel(response: ServerResponse, model: string, translation?: Translation): void {
  response.setHeader('x-skein-model', encodeURI(model));
  const ignored = translation?.ignored() ?? [];
  if (ignored.length > 0) response.setHeader('x-skein-ignored', ignored.join(', ').slice(0, MOST_CHARACTERS));
}
