import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SkeinError } from '../../kernel/errors.ts';
import { silentLog } from '../../kernel/ports.ts';
import { startTokenIssuer, type TokenIssuer } from '../../test/utils/token-issuer.ts';
import { issuerOptions } from './options.ts';
import { createTokenVerifier, type TokenVerifier } from './tokens.ts';

const UNKNOWN = 'UNAUTHENTICATED: The token is signed with a key that its issuer does not have.';
const UNAVAILABLE = 'IDENTITY_UNAVAILABLE: The keys that tokens are verified with cannot be had now.';

let now = 0;
let issuer: TokenIssuer;
let log: { reason?: string; hasKeys?: boolean }[];
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

/** Whom a new token is for, or why it is refused. Each is another, so that none is known. */
async function ask(claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}, by = verifier) {
  try {
    return (await by.verify(await issuer.sign({ jti: String(now + Math.random()), ...claims }, header))).subject;
  } catch (error) {
    if (!(error instanceof SkeinError)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

describe('the keys of an issuer', () => {
  it('are asked for once, however many tokens come at first', async () => {
    expect(await Promise.all(Array.from({ length: 20 }, () => ask()))).toEqual(Array(20).fill('ada'));
    expect(issuer.asked()).toBe(1);
    expect(await ask({}, {}, create({ jwks: `${issuer.url}/elsewhere` }))).toBe('ada');
    expect(issuer.asked()).toBe(2);
  });

  it('may change: a new one is asked for, and old ones count while they are published', async () => {
    const old = await issuer.sign();
    await ask();
    await issuer.rotate('second');
    now += 30_000;
    expect(await ask()).toBe('ada');
    expect(issuer.asked()).toBe(2);
    expect((await verifier.verify(old)).subject).toBe('ada');
  });

  it('are not asked for by a flood of tokens with keys that nobody knows', async () => {
    await ask();
    now += 30_000;
    const flood = () => Promise.all(Array.from({ length: 50 }, (_, i) => ask({}, { kid: `unknown-${i}` })));
    expect(new Set([...(await flood()), ...(await flood())])).toEqual(new Set([UNKNOWN]));
    expect(issuer.asked()).toBe(2);
    expect(await ask()).toBe('ada');
    now += 29_999;
    await flood();
    expect(issuer.asked()).toBe(2);
    now += 1;
    await flood();
    expect(issuer.asked()).toBe(3);
  });

  it('are left when they are withdrawn: beside the work after ten minutes, before it after an hour', async () => {
    const ask1 = await ask();
    await issuer.rotate('second', { withdraw: true });
    now += 60 * 60_000;
    expect([ask1, await ask({}, { kid: 'first' })]).toEqual(['ada', UNKNOWN]);
    expect([issuer.asked(), await ask()]).toEqual([2, 'ada']);
    now += 10 * 60_000;
    expect(await ask()).toBe('ada');
    await expect.poll(() => issuer.asked()).toBe(3);
  });

  it('stay while the issuer is down', async () => {
    await ask();
    issuer.answerWith((_request, response) => response.writeHead(500).end());
    now += 2 * 60 * 60_000;
    expect([await ask(), await ask()]).toEqual(['ada', 'ada']);
    expect(log).toMatchObject([{ hasKeys: true, reason: expect.stringContaining('status 500') }]);
  });

  it('are tried again when they could not be had at first, but not for every token', async () => {
    issuer.answerWith((request) => request.socket.destroy());
    expect([await ask(), await ask(), await ask()]).toEqual(Array(3).fill(UNAVAILABLE));
    expect(log).toMatchObject([{ hasKeys: false }]);
    issuer.answerWith(undefined);
    expect(await ask()).toBe(UNAVAILABLE);
    now += 2_000;
    expect(await ask()).toBe('ada');
  });
});

describe('what an issuer publishes', () => {
  const say = (body: unknown) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    issuer.answerWith((_request, response) => response.end(text));
  };

  it.each<[string, unknown, string]>([
    ['is no JSON', '<html>', 'JSON'],
    ['is a list', [], 'something else than a JSON object'],
    ['has no keys', { key: [] }, 'no list of "keys"'],
    ['has more keys than anybody needs', { keys: Array(101).fill({}) }, 'more than 100 keys'],
    ['is larger than anything needs to be', { keys: [], padding: 'x'.repeat(300_000) }, 'larger'],
  ])('is refused when it %s', async (_name, body, reason) => {
    say(body);
    expect(await ask({}, {}, create({ jwks: `${issuer.url}/keys` }))).toBe(UNAVAILABLE);
    expect(log).toMatchObject([{ reason: expect.stringContaining(reason) }]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['another issuer', { issuer: 'https://evil.example' }, 'another issuer'],
    ['no address of keys', { jwks_uri: undefined }, 'no "jwks_uri"'],
    ['an address of keys that is a file', { jwks_uri: 'file:///etc/passwd' }, 'not https'],
  ])('is refused when it names %s', async (_name, discovery, reason) => {
    issuer.discovery = discovery;
    expect([await ask(), issuer.asked()]).toEqual([UNAVAILABLE, 0]);
    expect(log).toMatchObject([{ reason: expect.stringContaining(reason) }]);
  });

  it('is not followed elsewhere', async () => {
    issuer.answerWith((_request, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end());
    expect(await ask()).toBe(UNAVAILABLE);
    expect(log).toMatchObject([{ reason: expect.stringContaining('status 302') }]);
  });

  it('may have keys that are of no use here, and secrets: those sign nothing', async () => {
    const odd = [null, 'x', {}, { kty: 'oct', kid: 'first', k: 'c2VjcmV0' }, { kty: 'RSA', kid: 'broken', n: 1 }];
    say({ keys: [...odd, issuer.publicKey()] });
    const by = create({ jwks: `${issuer.url}/keys` });
    expect([await ask({}, {}, by), await ask({}, { kid: 'broken' }, by)]).toEqual(['ada', UNKNOWN]);
  });

  it('must tell which key it was, where there are several', async () => {
    await issuer.rotate('second');
    expect(await ask({}, { kid: undefined })).toBe(
      'UNAUTHENTICATED: The token does not say which key it is signed with.',
    );
  });
});
