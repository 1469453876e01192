import { CONNECTION_HEADERS } from '../upstream/client-headers.ts';
import type { OpenapiOptions } from './options.ts';
import type { Parameter } from './parameters.ts';
import type { CredentialPlace } from './security.ts';

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

/** Headers that the configuration sets or has sent on, names in lower case. */
export function clientHeaders({ headers, forwardHeaders }: OpenapiOptions): ReadonlySet<string> {
  const forwarded = forwardHeaders.map((rule) => (typeof rule === 'string' ? rule : (rule.as ?? rule.name)));
  return new Set([...Object.keys(headers), ...forwarded].map((name) => name.toLowerCase()));
}

/**
 * The parameters that may become arguments. What the configuration sends — a header, a credential — is not up to the
 * client, and headers of the connection are to nobody.
 */
export function usableParameters(
  parameters: readonly Parameter[],
  configured: ReadonlySet<string>,
  credentials: readonly CredentialPlace[],
  onUnusable: (parameter: Parameter, reason: string) => void,
  onCredential: () => void,
): Parameter[] {
  return parameters.filter((parameter) => {
    const { place } = parameter;
    const name = place === 'header' ? parameter.name.toLowerCase() : parameter.name;
    if (credentials.some((credential) => credential.place === place && credential.name === name)) return false;
    if (place !== 'header') return true;
    if (OWN_HEADERS.has(name) || configured.has(name)) return false;
    if (name === 'authorization') {
      onCredential();
      return false;
    }
    if (FORBIDDEN.has(name)) {
      // The gateway sends them as they have to be, needed or not.
      onUnusable({ ...parameter, required: false }, 'a client must not set this header');
      return false;
    }
    // No object of headers can have a member of that name.
    if (TOKEN.test(name) && name !== '__proto__') return true;
    onUnusable(parameter, 'its name is no header');
    return false;
  });
}
