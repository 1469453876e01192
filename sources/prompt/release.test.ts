import { describe, expect, it } from 'vitest';
import { type PromptOptions, promptOptions } from './options.ts';
import { type CallerIds, type Release, readRelease } from './release.ts';

const CALLERS = Array.from({ length: 10_000 }, (_, index) => `tenant/key_${index}`);

function release(options: object, name = 'translate'): Release {
  const versions = { one: { template: 'x' }, two: { template: 'y' }, three: { template: 'z' } };
  const parsed: PromptOptions = promptOptions.parse({ versions, ...options });
  const made = readRelease(name, parsed, Object.keys(versions), ({ message }) => expect.unreachable(message));
  if (made === undefined) throw new Error('no release');
  return made;
}

function call(
  callerScope: string,
  over: { headers?: Record<string, string>; requestId?: string; caller?: CallerIds } = {},
) {
  return { callerScope, headers: {}, requestId: 'request-1', ...over };
}

const weights = (...shares: [string, number][]) => ({
  release: shares.map(([version, weight]) => ({ version, weight })),
});
const of = (made: Release) => new Map(CALLERS.map((scope) => [scope, made(call(scope))]));
const count = (chosen: ReadonlyMap<string, string>, version: string) =>
  [...chosen.values()].filter((name) => name === version).length;

describe('a release by weight', () => {
  it('gives each version its share of the callers', () => {
    // Of 10,000 draws at 10 %, 90 more or less is three standard deviations: 9 % and 11 % would be told apart.
    const ninetyTen = count(of(release(weights(['one', 90], ['two', 10]))), 'two');
    expect(ninetyTen).toBeGreaterThan(910);
    expect(ninetyTen).toBeLessThan(1_090);
    const thirds = of(release(weights(['one', 1], ['two', 1], ['three', 1])));
    for (const version of ['one', 'two', 'three']) expect(Math.abs(count(thirds, version) - 3_333)).toBeLessThan(142);
    expect(count(of(release(weights(['one', 1], ['two', 0]))), 'one')).toBe(10_000);
  });

  it('gives a caller the same version in every request, whatever the order of the versions', () => {
    const made = release(weights(['one', 50], ['two', 50]));
    const turned = release(weights(['two', 50], ['one', 50]));
    const chosen = of(made);
    for (const [scope, version] of [...chosen].slice(0, 500)) {
      expect(made(call(scope, { requestId: `other-${scope}` }))).toBe(version);
      expect(turned(call(scope))).toBe(version);
    }
  });

  it('moves no more callers than it must when weights change', () => {
    const before = of(release(weights(['one', 90], ['two', 10])));
    const after = of(release(weights(['one', 80], ['two', 20])));
    const moved = CALLERS.filter((scope) => before.get(scope) !== after.get(scope));
    expect(moved.every((scope) => after.get(scope) === 'two')).toBe(true);
    expect(moved).toHaveLength(count(after, 'two') - count(before, 'two'));
    const three = of(release(weights(['one', 80], ['two', 20], ['three', 25])));
    expect(CALLERS.every((scope) => three.get(scope) === 'three' || three.get(scope) === after.get(scope))).toBe(true);
  });

  it('draws for each prompt by itself', () => {
    const one = of(release(weights(['one', 50], ['two', 50])));
    const other = of(release(weights(['one', 50], ['two', 50]), 'summarize'));
    const same = CALLERS.filter((scope) => one.get(scope) === other.get(scope)).length;
    expect(Math.abs(same - 5_000)).toBeLessThan(150);
  });

  it('draws for each request where that is wanted, and where nobody calls', () => {
    const options = { ...weights(['one', 50], ['two', 50]), sticky: 'request' };
    for (const [made, scope] of [
      [release(options), 'tenant/key'],
      [release({ ...options, sticky: 'caller' }), ''],
    ] as const) {
      const chosen = CALLERS.slice(0, 1_000).map((requestId) => made(call(scope, { requestId })));
      const ones = chosen.filter((version) => version === 'one').length;
      expect(Math.abs(ones - 500)).toBeLessThan(48);
      expect(made(call(scope, { requestId: 'a' }))).toBe(made(call(scope, { requestId: 'a' })));
    }
  });
});

describe('a release by rule', () => {
  const made = release({
    header: 'X-Version',
    release: [
      { version: 'one', weight: 1, callers: { keys: ['key_1', 'config:web'] } },
      { version: 'two', weight: 0, callers: { apps: ['app_1'] } },
      { version: 'three', weight: 0, callers: { tenants: ['ten_1'] } },
    ],
  });

  it.each<[CallerIds | undefined, string]>([
    [undefined, 'one'],
    [{ id: 'key_9', key: 'key_9', app: 'app_9', tenant: 'ten_9' }, 'one'],
    [{ id: 'key_9', key: 'key_9', app: 'app_9', tenant: 'ten_1' }, 'three'],
    [{ id: 'key_9', key: 'key_9', app: 'app_1', tenant: 'ten_1' }, 'two'],
    [{ id: 'key_1', key: 'key_1', app: 'app_1', tenant: 'ten_1' }, 'one'],
    [{ id: 'config:web', key: undefined, app: undefined, tenant: 'ten_1' }, 'one'],
    [{ id: 'config:job', key: undefined, app: undefined, tenant: 'default' }, 'one'],
  ])('looks for the most particular one: %o', (caller, version) => {
    expect(made(call('scope', { ...(caller && { caller }) }))).toBe(version);
  });

  it('is beaten by the header, which names released versions only', () => {
    const caller = { key: 'key_1' };
    expect(made(call('scope', { caller, headers: { 'x-version': 'three' } }))).toBe('three');
    expect(made(call('scope', { caller, headers: { 'x-version': '' } }))).toBe('one');
    expect(() => made(call('scope', { headers: { 'x-version': 'four' } }))).toThrow(
      expect.objectContaining({
        code: 'BAD_USER_INPUT',
        message: 'The header "x-version" names a version of translate: it must be one of "one", "two", "three".',
      }),
    );
    const narrow = release({ header: 'x-version', ...weights(['one', 1]) });
    expect(() => narrow(call('scope', { headers: { 'x-version': 'two' } }))).toThrow(/must be one of "one"\./);
  });
});
