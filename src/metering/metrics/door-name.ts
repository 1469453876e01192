import type { IncomingHttpHeaders } from 'node:http';

/** What a request comes through; `own` is what the gateway says of itself, `none` where there is nothing. */
export type DoorName = 'graphql' | 'graphql-ws' | 'openai' | 'anthropic' | 'rest' | 'admin' | 'own' | 'none';

const DOORS: ReadonlyMap<string, DoorName> = new Map([
  ['/graphql', 'graphql'],
  ['/v1/chat/completions', 'openai'],
  ['/v1/responses', 'openai'],
  ['/v1/embeddings', 'openai'],
  ['/v1/messages', 'anthropic'],
  ['/v1/messages/count_tokens', 'anthropic'],
  ['/healthz', 'own'],
  ['/readyz', 'own'],
  ['/status', 'own'],
  ['/metrics', 'own'],
]);

/** By its path; the list of models is at one address for two doors, and its clients are told apart by a header. */
export function doorOf(path: string, headers: IncomingHttpHeaders): DoorName {
  const known = DOORS.get(path);
  if (known !== undefined) return known;
  if (path.startsWith('/v1/')) return headers['anthropic-version'] === undefined ? 'openai' : 'anthropic';
  if (path.startsWith('/rest/')) return 'rest';
  return path.startsWith('/admin/') ? 'admin' : 'none';
}
