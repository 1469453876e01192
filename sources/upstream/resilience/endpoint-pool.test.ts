import { describe, expect, it, vi } from 'vitest';
import type { Breaker, PlannedCall } from './contracts.ts';
import { createEndpointPool, type EndpointPlan } from './endpoint-pool.ts';

const CALL: PlannedCall = { operation: 'getPet', repeatable: 'always' };

function createBreaker(): Breaker & { isOpen: boolean } {
  return {
    isOpen: false,
    allows() {
      return !this.isOpen;
    },
    enter: () => false,
    record() {},
    state: () => 'closed',
    retryAt: () => undefined,
  };
}

function plan(address: string, weight = 1): EndpointPlan<string> {
  return { address, weight, open: () => `socket of ${address}` };
}

function createPool(...addresses: string[]) {
  const closed: string[] = [];
  const close = async (transport: string) => {
    closed.push(transport);
  };
  const endpoints = addresses.map((address) => plan(address));
  const pool = createEndpointPool({ endpoints, options: { balance: 'round-robin' }, createBreaker, close });
  const find = (address: string) => {
    const endpoint = pool.endpoints.find((one) => one.address === address);
    if (endpoint === undefined) throw new Error(`No endpoint ${address}`);
    return endpoint;
  };
  return { pool, closed, find };
}

describe('the choice', () => {
  it('takes the only endpoint there is, also if it was tried, but not if it is down or left alone', () => {
    const { pool, find } = createPool('a');
    const only = find('a');
    expect(pool.pick(CALL, 0)).toBe(only);
    expect(pool.pick(CALL, 0, new Set([only]))).toBe(only);
    only.health = 'down';
    expect(pool.pick(CALL, 0)).toBeUndefined();
    Object.assign(only, { health: 'up' });
    Object.assign(only.breaker, { isOpen: true });
    expect(pool.pick(CALL, 0)).toBeUndefined();
  });

  it('takes one that was tried only if there is no other', () => {
    const { pool, find } = createPool('a', 'b');
    const [a, b] = [find('a'), find('b')];
    for (let turn = 0; turn < 4; turn++) expect(pool.pick(CALL, 0, new Set([a]))).toBe(b);
    expect([a, b]).toContain(pool.pick(CALL, 0, new Set([a, b])));
    b.health = 'down';
    expect(pool.pick(CALL, 0, new Set([a]))).toBe(a);
  });

  it('tells each breaker the time of the call', () => {
    const allows = vi.fn(() => true);
    const pool = createEndpointPool({
      endpoints: [plan('a')],
      options: { balance: 'round-robin' },
      createBreaker: () => ({ ...createBreaker(), allows }),
      close: async () => {},
    });
    pool.pick(CALL, 1234);
    expect(allows).toHaveBeenCalledWith(1234);
  });

  it('adds up the weights of an address that is there twice', () => {
    const { pool } = createPool('a', 'b', 'a');
    expect(pool.endpoints.map(({ address, weight }) => [address, weight])).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
  });
});

describe('an update', () => {
  it('keeps what is known of those that stay, and opens only those that are new', () => {
    const { pool, find } = createPool('a', 'b');
    const b = find('b');
    Object.assign(b, { health: 'down', active: 2, calls: 7, failures: 3, lastFailure: 'refused' });
    const open = vi.fn(() => 'socket of c');
    pool.update([
      { address: 'b', weight: 3, open: () => expect.unreachable() },
      { address: 'c', weight: 1, open },
    ]);
    expect(pool.endpoints.map(({ address }) => address)).toEqual(['b', 'c']);
    expect(find('b')).toBe(b);
    expect(b).toMatchObject({ weight: 3, health: 'down', active: 2, calls: 7, failures: 3, transport: 'socket of b' });
    expect(find('c')).toMatchObject({ health: 'unknown', active: 0, calls: 0 });
    expect(open).toHaveBeenCalledTimes(1);
  });

  it('closes one that left when its last call has ended, and does not choose it before', () => {
    const { pool, closed, find } = createPool('a', 'b');
    const a = find('a');
    a.active += 2;
    pool.update([plan('b')]);
    expect(closed).toEqual([]);
    for (let turn = 0; turn < 4; turn++) expect(pool.pick(CALL, 0)).toBe(find('b'));
    a.active -= 1;
    expect(closed).toEqual([]);
    a.active -= 1;
    expect(closed).toEqual(['socket of a']);
    a.active += 1;
    a.active -= 1;
    expect(closed).toEqual(['socket of a']);
  });

  it('closes one that left without calls at once, and never one that stays and is idle', () => {
    const { pool, closed, find } = createPool('a', 'b');
    const b = find('b');
    b.active += 1;
    b.active -= 1;
    pool.update([plan('b')]);
    expect(closed).toEqual(['socket of a']);
  });

  it('begins anew with an address that comes back while it is still being left', () => {
    const { pool, closed, find } = createPool('a');
    const first = find('a');
    first.active = 1;
    pool.update([plan('b')]);
    pool.update([plan('a')]);
    expect(find('a')).not.toBe(first);
    first.active = 0;
    expect(closed).toEqual(['socket of b', 'socket of a']);
    expect(pool.pick(CALL, 0)).toBe(find('a'));
  });

  it('changes nothing when an endpoint cannot be opened, and closes those that were', () => {
    const { pool, closed } = createPool('a');
    const failing = (): string => {
      throw new Error('no such thing');
    };
    expect(() => pool.update([plan('b'), { address: 'c', weight: 1, open: failing }])).toThrow('no such thing');
    expect(pool.endpoints.map(({ address }) => address)).toEqual(['a']);
    expect(closed).toEqual(['socket of b']);
  });

  it('is told to those who want to know', () => {
    const { pool } = createPool('a');
    const seen: number[] = [];
    const unsubscribe = pool.onUpdate(() => seen.push(pool.endpoints.length));
    pool.update([plan('a'), plan('b')]);
    unsubscribe();
    pool.update([plan('a')]);
    expect(seen).toEqual([2]);
  });
});

describe('the end of a pool', () => {
  it('closes each endpoint once, those that are being left too, and opens no more', async () => {
    const { pool, closed, find } = createPool('a', 'b');
    const a = find('a');
    a.active = 1;
    pool.update([plan('b')]);
    await pool.dispose();
    await pool.dispose();
    expect(closed.sort()).toEqual(['socket of a', 'socket of b']);
    a.active = 0;
    pool.update([{ address: 'c', weight: 1, open: () => expect.unreachable() }]);
    expect(pool.pick(CALL, 0)).toBeUndefined();
    expect(closed).toHaveLength(2);
  });
});
