import { CONNECTION_HEADERS } from '../upstream/client-headers.ts';
import type { Parameter } from './parameters.ts';

/** Set by the gateway; OpenAPI has documents' own definitions of them ignored. */
const OWN_HEADERS: ReadonlySet<string> = new Set(['accept', 'content-type']);
const FORBIDDEN: ReadonlySet<string> = new Set([
  ...CONNECTION_HEADERS,
  'accept-encoding',
  'authorization',
  'cookie',
  'host',
]);
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/**
 * The parameters that may become arguments. A header that the configuration sets is not up to the client, and those of
 * the connection are to nobody.
 */
export function usableHeaders(
  parameters: readonly Parameter[],
  configured: ReadonlyMap<string, string>,
  onUnusable: (parameter: Parameter, reason: string) => void,
): Parameter[] {
  return parameters.filter((parameter) => {
    if (parameter.place !== 'header') return true;
    const name = parameter.name.toLowerCase();
    if (OWN_HEADERS.has(name) || configured.has(name)) return false;
    if (name === 'authorization') {
      onUnusable({ ...parameter, required: false }, 'credentials come from the headers of the configuration');
      return false;
    }
    if (!FORBIDDEN.has(name) && TOKEN.test(name)) return true;
    onUnusable(parameter, 'a client must not set this header');
    return false;
  });
}
