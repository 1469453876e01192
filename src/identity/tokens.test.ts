import { createHmac } from 'node:crypto';
import { exportSPKI, importJWK } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SkeinError } from '../../kernel/errors.ts';
import { silentLog } from '../../kernel/ports.ts';
import { startTokenIssuer, type TokenIssuer } from '../../test/utils/token-issuer.ts';
import { issuerOptions } from './options.ts';
import { createTokenVerifier, type TokenVerifier } from './tokens.ts';

let now = 0;
let issuer: TokenIssuer;
let log: unknown[];
let verifier: TokenVerifier;

const create = (options: object = {}) =>
  createTokenVerifier({
    issuers: [issuerOptions.parse({ issuer: issuer.url, audience: 'skein', tenant: 'acme', ...options })],
    clock: { now: () => now },
    log: { ...silentLog, warn: (fields) => void log.push(fields) },
  });

beforeEach(async () => {
  now = 1_800_000_000_000;
  log = [];
  issuer = await startTokenIssuer(() => now);
  verifier = create();
});
afterEach(() => issuer.close());

/** What a token says, or why it is refused. */
async function ask(token: string, by: TokenVerifier = verifier) {
  try {
    return await by.verify(token);
  } catch (error) {
    if (!(error instanceof SkeinError)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

const base64 = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

describe('a token', () => {
  it('says who it is for', async () => {
    expect(await ask(await issuer.sign({ name: 'Ada Lovelace' }))).toEqual({
      ...{ issuer: issuer.url, subject: 'ada', name: 'Ada Lovelace', tenant: 'acme', app: undefined, roles: [] },
      expiresAt: now + 305_000,
    });
  });

  it('is verified once, and the same object as long as it counts', async () => {
    const token = await issuer.sign();
    const first = await ask(token);
    expect(verifier.verify(token)).toBe(first);
    now += 300_000;
    expect(verifier.verify(token)).toBeInstanceOf(Promise);
    expect(await ask(token)).toEqual(first);
    now += 5_000;
    expect(await ask(token)).toBe('UNAUTHENTICATED: The token has expired.');
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['has expired', { exp: 1_799_999_995 }, 'The token has expired.'],
    ['never expires', { exp: null }, 'The token lacks the claim "exp".'],
    ['is for later', { nbf: 1_800_000_006 }, 'The token is not valid yet.'],
    ['is for another audience', { aud: 'other' }, 'The token is for another audience.'],
    ['is for no audience', { aud: null }, 'The token is for another audience.'],
    ['is of another issuer', { iss: 'https://evil.example' }, 'The issuer of the token is not trusted here.'],
    [
      'is of an issuer whose name begins like one',
      { iss: 'http://127.0.0.1' },
      'The issuer of the token is not trusted here.',
    ],
    ['is of nobody', { iss: null }, 'The issuer of the token is not trusted here.'],
    ['is for nobody', { sub: null }, 'The token lacks the claim "sub".'],
    ['has an expiry that is text', { exp: '1900000000' }, 'The token is not valid.'],
  ])('is refused that %s', async (_name, claims, message) => {
    expect(await ask(await issuer.sign(claims))).toBe(`UNAUTHENTICATED: ${message}`);
  });

  it.each([{ exp: 1_799_999_996 }, { nbf: 1_800_000_005 }, { aud: ['other', 'skein'] }])(
    'is taken with %j: clocks differ, and there may be several audiences',
    async (claims) => {
      expect(await ask(await issuer.sign(claims))).toMatchObject({ subject: 'ada' });
    },
  );

  it('is refused that is not signed, or signed by a secret that everybody knows', async () => {
    const [, payload = ''] = (await issuer.sign()).split('.');
    const none = `${base64({ alg: 'none' })}.${payload}.`;
    expect(verifier.isToken(none)).toBe(true);
    expect(await ask(none)).toMatch(/^UNAUTHENTICATED: The token is signed in a way that is not taken/);
    const pem = await exportSPKI((await importJWK(issuer.publicKey(), 'ES256')) as never);
    for (const secret of [pem, JSON.stringify(issuer.publicKey())]) {
      const signed = `${base64({ alg: 'HS256', kid: 'first' })}.${payload}`;
      const token = `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
      expect(await ask(token)).toBe('UNAUTHENTICATED: The token is signed in a way that is not taken.');
    }
  });

  it('is refused whose words were changed, or signed by a key of the same name', async () => {
    const [head, payload = '', signature] = (await issuer.sign()).split('.');
    const other = base64(Buffer.from(payload, 'base64url').toString().replace('ada', 'eve'));
    expect(await ask([head, other, signature].join('.'))).toBe('UNAUTHENTICATED: The signature of the token is wrong.');
    await ask(await issuer.sign());
    await issuer.rotate('first', { publish: false });
    expect(await ask(await issuer.sign())).toBe('UNAUTHENTICATED: The signature of the token is wrong.');
  });

  it('brings no key of its own', async () => {
    await issuer.rotate('mine', { publish: false });
    const own = { jwk: issuer.publicKey(), jku: `${issuer.url}/mine`, x5u: `${issuer.url}/mine` };
    expect(await ask(await issuer.sign({}, own))).toBe(
      'UNAUTHENTICATED: The token is signed with a key that its issuer does not have.',
    );
    expect(issuer.asked()).toBe(1);
  });

  it('must be signed in a way that is taken', async () => {
    const token = await issuer.sign();
    expect(await ask(token, create({ algorithms: ['RS256'] }))).toMatch(/signed in a way that is not taken/);
    for (const alg of ['RS256', 'PS256', 'EdDSA']) {
      await issuer.rotate(alg, { alg, withdraw: true });
      expect([alg, await ask(await issuer.sign(), create())]).toMatchObject([alg, { subject: 'ada' }]);
    }
  });

  it.each(['', 'skein_x', 'a.b.c', 'eyJ.eyJ', 'eyJh.eyJh.sig.more', `eyJh.${'x'.repeat(20_000)}.x`])(
    'does not look like %j',
    (text) => {
      expect(verifier.isToken(text)).toBe(false);
    },
  );

  it('of nonsense in the right form is refused', async () => {
    for (const token of ['eyJx.eyJx.x', `${base64({ alg: 'ES256' })}.${base64('"text"')}.x`, 'eyJ9.eyJ9.'])
      expect(await ask(token)).toMatch(/^UNAUTHENTICATED: The (token is not valid|issuer of the token)/);
  });
});

describe('claims', () => {
  const roles = { admins: 'admin', 'read only': 'analyst', ops: 'platform', approvers: 'approver' };
  const claimed = async (claims: object, options: object) => {
    const token = await ask(await issuer.sign({ ...claims }), create({ tenant: undefined, ...options }));
    if (typeof token === 'string') return token;
    return [token.tenant, token.app, token.roles];
  };

  it('are found by name and by path; a name with dots in it is a name first', async () => {
    const options = { claims: { tenant: 'org.name', app: 'https://x.example/app', roles: 'realm.roles' }, roles };
    const claims = { org: { name: 'acme' }, 'https://x.example/app': 'app_1', realm: { roles: ['admins', 'ops'] } };
    expect(await claimed(claims, options)).toEqual(['acme', 'app_1', ['admin', 'platform']]);
    expect(await claimed({ ...claims, 'org.name': 'other' }, options)).toEqual([
      'other',
      'app_1',
      ['admin', 'platform'],
    ]);
  });

  it('that are not there, or are no text, say nothing', async () => {
    const options = { claims: { tenant: 'org.name', app: 'app', roles: 'roles' }, roles };
    for (const claims of [{}, { org: 'acme', app: '', roles: {} }, { org: { name: 7 }, app: ['a'], roles: [7, null] }])
      expect(await claimed(claims, options)).toEqual([undefined, undefined, []]);
  });

  it('of roles count where they are known here, as a list or as text', async () => {
    const options = { claims: { tenant: 'org', roles: 'groups' }, roles };
    expect(await claimed({ groups: ['admins', 'admin', 'platform', '__proto__', 'read only'] }, options)).toEqual([
      ...[undefined, undefined],
      ['admin', 'analyst'],
    ]);
    expect(await claimed({ groups: 'approvers openid admins' }, options)).toEqual([
      ...[undefined, undefined],
      ['approver', 'admin'],
    ]);
    expect(await claimed({ constructor: { name: 'x' } }, { claims: { tenant: 'toString' } })).toEqual([
      ...[undefined, undefined],
      [],
    ]);
  });

  it('say what people call whom it is for, within bounds', async () => {
    const nameOf = async (claims: object) => ((await ask(await issuer.sign({ ...claims }))) as { name: string }).name;
    expect(await nameOf({ preferred_username: 'ada', email: 'ada@acme.example' })).toBe('ada');
    expect(await nameOf({ client_id: 'batch' })).toBe('batch');
    expect(await nameOf({})).toBe('ada');
    expect(await nameOf({ name: `a\nb${'x'.repeat(500)}` })).toBe(`a b${'x'.repeat(197)}`);
    expect(await ask(await issuer.sign({ sub: 'x'.repeat(256) }))).toMatch(/^UNAUTHENTICATED: .*too long/);
  });
});
