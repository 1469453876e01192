import type { IncomingMessage, ServerResponse } from 'node:http';

/** How long a browser may remember the answer to a preflight, in seconds. */
const PREFLIGHT_MAX_AGE_S = 7_200;

const ALLOWED_METHODS = 'GET, POST, PUT, DELETE';
const ALLOWED_HEADERS = 'authorization, content-type, x-request-id, x-graphql-event-stream-token';
/** Header names of one preflight that are looked at. */
const MAX_ASKED = 50;
const EXPOSED_HEADERS = 'x-request-id, retry-after';

/** Answers the CORS part of a request. True when it was a preflight, which has its whole answer then. */
export type Cors = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * Lets pages of the named origins read answers (https://fetch.spec.whatwg.org/#http-cors-protocol). Callers are known by
 * their key, never by a cookie, so credentials are not allowed; other origins get no header and no reason.
 */
export function createCors(origins: readonly string[]): Cors {
  const allowed = new Set(origins);
  if (allowed.size === 0) return () => false;
  return (request, response) => {
    response.appendHeader('vary', 'origin');
    const { origin } = request.headers;
    if (origin === undefined || !(allowed.has(origin) || allowed.has('*'))) return false;
    response.setHeader('access-control-allow-origin', origin);
    response.setHeader('access-control-expose-headers', EXPOSED_HEADERS);
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return false;
    response.setHeader('access-control-allow-methods', ALLOWED_METHODS);
    response.setHeader('access-control-allow-headers', allowedHeaders(request));
    response.setHeader('access-control-max-age', PREFLIGHT_MAX_AGE_S);
    response.writeHead(204).end();
    return true;
  };
}

/** Which headers sources forward is theirs to say, so a page may send what it likes: its origin was let in by name. */
function allowedHeaders(request: IncomingMessage): string {
  const asked = request.headers['access-control-request-headers'] ?? '';
  const names = asked.split(',', MAX_ASKED).map((name) => name.trim().toLowerCase());
  const known = ALLOWED_HEADERS.split(', ');
  return [...new Set([...known, ...names.filter((name) => /^[a-z0-9!#$%&'*+.^_`|~-]{1,100}$/.test(name))])].join(', ');
}
