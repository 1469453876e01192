import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { CallContext } from '../../sources/source.ts';
import { isCredential, isForwardable, isHeader, isReturnable } from '../../sources/upstream/client-headers.ts';

/**
 * The headers of a client's request that sources may see, names in lower case: all but its credentials and what
 * describes the message or its connection. A source sends on those that its `forwardHeaders` name.
 */
export function clientHeaders(headers: IncomingHttpHeaders): CallContext['headers'] {
  const seen: Record<string, string> = Object.create(null);
  for (const name in headers) {
    const value = headers[name];
    if (typeof value === 'string' && !isCredential(name) && isForwardable(name)) seen[name] = value;
  }
  // Without an Authorization it is what the client is known by.
  if (headers.authorization === undefined) delete seen['x-api-key'];
  const { connection } = headers;
  // It names headers that are for the next hop alone (RFC 9110, section 7.6.1), which is this one.
  if (connection !== undefined && !/^(close|keep-alive|upgrade)$/i.test(connection)) {
    for (const name of connection.split(',')) delete seen[name.trim().toLowerCase()];
  }
  return seen;
}

/** Of a `connection_init` payload: more of it is not looked at. */
const MAX_INIT_HEADERS = 100;

/**
 * The headers of a WebSocket's operations: those of its upgrade and, since browsers can set none there, strings under
 * `headers` in the payload of `connection_init`. They add to the upgrade's and replace none: what a proxy in front of the
 * gateway has set stays as it is.
 */
export function socketHeaders(
  upgrade: IncomingHttpHeaders,
  params: Readonly<Record<string, unknown>> | undefined,
): CallContext['headers'] {
  const seen = clientHeaders(upgrade);
  const given = params?.headers;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return seen;
  const added: Record<string, string> = Object.create(null);
  for (const [key, value] of Object.entries(given).slice(0, MAX_INIT_HEADERS)) {
    const name = key.toLowerCase();
    if (typeof value !== 'string' || upgrade[name] !== undefined) continue;
    if (!isCredential(name) && isForwardable(name)) added[name] = value;
  }
  return Object.assign(added, seen);
}

/**
 * Sets headers of an answer that has not begun, for sources with `returnHeaders`. Of several values for one name the
 * last wins. Headers of the message, the connection and the gateway itself are not theirs to set.
 */
export function headerReturner(response: ServerResponse): CallContext['returnHeader'] {
  return (name, value) => {
    const key = name.toLowerCase();
    if (response.headersSent || !isReturnable(key) || !isHeader(key, value)) return;
    // Pages of other origins may read it, too.
    const exposed = response.getHeader('access-control-expose-headers');
    if (exposed !== undefined && !response.hasHeader(key)) {
      response.setHeader('access-control-expose-headers', `${String(exposed)}, ${key}`);
    }
    response.setHeader(key, value);
  };
}
