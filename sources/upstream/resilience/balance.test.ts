import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Candidate, compileBalance } from './balance.ts';
import type { Breaker, EndpointHealth, PlannedCall } from './contracts.ts';
import { hashText } from './hashing.ts';
import type { UpstreamOptions } from './options.ts';

const CALL: PlannedCall = { operation: 'getPet', repeatable: 'always' };
const HASH = { hash: { header: 'x-user' } };
const BALANCES: UpstreamOptions['balance'][] = ['round-robin', 'least-connections', HASH];

interface Given extends Candidate {
  readonly name: string;
  active: number;
  health: EndpointHealth;
  isOpen: boolean;
}

function candidate(name: string, weight = 1): Given {
  const breaker: Breaker = {
    allows: () => !given.isOpen,
    enter: () => false,
    record() {},
    state: () => (given.isOpen ? 'open' : 'closed'),
    retryAt: () => undefined,
  };
  const given: Given = { name, weight, active: 0, health: 'up', isOpen: false, breaker, seed: hashText(name), due: 0 };
  return given;
}

const keyed = (hashKey: string): PlannedCall => ({ ...CALL, hashKey });

describe('in turns', () => {
  const choose = compileBalance('round-robin');

  it('spreads the turns of a heavy endpoint', () => {
    const candidates = [candidate('a', 5), candidate('b'), candidate('c')];
    const order = Array.from({ length: 7 }, () => choose(candidates, CALL, 0, undefined)?.name);
    expect(order.join('')).toBe('aabacaa');
  });

  it('gives each endpoint exactly its weight in every round of all weights', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 12 }), (weights) => {
        const candidates = weights.map((weight, index) => candidate(`e${index}`, weight));
        const counts = new Map(candidates.map(({ name }) => [name, 0]));
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        for (let turn = 0; turn < total * 2; turn++) {
          const { name = '' } = choose(candidates, CALL, 0, undefined) ?? {};
          counts.set(name, (counts.get(name) ?? 0) + 1);
        }
        expect([...counts.values()]).toEqual(weights.map((weight) => weight * 2));
      }),
    );
  });

  it('goes for calls without a key, too, where the key would say', () => {
    const candidates = [candidate('a'), candidate('b')];
    const byKey = compileBalance(HASH);
    expect(Array.from({ length: 4 }, () => byKey(candidates, CALL, 0, undefined)?.name)).toEqual(['a', 'b', 'a', 'b']);
  });
});

describe('by the fewest calls', () => {
  const choose = compileBalance('least-connections');

  it('takes the one with the fewest calls for its weight', () => {
    const [a, b, c] = [candidate('a', 4), candidate('b', 2), candidate('c')];
    Object.assign(a, { active: 5 });
    Object.assign(b, { active: 2 });
    Object.assign(c, { active: 1 });
    expect(choose([a, b, c], CALL, 0, undefined)).not.toBe(a);
    b.active = 3;
    expect(choose([a, b, c], CALL, 0, undefined)).toBe(c);
    c.active = 2;
    expect(choose([a, b, c], CALL, 0, undefined)).toBe(a);
  });

  it('lets equally busy ones take turns', () => {
    const candidates = [candidate('a'), candidate('busy'), candidate('b'), candidate('c')];
    Object.assign(candidates[1] ?? {}, { active: 1 });
    const order = Array.from({ length: 6 }, () => choose(candidates, CALL, 0, undefined)?.name);
    expect(order.join('')).toBe('abcabc');
  });

  it('lets calls that last pile up as the weights say', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 12 }), (weights) => {
        const candidates = weights.map((weight, index) => candidate(`e${index}`, weight));
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        for (let call = 0; call < total * 3; call++) {
          const chosen = choose(candidates, CALL, 0, undefined);
          if (chosen !== undefined) chosen.active += 1;
        }
        expect(candidates.map(({ active }) => active)).toEqual(weights.map((weight) => weight * 3));
      }),
    );
  });
});

describe('by key', () => {
  const choose = compileBalance(HASH);
  const keys = Array.from({ length: 20_000 }, (_, index) => `user-${index}`);

  it('sends calls of one key to one endpoint, in whatever order the endpoints come', () => {
    const candidates = ['a', 'b', 'c', 'd'].map((name) => candidate(name));
    const reversed = [...candidates].reverse();
    for (const key of keys.slice(0, 500)) {
      const first = choose(candidates, keyed(key), 0, undefined);
      expect(choose(reversed, keyed(key), 0, undefined)).toBe(first);
    }
  });

  it('spreads keys as the weights say', () => {
    const candidates = [1, 2, 3, 4].map((weight) => candidate(`http://10.0.0.${weight}:8080`, weight));
    const counts = new Map<string, number>();
    for (const key of keys) {
      const { name = '' } = choose(candidates, keyed(key), 0, undefined) ?? {};
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    for (const { name, weight } of candidates) {
      expect(Math.abs((counts.get(name) ?? 0) / keys.length - weight / 10)).toBeLessThan(0.02);
    }
  });

  it('moves the keys of an endpoint that goes, and no others, and spreads them over all that stay', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 3, maxLength: 8 }),
        fc.nat(),
        fc.boolean(),
        (names, pick, isDown) => {
          const candidates = names.map((name, index) => candidate(name, 1 + (index % 3)));
          const gone = candidates[pick % candidates.length];
          const before = keys.slice(0, 300).map((key) => choose(candidates, keyed(key), 0, undefined));
          if (isDown && gone !== undefined) gone.health = 'down';
          const rest = isDown ? candidates : candidates.filter((one) => one !== gone);
          keys.slice(0, 300).forEach((key, index) => {
            const after = choose(rest, keyed(key), 0, undefined);
            if (before[index] === gone) expect(after).not.toBe(gone);
            else expect(after).toBe(before[index]);
          });
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('whatever the balance', () => {
  const state = fc.record({
    weight: fc.integer({ min: 1, max: 5 }),
    active: fc.nat({ max: 3 }),
    health: fc.constantFrom<EndpointHealth>('up', 'down', 'unknown'),
    isOpen: fc.boolean(),
    isTried: fc.boolean(),
  });

  it('never takes one that is down, open or tried, and always takes one if there is another', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...BALANCES),
        fc.array(fc.array(state, { minLength: 4, maxLength: 4 }), { minLength: 1, maxLength: 20 }),
        fc.option(fc.string(), { nil: undefined }),
        (balance, rounds, hashKey) => {
          const choose = compileBalance(balance);
          const candidates = ['a', 'b', 'c', 'd'].map((name) => candidate(name));
          for (const states of rounds) {
            candidates.forEach((one, index) => {
              Object.assign(one, states[index]);
            });
            const tried = new Set(candidates.filter((_, index) => states[index]?.isTried));
            const fit = candidates.filter((one) => one.health !== 'down' && !one.isOpen && !tried.has(one));
            const chosen = choose(candidates, { ...CALL, hashKey }, 0, tried);
            if (fit.length === 0) expect(chosen).toBeUndefined();
            else expect(fit).toContain(chosen);
          }
        },
      ),
    );
  });

  it('has nothing to choose of none', () => {
    for (const balance of BALANCES) expect(compileBalance(balance)([], keyed('k'), 0, undefined)).toBeUndefined();
  });
});
