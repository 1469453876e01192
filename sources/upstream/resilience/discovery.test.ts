import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDiscovery, type Discovered, pinnedLookup } from './discovery.ts';
import { createPublicLookup } from './network-guard.ts';

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const found = (...ips: string[]): LookupAddress[] =>
  ips.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

/** A name server whose answer tests change. */
function discover(first: LookupAddress[] | Error, guard: (lookup: LookupFunction) => LookupFunction = (own) => own) {
  const dns = { answer: first, lookups: 0 };
  const lookup: LookupFunction = (host, options, callback) => {
    dns.lookups += 1;
    expect(host).toBe('pets.example');
    expect(options).toMatchObject({ all: true, family: 0 });
    const { answer } = dns;
    queueMicrotask(() => (answer instanceof Error ? callback(errno(answer), []) : callback(null, answer)));
  };
  const changes: Discovered[] = [];
  const failures: string[] = [];
  const stop = createDiscovery({
    host: 'pets.example',
    port: 8080,
    everyMs: 30_000,
    lookup: guard(lookup),
    onChange: (discovered) => changes.push(discovered),
    onFailure: (error, inARow) => failures.push(`${inARow}: ${error}`),
  });
  const authorities = () => changes.map(({ addresses }) => addresses.map(({ authority }) => authority));
  return { dns, changes, failures, stop, authorities };
}

const errno = (error: Error): NodeJS.ErrnoException => error;
const flush = () => vi.advanceTimersByTimeAsync(0);
const nextLookup = () => vi.advanceTimersByTimeAsync(30_000);

describe('the addresses of a name', () => {
  it('are told at once, IPv4 and IPv6, each once and as URLs have them', async () => {
    const { changes } = discover(found('10.0.0.2', '10.0.0.1', 'fd00::1', '10.0.0.1'));
    await flush();
    expect(changes).toEqual([
      {
        addresses: [
          { ip: '10.0.0.1', authority: '10.0.0.1:8080' },
          { ip: '10.0.0.2', authority: '10.0.0.2:8080' },
          { ip: 'fd00::1', authority: '[fd00::1]:8080' },
        ],
        omitted: 0,
      },
    ]);
  });

  it('are told again when they change, and not when they come in another order', async () => {
    const { dns, authorities } = discover(found('10.0.0.1', '10.0.0.2'));
    await flush();
    dns.answer = found('10.0.0.2', '10.0.0.1');
    await nextLookup();
    dns.answer = found('10.0.0.2', '10.0.0.3');
    await nextLookup();
    await nextLookup();
    expect(dns.lookups).toBe(4);
    expect(authorities()).toEqual([
      ['10.0.0.1:8080', '10.0.0.2:8080'],
      ['10.0.0.2:8080', '10.0.0.3:8080'],
    ]);
  });

  it('stay when a lookup fails or finds none, which is told with how often it did', async () => {
    const { dns, authorities, failures } = discover(found('10.0.0.1'));
    await flush();
    dns.answer = new Error('ENOTFOUND');
    await nextLookup();
    dns.answer = [];
    await nextLookup();
    dns.answer = found('10.0.0.1');
    await nextLookup();
    dns.answer = new Error('EAI_AGAIN');
    await nextLookup();
    expect(authorities()).toEqual([['10.0.0.1:8080']]);
    expect(failures).toEqual([
      '1: Error: ENOTFOUND',
      '2: Error: The name pets.example has no addresses.',
      '1: Error: EAI_AGAIN',
    ]);
  });

  it('are at most 256, always the same ones, and the rest is told', async () => {
    const many = Array.from({ length: 300 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
    const { dns, changes } = discover(found(...many));
    await flush();
    dns.answer = found(...many.reverse());
    await nextLookup();
    expect(changes).toHaveLength(1);
    expect(changes[0]?.addresses).toHaveLength(256);
    expect(changes[0]?.omitted).toBe(44);
  });

  it('are offered again when they could not be taken over', async () => {
    const failures: number[] = [];
    const onChange = vi.fn().mockImplementationOnce(() => {
      throw new Error('cannot open');
    });
    const lookup: LookupFunction = (_host, _options, callback) => callback(null, found('10.0.0.1'));
    createDiscovery({
      host: 'pets.example',
      port: 80,
      everyMs: 30_000,
      lookup,
      onChange,
      onFailure: (_, inARow) => failures.push(inARow),
    });
    await nextLookup();
    await nextLookup();
    expect(onChange).toHaveBeenCalledTimes(2);
    expect(failures).toEqual([1]);
  });

  it('are refused when the network is public and one of them is private', async () => {
    const { dns, authorities, failures } = discover(found('93.184.216.34'), createPublicLookup);
    await flush();
    dns.answer = found('93.184.216.34', '10.0.0.1');
    await nextLookup();
    expect(authorities()).toEqual([['93.184.216.34:8080']]);
    expect(failures).toEqual([
      expect.stringContaining('PrivateAddressError: The name pets.example stands for 10.0.0.1'),
    ]);
  });
});

describe('the end', () => {
  it('leaves no timer, and what a lookup finds afterwards is not told', async () => {
    const { changes, failures, stop } = discover(found('10.0.0.1'));
    stop();
    await flush();
    expect([changes, failures, vi.getTimerCount()]).toEqual([[], [], 0]);
  });

  it('silences a lookup that fails afterwards', async () => {
    const { failures, stop } = discover(new Error('ENOTFOUND'));
    stop();
    await flush();
    expect(failures).toEqual([]);
  });

  it('comes between two lookups, too', async () => {
    const { dns, stop } = discover(found('10.0.0.1'));
    await flush();
    stop();
    expect(vi.getTimerCount()).toBe(0);
    await nextLookup();
    expect(dns.lookups).toBe(1);
  });
});

it('asks the system when it is given no lookup', async () => {
  vi.useRealTimers();
  const discovered = await new Promise<Discovered>((resolve, reject) => {
    const stop = createDiscovery({
      host: 'localhost',
      port: 80,
      everyMs: 60_000,
      onChange: (value) => {
        stop();
        resolve(value);
      },
      onFailure: reject,
    });
  });
  expect(discovered.addresses.map(({ ip }) => ip)).toContainEqual(expect.stringMatching(/^(127\.0\.0\.1|::1)$/));
});

it('pins names to one address, as sockets ask for it with and without `all`', () => {
  const answers: unknown[] = [];
  const lookup = pinnedLookup('fd00::1');
  lookup('pets.example', { all: true }, (...answer) => answers.push(answer));
  lookup('pets.example', {}, (...answer) => answers.push(answer));
  expect(answers).toEqual([
    [null, [{ address: 'fd00::1', family: 6 }]],
    [null, 'fd00::1', 6],
  ]);
});
