import { describe, expect, it } from 'vitest';
import { SkeinError } from '../../kernel/errors.ts';
import { ACME, createMemoryDirectory, SHOP } from '../../test/utils/directory.ts';
import type { Caller } from './caller.ts';
import type { Credentials } from './credentials.ts';
import { createKeyring, type Keyring, type KeyringOptions } from './keyring.ts';
import { generateKey } from './secrets.ts';

const configured = [
  { name: 'web', key: 'skein_web' },
  { name: 'batch', key: 'skein_batch', operator: true },
];
const bearer = (key: string): Credentials => ({ authorization: `Bearer ${key}` });

/** What `identify` says without waiting: the caller, or why there is none. */
function ask(keyring: Keyring, credentials: Credentials): Caller | string {
  try {
    const caller = keyring.identify(credentials);
    if (caller instanceof Promise) throw new Error('It has to wait.');
    return caller;
  } catch (error) {
    if (!(error instanceof SkeinError)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

describe('keys of the configuration', () => {
  const keyring = createKeyring({ configured });

  it('are callers of the default tenant, and nothing is kept of the key', () => {
    const caller = ask(keyring, bearer('skein_web'));
    expect(caller).toEqual({
      ...{ id: 'config:web', name: 'web', tenant: 'default', isOperator: false, roles: [], rates: [] },
      ...{ app: undefined, key: undefined, user: undefined, products: undefined, grants: new Map() },
    });
    expect(ask(keyring, { authorization: 'bearer  skein_web' })).toBe(caller);
    expect(ask(keyring, { authorization: 'BEARER skein_batch' })).toMatchObject({ name: 'batch', isOperator: true });
    expect(ask(keyring, { apiKey: 'skein_web' })).toBe(caller);
    expect(ask(keyring, { authorization: '', apiKey: 'skein_web' })).toBe(caller);
  });

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'skein_web',
    'Basic skein_web',
    'Bearerskein_web',
    'Bearer skein_web ',
    ' Bearer skein_web',
    'Bearer skein_web, Bearer skein_batch',
    'Bearer SKEIN_WEB',
    'Bearer skein_web\n',
    'Bearer web',
    `Bearer ${'x'.repeat(20_000)}`,
  ])('are not %j, which is not repeated', (authorization) => {
    const refusal = ask(keyring, { authorization });
    expect(refusal).toMatch(/^UNAUTHENTICATED: (The API key is not valid|An API key is required)/);
    expect(refusal).not.toContain('skein_web');
  });

  it('are looked for in one header alone: Authorization wins', () => {
    expect(ask(keyring, { authorization: 'Bearer no', apiKey: 'skein_web' })).toMatch(/^UNAUTHENTICATED/);
    expect(ask(keyring, { apiKey: 'Bearer skein_web' })).toMatch(/^UNAUTHENTICATED/);
  });

  it('can be made: long, safe in a header, and never the same', () => {
    const keys = Array.from({ length: 50 }, generateKey);
    expect(new Set(keys).size).toBe(50);
    for (const key of keys) expect(key).toMatch(/^skein_[\w-]{32}$/);
    const [key = ''] = keys;
    expect(ask(createKeyring({ configured: [{ name: 'made', key }] }), bearer(key))).toMatchObject({ name: 'made' });
  });

  it('count as long as they are there with the same rights', () => {
    const [web, batch] = ['skein_web', 'skein_batch'].map((key) => ask(keyring, bearer(key)) as Caller);
    const next = createKeyring({ configured: [{ name: 'web', key: 'skein_web' }], before: keyring });
    expect([web, batch].map((caller) => next.isCurrent(caller as Caller))).toEqual([true, false]);
    const raised = createKeyring({ configured: [{ name: 'web', key: 'skein_web', operator: true }], before: keyring });
    expect(raised.isCurrent(web as Caller)).toBe(false);
  });
});

describe('keys of the directory', () => {
  const directory = createMemoryDirectory();
  const create = (options: KeyringOptions = {}) =>
    createKeyring({ configured, directory: () => directory, clock: { now: () => 1_000 }, ...options });

  it('are callers with the app, the tenant, the grants and all limits of them: the same object each time', () => {
    const rate = (subject: string) => ({ subject, name: subject, limit: 1, windowMs: 1 });
    const tenant = { ...ACME, rates: [rate('tenant')] };
    const grants = new Map([['prd_1', { id: 'grt_1', rates: [rate('grant')] }]]);
    const app = { ...SHOP, tenant, grants, rates: [rate('app')] };
    const key = directory.add('mobile', { id: 'key_m', app, products: new Set(['prd_1']), rates: [rate('key')] });
    const keyring = create();
    const caller = ask(keyring, bearer(key));
    expect(caller).toEqual({
      ...{ id: 'key_m', name: 'mobile', tenant: 'tnt_acme', app: 'app_shop', key: 'key_m', user: undefined },
      ...{ isOperator: false, roles: [], grants, products: new Set(['prd_1']) },
      rates: [rate('key'), rate('app'), rate('tenant')],
    });
    expect(ask(keyring, { apiKey: key })).toBe(caller);
    directory.change(key, { name: 'renamed' });
    expect(ask(keyring, bearer(key))).toMatchObject({ id: 'key_m', name: 'renamed' });
  });

  it('are refused when they are revoked, and told to have expired when they have', () => {
    const keyring = create();
    const [revoked, expired, valid] = [
      directory.add('revoked'),
      directory.add('expired', { expiresAt: 1_000 }),
      directory.add('valid', { expiresAt: 1_001 }),
    ];
    const caller = ask(keyring, bearer(revoked)) as Caller;
    expect(keyring.isCurrent(caller)).toBe(true);
    directory.revoke(revoked);
    expect(keyring.isCurrent(caller)).toBe(false);
    expect(ask(keyring, bearer(revoked))).toBe('UNAUTHENTICATED: The API key is not valid.');
    expect(ask(keyring, bearer(expired))).toBe('UNAUTHENTICATED: The API key has expired.');
    const last = ask(keyring, bearer(valid)) as Caller;
    expect(keyring.isCurrent(last)).toBe(true);
    directory.change(valid, { expiresAt: 900 });
    expect(keyring.isCurrent(last)).toBe(false);
  });

  it('can be for certain origins', () => {
    const key = directory.add('page', { origins: ['https://shop.example', 'http://localhost:3000'] });
    const from = (origin: string | undefined) => ask(create(), { ...bearer(key), origin });
    expect([from('https://shop.example'), from('http://localhost:3000')]).toMatchObject([
      { name: 'page' },
      { name: 'page' },
    ]);
    expect(from(undefined)).toBe(
      'FORBIDDEN: The API key is for pages of certain origins, and the request has no Origin header.',
    );
    for (const origin of [
      'null',
      'http://shop.example',
      'https://shop.example.evil.example',
      'https://shop.example:444',
    ])
      expect(from(origin)).toBe('FORBIDDEN: The API key is for pages of certain origins, and this is none of them.');
  });

  it('can be for certain addresses, also behind proxies that are trusted', () => {
    const key = directory.add('batch', { cidrs: ['192.0.2.0/24', '2001:db8::/32'] });
    const refusal = 'FORBIDDEN: The API key is for certain addresses, and the request comes from none of them.';
    const from = (address: string | undefined, forwardedFor?: string) =>
      ask(create({ trustedProxies: ['10.0.0.0/8'] }), { ...bearer(key), address, forwardedFor });
    for (const address of ['192.0.2.7', '::ffff:192.0.2.7', '2001:db8::9'])
      expect(from(address)).toMatchObject({ name: 'batch' });
    for (const address of ['192.0.3.7', '::ffff:192.0.3.7', '2001:db9::9', '', undefined])
      expect(from(address)).toBe(refusal);
    expect(from('10.0.0.1', '192.0.2.7')).toMatchObject({ name: 'batch' });
    expect(from('10.0.0.1', '192.0.2.7, 203.0.113.1')).toBe(refusal);
    expect(from('203.0.113.1', '192.0.2.7')).toBe(refusal);
    expect(from('10.0.0.1', 'unknown')).toBe(refusal);
  });

  it('cannot be told valid from wrong before they are read; those of the configuration can', () => {
    let ready = false;
    const key = directory.add('early');
    const keyring = create({ directory: () => (ready ? directory : undefined) });
    expect(ask(keyring, bearer(key))).toMatch(/^IDENTITY_UNAVAILABLE: /);
    expect(ask(keyring, bearer('skein_web'))).toMatchObject({ name: 'web' });
    expect(ask(keyring, bearer('no key at all'.replaceAll(' ', '-')))).toMatch(/^UNAUTHENTICATED: /);
    ready = true;
    const caller = ask(keyring, bearer(key)) as Caller;
    expect(caller).toMatchObject({ name: 'early' });
    ready = false;
    expect(keyring.isCurrent(caller)).toBe(true);
  });

  it('are told to be used once in a minute, and not when they were refused', () => {
    const uses: unknown[] = [];
    let now = 60_000;
    const keyring = create({ clock: { now: () => now }, onUsed: (id, at) => uses.push([id, at]) });
    const [one, other] = [directory.add('one', { id: 'one' }), directory.add('other', { id: 'other', cidrs: ['::1'] })];
    for (const at of [60_000, 61_000, 119_999, 120_000, 120_001]) {
      now = at;
      ask(keyring, bearer(one));
      ask(keyring, { ...bearer(other), address: '::2' });
    }
    ask(keyring, { ...bearer(other), address: '::1' });
    expect(uses).toEqual([
      ['one', 60_000],
      ['one', 120_000],
      ['other', 120_001],
    ]);
  });
});
