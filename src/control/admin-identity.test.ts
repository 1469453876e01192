import { expect, it } from 'vitest';
import type { StoredRecord } from '../../admin/models/record.ts';
import { systemClock } from '../../kernel/ports.ts';
import type { VerifiedToken } from '../identity/tokens.ts';
import { createAdminIdentity } from './admin-identity.ts';
import { createDirectory } from './directory.ts';

const AT = new Date(0);
const record = (_id: string): StoredRecord => ({
  ...{ _id, tenant: 'ten_acme', version: 1, seq: 1, createdAt: AT, updatedAt: AT, archivedAt: null },
});
const NOTHING = { apps: [], keys: [], products: [], plans: [], grants: [], secrets: [], webhooks: [], revisions: [] };

const directory = createDirectory(() => systemClock.now());
directory.take({
  ...NOTHING,
  tenants: [
    { ...record('ten_acme'), name: 'acme', title: '', description: '', rates: [], network: 'public', trusted: false },
  ],
  users: [
    { ...record('usr_ann'), name: 'ann@acme.example', title: '', roles: ['owner'] },
    { ...record('usr_bob'), name: 'bob@acme.example', title: '', roles: ['admin'], archivedAt: AT },
    { ...record('usr_root'), tenant: 'platform', name: 'root@example', title: '', roles: ['platform'], archivedAt: AT },
  ],
  tokens: [],
});

const TOKEN: VerifiedToken = {
  ...{ issuer: 'https://id.example', subject: 's-1', name: 'Eve', email: undefined, tenant: 'acme', app: undefined },
  ...{ roles: [], expiresAt: Number.MAX_SAFE_INTEGER },
};

function identify(token: Partial<VerifiedToken>) {
  const identity = createAdminIdentity({
    directory: () => directory,
    tokens: () => ({ isToken: () => true, verify: () => ({ ...TOKEN, ...token }), trusts: () => true }),
    clock: systemClock,
    addressOf: () => '192.0.2.1',
    onUsed: () => {},
  });
  return identity({ authorization: 'Bearer token' }, 'request');
}

it('takes nobody for a user by a name that they may have chosen', async () => {
  await expect(identify({ name: 'ann@acme.example' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  for (const token of [{ subject: 'ann@acme.example' }, { email: 'ann@acme.example' }])
    expect(await identify(token)).toMatchObject({ id: 'usr_ann', roles: ['owner'], tenant: 'ten_acme' });
});

it('gives those who are no users ids that no user has', async () => {
  const given = { subject: 'usr_ann', roles: ['analyst'] } as const;
  const actor = await identify(given);
  expect(actor).toMatchObject({ roles: ['analyst'], name: 'Eve' });
  const elsewhere = await identify({ ...given, issuer: 'https://other.example' });
  const above = await identify({ ...given, roles: ['platform'] });
  expect([actor.id, elsewhere.id, above.id]).not.toContain('usr_ann');
  expect(elsewhere.id).not.toBe(actor.id);
});

it('refuses who is archived, whatever roles its issuer gives it', async () => {
  const archived = { code: 'FORBIDDEN', message: 'The user that the token is for is archived.' };
  for (const token of [{ subject: 'bob@acme.example' }, { email: 'bob@acme.example' }])
    for (const roles of [[], ['owner']] as const)
      await expect(identify({ ...token, roles })).rejects.toMatchObject(archived);
  for (const token of [{ subject: 'root@example' }, { email: 'root@example' }])
    await expect(identify({ ...token, roles: ['platform'] })).rejects.toMatchObject(archived);
  expect(await identify({ subject: 'ann@acme.example', email: 'bob@acme.example', roles: ['owner'] })).toMatchObject({
    id: 'usr_ann',
  });
});

it('asks for what an administrator has', async () => {
  const identity = createAdminIdentity({
    directory: () => directory,
    tokens: () => ({ isToken: () => false, verify: () => TOKEN, trusts: () => false }),
    clock: systemClock,
    addressOf: () => undefined,
    onUsed: () => {},
  });
  const told = async (authorization?: string) =>
    identity({ authorization }, 'request').catch((error: Error) => error.message);
  expect(await told()).toBe('An administrator’s token is required: send it as "Authorization: Bearer <token>".');
  expect(await told('Basic YTpi')).toBe('The token is not valid.');
  expect(await told('Bearer skein_x')).toBe(
    'The token is not valid. API keys of apps are for the graph, not for this.',
  );
});
