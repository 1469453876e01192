import type { HttpHeaders } from './http.ts';

/** Scheme, host and port of where a redirect leads: paths and queries may hold what is not for a log. */
export function redirectTarget({ location }: HttpHeaders): string | undefined {
  if (typeof location !== 'string' || !URL.canParse(location)) return undefined;
  const { origin } = new URL(location);
  return origin === 'null' ? undefined : origin;
}
