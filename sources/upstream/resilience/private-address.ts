import { isIPv4, isIPv6 } from 'node:net';

/** Of the IANA special-purpose registry, what the internet does not route or does not route to one service. */
const PRIVATE_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // Looks public, and answers Azure's machines about themselves.
  '168.63.129.16/32',
].map(readBlock);

/**
 * Whether an address is none of the public internet: private, shared (CGNAT), loopback, link-local, unique local,
 * multicast, reserved, for documentation, or an IPv6 form of such an IPv4 address. So is what is no address at all.
 */
export function isPrivateAddress(ip: string): boolean {
  if (isIPv4(ip)) return isPrivateIpv4(readIpv4(ip));
  return isIPv6(ip) ? isPrivateIpv6(readIpv6(ip)) : true;
}

function isPrivateIpv4(address: number): boolean {
  return PRIVATE_IPV4.some(({ first, last }) => address >= first && address <= last);
}

/** Only 2000::/3 is given out for the internet, and some of it is special; beside it two forms hold IPv4 addresses. */
function isPrivateIpv6(groups: readonly number[]): boolean {
  const [a = 0, b = 0, c = 0] = groups;
  const ipv4At = (index: number) => (groups[index] ?? 0) * 65_536 + (groups[index + 1] ?? 0);
  const startsWith = (...prefix: number[]) => prefix.every((group, index) => group === groups[index]);
  // ::ffff:a.b.c.d and 64:ff9b::a.b.c.d (NAT64, RFC 6052)
  if (startsWith(0, 0, 0, 0, 0, 0xffff) || startsWith(0x64, 0xff9b, 0, 0, 0, 0)) return isPrivateIpv4(ipv4At(6));
  if (a < 0x2000 || a > 0x3fff) return true;
  // 2001::/23 are protocols (Teredo is one), the others are for documentation.
  if (a === 0x2001) return b < 0x200 || b === 0xdb8;
  if (a === 0x3fff) return b < 0x1000;
  // 6to4, RFC 3056
  if (a === 0x2002) return isPrivateIpv4(b * 65_536 + c);
  return false;
}

function readBlock(block: string): { readonly first: number; readonly last: number } {
  const [ip = '', bits = '32'] = block.split('/');
  const first = readIpv4(ip);
  return { first, last: first + 2 ** (32 - Number(bits)) - 1 };
}

function readIpv4(ip: string): number {
  return ip.split('.').reduce((address, byte) => address * 256 + Number(byte), 0);
}

/** Its eight groups. URLs write it in one way: without a dotted end, and without the zone. */
function readIpv6(ip: string): readonly number[] {
  const canonical = new URL(`http://[${ip.replace(/%.*/s, '')}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const before = readGroups(head);
  const after = readGroups(tail ?? '');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array<number>(zeros).fill(0), ...after];
}

function readGroups(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}
