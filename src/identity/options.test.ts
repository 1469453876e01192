import { expect, it } from 'vitest';
import { authOptions } from './options.ts';

const issuer = { issuer: 'https://login.example.com', audience: 'skein', tenant: 'acme' };

/** Mistakes as `place: message`. */
function mistakes(auth: unknown): string[] {
  const { error } = authOptions.safeParse(auth);
  return error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
}

it('takes what says who signs, for whom, and whose it is', () => {
  for (const given of [
    issuer,
    { ...issuer, audience: ['a', 'b'], jwks: 'http://127.0.0.1/keys' },
    { ...issuer, tenant: undefined, claims: { app: 'client' } },
    { ...issuer, tenant: undefined, claims: { tenant: 'org', roles: 'groups' }, roles: { ops: 'platform' } },
    { ...issuer, claims: { roles: 'groups' }, roles: { ops: 'owner' } },
  ])
    expect(mistakes({ jwt: [given] })).toEqual([]);
});

it.each<[string, object, string]>([
  ['no audience', { audience: undefined }, 'jwt.0.audience: Invalid input'],
  ['no audience in a list of them', { audience: [] }, 'jwt.0.audience: Too small: expected array to have >=1 items'],
  ['an issuer that is no address', { issuer: 'acme' }, 'jwt.0.issuer: must be an http or https URL'],
  ['keys in a file', { jwks: 'file:///keys.json' }, 'jwt.0.jwks: must be an http or https URL'],
  [
    'no tenant at all',
    { tenant: undefined },
    'jwt.0: must say whose its tokens are: by tenant, claims.tenant or claims.app',
  ],
  [
    'two tenants',
    { claims: { tenant: 'org' } },
    'jwt.0.tenant: must not be beside claims.tenant: keep the one that says it',
  ],
  [
    'roles without a claim',
    { roles: { a: 'admin' } },
    'jwt.0.roles: must have claims.roles beside it: the claim whose values it maps',
  ],
  [
    'a platform administrator of one tenant',
    { claims: { roles: 'groups' }, roles: { all: 'owner', ops: 'platform' } },
    'jwt.0.roles.ops: must not be platform beside tenant: who is of one tenant is above none. Say whose tokens are by claims.tenant',
  ],
])('refuses %s', (_name, change, mistake) => {
  expect(mistakes({ jwt: [{ ...issuer, ...change }] })).toEqual([mistake]);
});

it('refuses secrets that are shared, signatures that are none, and roles that there are not', () => {
  for (const algorithm of ['HS256', 'HS512', 'none', 'None', 'RSA1_5'])
    expect(mistakes({ jwt: [{ ...issuer, algorithms: [algorithm] }] })).toHaveLength(1);
  expect(mistakes({ jwt: [{ ...issuer, algorithms: [] }] })).toHaveLength(1);
  expect(mistakes({ jwt: [{ ...issuer, claims: { roles: 'r' }, roles: { a: 'root' } }] })).toHaveLength(1);
});

it('refuses an issuer that is there twice, and proxies that are no addresses', () => {
  expect(mistakes({ jwt: [issuer, { ...issuer, audience: 'other' }] })).toEqual([
    'jwt.1.issuer: must not be there twice',
  ]);
  expect(mistakes({ trustedProxies: ['10.0.0.0/8', '::1', 'proxy.local', '10.0.0.0/33'] })).toEqual([
    'trustedProxies.2: must be an address or a range such as 10.0.0.0/8',
    'trustedProxies.3: must be an address or a range such as 10.0.0.0/8',
  ]);
});
