import { describe, expect, it } from 'vitest';
import { clientAddress, compileRanges, isAddressRange } from './addresses.ts';

describe('ranges of addresses', () => {
  it.each([
    ['10.0.0.0/8', '10.255.0.1', '11.0.0.1'],
    ['10.1.2.3', '10.1.2.3', '10.1.2.4'],
    ['10.0.0.0/8', '::ffff:10.1.1.1', '::ffff:11.1.1.1'],
    ['10.0.0.0/8', '::ffff:a01:101', '::ffff:b01:101'],
    ['::ffff:10.0.0.0/104', '10.1.1.1', '11.1.1.1'],
    ['2001:db8::/32', '2001:DB8:1::1', '2001:db9::1'],
    ['fe80::/10', 'fe80::1%eth0', 'fec0::1'],
    ['::1', '0:0:0:0:0:0:0:1', '::2'],
    ['0.0.0.0/0', '203.0.113.1', '2001:db8::1'],
    ['::/0', '2001:db8::1', '203.0.113.1'],
  ])('%s holds %s, and not %s', (range, inside, outside) => {
    const ranges = compileRanges([range]);
    expect([isAddressRange(range), ranges.has(inside), ranges.has(outside)]).toEqual([true, true, false]);
  });

  it.each(['', 'localhost', '10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0/8', '0x0a.0.0.1', '10.0.0.0/-1', '1'])(
    'are not %j, which holds nothing',
    (text) => {
      expect([isAddressRange(text), compileRanges([text]).has('10.0.0.1')]).toEqual([false, false]);
    },
  );

  it('hold nothing that is no address in its plain form', () => {
    const all = compileRanges(['0.0.0.0/0', '::/0']);
    for (const text of [undefined, '', 'unknown', '0x7f.1', '127.1', '2130706433', '10.0.0.1, 10.0.0.2', '010.0.0.1'])
      expect([text, all.has(text)]).toEqual([text, false]);
  });
});

describe('the address of a client', () => {
  const trusted = compileRanges(['10.0.0.0/8', '::1']);

  it.each([
    ['without a proxy', '203.0.113.9', undefined, '203.0.113.9'],
    ['that says it is another', '203.0.113.9', '10.0.0.1', '203.0.113.9'],
    ['behind a proxy', '10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['behind a proxy that we see over IPv6', '::ffff:10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['behind two', '10.0.0.1', '203.0.113.9, 10.0.0.2', '203.0.113.9'],
    ['that put another before its own', '10.0.0.1', '192.0.2.1, 203.0.113.9', '203.0.113.9'],
    ['with a port', '10.0.0.1', '203.0.113.9:4711', '203.0.113.9'],
    ['with IPv6 and a port', '10.0.0.1', '[2001:db8::1]:4711', '2001:db8::1'],
    ['that is a proxy itself', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['of which the proxy says nothing', '10.0.0.1', undefined, '10.0.0.1'],
    ['of which the proxy says nonsense', '10.0.0.1', 'unknown', undefined],
    ['of which the proxy says nothing between commas', '10.0.0.1', '203.0.113.9,,', undefined],
    ['behind more proxies than anybody has', '10.0.0.1', `203.0.113.9${', 10.0.0.2'.repeat(40)}`, undefined],
  ])('%s', (_name, peer, forwardedFor, client) => {
    expect(clientAddress(peer, forwardedFor, trusted)).toBe(client);
  });
});
