import { ADDRCONFIG, lookup as systemLookup } from 'node:dns';
import { isIP, isIPv6, type LookupFunction } from 'node:net';
import { repeat } from './repeat.ts';

export interface DiscoverySettings {
  readonly host: string;
  readonly port: number;
  readonly everyMs: number;
  /** As sockets take it; one of `createPublicLookup` finds no private addresses. Default: the system's. */
  readonly lookup?: LookupFunction;
  /** All addresses there are now; told of the first ones, and when they change. */
  onChange(found: Discovered): void;
  /** A lookup failed, or what it found was refused by `onChange`: what was found before still counts. */
  onFailure(error: unknown, failuresInARow: number): void;
}

export interface Discovered {
  /** In an order that is always the same for the same ones. */
  readonly addresses: readonly DiscoveredAddress[];
  /** Addresses that were too many. */
  readonly omitted: number;
}

export interface DiscoveredAddress {
  readonly ip: string;
  /** With the port, as URLs have it: `10.0.0.1:80`, `[fd00::1]:80`. */
  readonly authority: string;
}

const MOST_ADDRESSES = 256;

/** Looks a host name up, IPv4 and IPv6, at once and again in turns. Ends when the function it returns is called. */
export function createDiscovery(settings: DiscoverySettings): () => void {
  const { host, port, everyMs, lookup = systemLookup, onChange, onFailure } = settings;
  let known: string | undefined;
  let failures = 0;
  return repeat(everyMs, async (ending) => {
    try {
      const all = await lookUpAll(host, lookup);
      if (ending.aborted) return;
      const ips = all.slice(0, MOST_ADDRESSES);
      const found = `${all.length}: ${ips.join()}`;
      if (found !== known) onChange({ addresses: ips.map((ip) => at(ip, port)), omitted: all.length - ips.length });
      known = found;
      failures = 0;
    } catch (error) {
      failures += 1;
      if (!ending.aborted) onFailure(error, failures);
    }
  });
}

/** Sorted and each once; without IPv6 ones where this machine has only IPv4, and the other way round. */
function lookUpAll(host: string, lookup: LookupFunction): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    lookup(host, { all: true, family: 0, hints: ADDRCONFIG }, (error, addresses) => {
      const ips = Array.isArray(addresses) ? addresses.map(({ address }) => address) : [addresses];
      if (error !== null) reject(error);
      else if (ips.length === 0) reject(new Error(`The name ${host} has no addresses.`));
      else resolve([...new Set(ips)].sort());
    });
  });
}

function at(ip: string, port: number): DiscoveredAddress {
  return { ip, authority: `${isIPv6(ip) ? `[${ip}]` : ip}:${port}` };
}

/**
 * A `lookup` for sockets that takes every name for this address: the socket pool of one endpoint goes on with the
 * origin's name, for its Host header and its certificate, and connects to one of its addresses.
 */
export function pinnedLookup(ip: string): LookupFunction {
  const found = { address: ip, family: isIP(ip) };
  return (_host, { all }, callback) => (all ? callback(null, [found]) : callback(null, ip, found.family));
}
