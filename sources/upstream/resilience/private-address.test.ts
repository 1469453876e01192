import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPrivateAddress } from './private-address.ts';

describe('IPv4', () => {
  it.each([
    ['this network', ['0.0.0.0', '0.1.2.3', '0.255.255.255']],
    ['private', ['10.0.0.0', '10.255.255.255', '172.16.0.0', '172.31.255.255', '192.168.0.0', '192.168.255.255']],
    ['shared by carriers', ['100.64.0.0', '100.127.255.255']],
    ['loopback', ['127.0.0.1', '127.255.255.255']],
    ['link-local', ['169.254.0.0', '169.254.255.255']],
    ['protocols and documentation', ['192.0.0.1', '192.0.2.1', '198.51.100.7', '203.0.113.255', '192.88.99.1']],
    ['benchmarks', ['198.18.0.0', '198.19.255.255']],
    ['multicast, reserved and broadcast', ['224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255']],
    ['metadata of clouds', ['169.254.169.254', '169.254.170.2', '100.100.100.200', '192.0.0.192', '168.63.129.16']],
  ])('is private: %s', (_what, ips) => {
    for (const ip of ips) expect([ip, isPrivateAddress(ip)]).toEqual([ip, true]);
  });

  it('is public just beside those', () => {
    const ips = [
      '1.0.0.0',
      '9.255.255.255',
      '11.0.0.0',
      '100.63.255.255',
      '100.128.0.0',
      '126.255.255.255',
      '128.0.0.0',
    ];
    ips.push('169.253.255.255', '169.255.0.0', '172.15.255.255', '172.32.0.0', '192.0.1.0', '192.167.255.255');
    ips.push(
      '192.169.0.0',
      '198.17.255.255',
      '198.20.0.0',
      '223.255.255.255',
      '168.63.129.15',
      '168.63.129.17',
      '8.8.8.8',
    );
    for (const ip of ips) expect([ip, isPrivateAddress(ip)]).toEqual([ip, false]);
  });
});

describe('IPv6', () => {
  it.each([
    ['unspecified and loopback', ['::', '::1', '0:0:0:0:0:0:0:1']],
    ['link-local, with and without a zone', ['fe80::1', 'febf::1', 'fe80::1%eth0', 'fec0::1']],
    ['unique local, with metadata of a cloud', ['fc00::1', 'fdff::1', 'fd00:ec2::254']],
    ['multicast', ['ff02::1', 'ff0e::1']],
    ['documentation', ['2001:db8::1', '3fff::1', '3fff:fff::1']],
    ['protocols, tunnels and discards', ['2001::1', '2001:1ff::1', '100::1', '64:ff9b:1::808:808', '5f00::1']],
    ['mapped', ['::ffff:10.0.0.1', '::ffff:7f00:1', '0:0:0:0:0:ffff:169.254.169.254']],
    ['compatible, or translated', ['::127.0.0.1', '::8.8.8.8', '::ffff:0:8.8.8.8']],
    ['NAT64', ['64:ff9b::10.0.0.1', '64:ff9b::a9fe:a9fe']],
    ['6to4', ['2002:7f00:1::', '2002:0a00:0001::1', '2002:c0a8:101::1']],
  ])('is private: %s', (_what, ips) => {
    for (const ip of ips) expect([ip, isPrivateAddress(ip)]).toEqual([ip, true]);
  });

  it('is public where the internet is, also as a form of a public IPv4 address', () => {
    const ips = ['2606:4700::1111', '2001:4860:4860::8888', '2001:200::1', '2a00:1450:4001:81b::200e', '3ffe::1'];
    ips.push('::ffff:8.8.8.8', '64:ff9b::8.8.8.8', '2002:808:808::1', '3fff:1000::1', '2001:db9::1');
    for (const ip of ips) expect([ip, isPrivateAddress(ip)]).toEqual([ip, false]);
  });

  it('is what its embedded IPv4 address is', () => {
    fc.assert(
      fc.property(fc.ipV4(), (ip) => {
        const [a, b] = Buffer.from(ip.split('.').map(Number)).toString('hex').match(/..../g) ?? ['', ''];
        for (const form of [`::ffff:${ip}`, `::FFFF:${a}:${b}`, `64:ff9b::${ip}`, `2002:${a}:${b}::1`]) {
          expect([form, isPrivateAddress(form)]).toEqual([form, isPrivateAddress(ip)]);
        }
      }),
    );
  });

  it('is told the same however it is written', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 0xffff }), { minLength: 8, maxLength: 8 }), (groups) => {
        const long = groups.map((group) => group.toString(16).padStart(4, '0')).join(':');
        const canonical = new URL(`http://[${long}]`).hostname.slice(1, -1);
        expect(isPrivateAddress(long.toUpperCase())).toBe(isPrivateAddress(canonical));
      }),
    );
  });
});

it('holds what is no address for private', () => {
  for (const text of [
    '',
    'example.com',
    '8.8.8',
    '08.8.8.8',
    '8.8.8.8.8',
    '2606:4700',
    '[2606:4700::1111]',
    '0x08080808',
  ]) {
    expect([text, isPrivateAddress(text)]).toEqual([text, true]);
  }
});
