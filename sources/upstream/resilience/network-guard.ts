import { lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { Problem } from '../../../kernel/problem.ts';
import { isPrivateAddress } from './private-address.ts';

/** The cause of the public error, for logs. Before an answer began it makes `transportError` say UPSTREAM_UNREACHABLE. */
export class PrivateAddressError extends Error {
  override readonly name = 'PrivateAddressError';
  readonly code = 'ERR_SKEIN_PRIVATE_ADDRESS';

  constructor(host: string, address: string) {
    const what = host === address ? `The host ${host} is` : `The name ${host} stands for ${address},`;
    super(`${what} a private, loopback, link-local or reserved address, and the source's network is public.`);
  }
}

/** Whether a host, as WHATWG URLs or sockets have it, is such an address itself. What a name stands for shows at connect time. */
export function isPrivateHost(host: string): boolean {
  const ip = host.replace(/^\[|\]$/g, '');
  return isIP(ip) !== 0 && isPrivateAddress(ip);
}

/**
 * All that is told of what a source with a public network cannot reach, whether it is private, unknown or silent: what names
 * stand for inside the gateway's network is for its operator alone.
 */
export const NOT_REACHED = 'It cannot be reached from the public network.';

/** What is told of such an address in a configuration, which itself says so; the path is below the source's options. */
export function privateAddress(origin: string): Problem {
  return { path: ['upstream', 'network'], message: `The address ${origin} is private, and the source is public.` };
}

/**
 * A `lookup` for sockets and discovery. Names that stand for a private address, or for one among others, fail with a
 * PrivateAddressError each time they are looked up: what a name stood for before says nothing of now.
 */
export function createPublicLookup(lookup: LookupFunction = systemLookup): LookupFunction {
  return (host, options, callback) => {
    lookup(host, options, (error, found, family) => {
      if (error !== null) return callback(error, found, family);
      const ips = Array.isArray(found) ? found.map(({ address }) => address) : [found];
      const refused = ips.find(isPrivateAddress);
      if (refused !== undefined) return callback(new PrivateAddressError(host, refused), []);
      callback(null, found, family);
    });
  };
}
