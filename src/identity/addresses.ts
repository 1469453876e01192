import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Addresses by ranges such as `10.0.0.0/8`, `2001:db8::/32`, `::1`. */
export interface AddressRanges {
  has(address: string | undefined): boolean;
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Proxies that are looked at in one request; a longer chain is nobody's. */
const MAX_HOPS = 20;

export function isAddressRange(text: string): boolean {
  return parseRange(text) !== undefined;
}

/** Ranges are read once. What is no range holds no address, so a list of nothing but mistakes lets nobody in. */
export function compileRanges(texts: readonly string[]): AddressRanges {
  const ranges = texts.map(parseRange).filter((range) => range !== undefined);
  return {
    has(text) {
      const address = text === undefined ? undefined : parseAddress(text);
      if (address === undefined) return false;
      return ranges.some(([base, bits]) => base.kind() === address.kind() && address.match(base, bits));
    },
  };
}

/**
 * Who sent a request: the peer of its socket or, where that is a trusted proxy, the last in `X-Forwarded-For` that is
 * none. Undefined where a trusted proxy names something that is no address.
 */
export function clientAddress(
  peer: string | undefined,
  forwardedFor: string | undefined,
  trusted: AddressRanges,
): string | undefined {
  if (forwardedFor === undefined || !trusted.has(peer)) return peer;
  const hops = forwardedFor.split(',');
  let client: string | undefined;
  for (let index = hops.length - 1; index >= 0 && index >= hops.length - MAX_HOPS; index -= 1) {
    client = withoutPort((hops[index] ?? '').trim());
    if (parseAddress(client) === undefined) return undefined;
    if (!trusted.has(client)) return client;
  }
  return hops.length > MAX_HOPS ? undefined : client;
}

/** Some proxies say `192.0.2.1:4711` and `[2001:db8::1]:4711`. */
function withoutPort(text: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(text);
  if (bracketed !== null) return bracketed[1] ?? '';
  return /^[\d.]+:\d+$/.test(text) ? text.slice(0, text.indexOf(':')) : text;
}

/** Only plain forms: the parser would take `0x7f.1` as well. IPv4 that came over an IPv6 socket is IPv4. */
function parseAddress(text: string): Address | undefined {
  const zone = text.indexOf('%');
  const address = zone === -1 ? text : text.slice(0, zone);
  return isIP(address) === 0 ? undefined : ipaddr.process(address);
}

function parseRange(text: string): readonly [Address, number] | undefined {
  const [, base = '', length] = /^([\da-f:.]+)(?:\/(\d{1,3}))?$/i.exec(text) ?? [];
  if (isIP(base) === 0) return undefined;
  const parsed = ipaddr.parse(base);
  const width = parsed.kind() === 'ipv4' ? 32 : 128;
  const bits = length === undefined ? width : Number(length);
  if (bits > width) return undefined;
  if (parsed instanceof ipaddr.IPv6 && parsed.isIPv4MappedAddress() && bits >= 96) {
    return [parsed.toIPv4Address(), bits - 96];
  }
  return [parsed, bits];
}
