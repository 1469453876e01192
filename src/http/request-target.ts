import type { IncomingMessage } from 'node:http';

const ABSOLUTE = /^https?:\/\/([^/?#]*)/i;
/** What ends a host in an address, or stands before it. */
const NOT_OF_A_HOST = /[/?#@\\\s]/;

/** Clients send the same one with each request. */
let valid = '';

/**
 * Brings the address of a request into the form that everything else reads. Servers must take its absolute form, whose
 * host counts instead of the header, and refuse a Host that is none (RFC 9112, section 3.2).
 *
 * @returns whether it has a host that is one, or none at all
 */
export function readTarget(request: IncomingMessage): boolean {
  const { url = '/', headers } = request;
  const [begin, authority] = url.startsWith('/') ? [] : (ABSOLUTE.exec(url) ?? []);
  if (begin !== undefined) {
    const rest = url.slice(begin.length);
    request.url = rest.startsWith('/') ? rest : `/${rest}`;
    headers.host = authority;
  }
  const { host = '' } = headers;
  if (host === valid || host === '') return true;
  if (NOT_OF_A_HOST.test(host) || !URL.canParse(`http://${host}`)) return false;
  valid = host;
  return true;
}

/** What stands behind the first question mark of its address; others are part of it. */
export function queryOf({ url = '' }: IncomingMessage): URLSearchParams {
  const at = url.indexOf('?');
  return new URLSearchParams(at === -1 ? '' : url.slice(at + 1));
}
