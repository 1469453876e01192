import type { Freshness, Validators } from '../source.ts';
import type { HttpHeaders } from './http.ts';

/** Methods whose answers can be asked for again by validators; others would be refused for them (RFC 9110, 13.1.2). */
export function isConditional(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** What the headers of an answer say of how long it may be kept. */
export function readFreshness(headers: HttpHeaders, method: string): Freshness {
  const etag = textOf(headers.etag);
  const lastModified = textOf(headers['last-modified']);
  const hasValidators = isConditional(method) && (etag !== undefined || lastModified !== undefined);
  const age = Number(textOf(headers.age) ?? 0);
  const expires = textOf(headers.expires);
  return {
    cacheControl: textOf(headers['cache-control']),
    ageSeconds: age >= 0 && Number.isFinite(age) ? age : 0,
    expiresAt: expires === undefined ? undefined : readDate(expires),
    vary: (textOf(headers.vary) ?? '').split(',').flatMap((name) => name.trim().toLowerCase() || []),
    validators: hasValidators ? { etag, lastModified } : undefined,
  };
}

/** Headers that ask whether an answer still holds. */
export function conditionalHeaders({ etag, lastModified }: Validators): Record<string, string> {
  const headers: Record<string, string> = {};
  if (etag !== undefined) headers['if-none-match'] = etag;
  if (lastModified !== undefined) headers['if-modified-since'] = lastModified;
  return headers;
}

/** What is no date of HTTP, such as 0, is in the past (RFC 9111, 5.3). */
function readDate(text: string): number {
  return /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) || 0 : 0;
}

function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}
