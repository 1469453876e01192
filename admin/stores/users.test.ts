import { expect, it } from 'vitest';
import { describeStores, mistakes, PLATFORM_ADMIN } from '../../test/utils/admin-suite.ts';
import { SYSTEM } from '../actor.ts';
import { PLATFORM } from '../models/record.ts';
import { hashSecret } from '../secrets/new-secret.ts';
import { firstAdministrator, tokens, users } from './users.ts';

describeStores('users', (plane) => {
  it('keep an owner in each tenant, whoever takes the others away', async () => {
    const { actors, users: made } = await plane().createTenant('acme');
    const owner = plane().as(actors.owner);
    const root = plane().as(PLATFORM_ADMIN);
    const only = made.owner;
    expect(await mistakes(users.update(owner, only._id, 1, { roles: ['admin'] }))).toEqual(['IN_USE roles']);
    expect(await mistakes(users.archive(root, only._id, 1, true))).toEqual(['IN_USE roles']);
    const second = await users.create(owner, { name: 'second', roles: ['owner', 'developer'] });
    expect((await users.update(owner, only._id, 1, { roles: ['admin'] })).roles).toEqual(['admin']);
    expect(await mistakes(users.archive(owner, second._id, 1, true))).toEqual(['IN_USE roles']);
  });

  it('keep an owner when two owners go at once', async () => {
    const { actors, users: made } = await plane().createTenant('acme');
    const owner = plane().as(actors.owner);
    const second = await users.create(owner, { name: 'second', roles: ['owner'] });
    await Promise.allSettled([
      users.update(owner, made.owner._id, 1, { roles: ['admin'] }),
      users.archive(owner, second._id, 1, true),
    ]);
    const scope = { all: false, tenant: made.owner.tenant } as const;
    expect(await plane().store.users.count(scope, { roles: 'owner', archivedAt: null })).toBeGreaterThan(0);
  });

  it('make, change, unmake and bring back owners as owners only', async () => {
    const { actors, users: made } = await plane().createTenant('acme');
    const [owner, admin] = [plane().as(actors.owner), plane().as(actors.admin)];
    expect(await mistakes(users.create(admin, { name: 'x', roles: ['owner'] }))).toEqual(['FORBIDDEN roles']);
    expect(await mistakes(users.update(admin, made.admin._id, 1, { roles: ['owner'] }))).toEqual(['FORBIDDEN roles']);
    expect(await mistakes(users.update(admin, made.owner._id, 1, { title: 'x' }))).toEqual(['FORBIDDEN roles']);
    const second = await users.create(owner, { name: 'second', roles: ['owner'] });
    expect(await mistakes(users.archive(admin, second._id, 1, true))).toEqual(['FORBIDDEN roles']);
    const gone = await users.archive(owner, second._id, 1, true);
    expect(await mistakes(users.archive(admin, second._id, gone.version, false))).toEqual(['FORBIDDEN roles']);
    expect((await users.archive(owner, second._id, gone.version, false)).archivedAt).toBeNull();
    expect(await mistakes(tokens.createFor(admin, made.owner._id, { name: 'x' }))).toEqual(['FORBIDDEN roles']);
    const { token } = await tokens.createFor(owner, made.owner._id, { name: 'mine' });
    expect(await mistakes(tokens.revoke(admin, token._id))).toEqual(['FORBIDDEN roles']);
    expect(await mistakes(users.create(owner, { name: 'x y', roles: ['platform'] }))).toEqual([
      'INVALID name',
      'INVALID roles.0',
    ]);
  });

  it('have tokens that are shown once, of their own or made for them', async () => {
    const { actors, users: made } = await plane().createTenant('acme');
    const analyst = plane().as(actors.analyst);
    const { token, secret } = await tokens.createFor(analyst, made.analyst._id, { name: 'cli' });
    expect(secret).toMatch(/^skein_admin_/);
    expect(token).toMatchObject({ hash: hashSecret(secret), user: made.analyst._id });
    expect(JSON.stringify(await plane().dump())).not.toContain(secret);
    expect(await mistakes(tokens.createFor(analyst, made.admin._id, { name: 'x' }))).toEqual(['FORBIDDEN']);
    expect(await mistakes(tokens.createFor(analyst, made.analyst._id, { name: '' }))).toEqual(['INVALID name']);
    expect((await tokens.revoke(analyst, token._id)).revokedAt).toEqual(new Date(analyst.clock.now()));
    const admin = plane().as(actors.admin);
    await users.archive(admin, made.analyst._id, 1, true);
    expect(await mistakes(tokens.createFor(admin, made.analyst._id, { name: 'x' }))).toEqual(['INVALID user']);
  });
});

describeStores('the first administrator', (plane) => {
  it('gets a token once, and stays', async () => {
    const system = plane().as(SYSTEM);
    const secret = await firstAdministrator(system, undefined);
    expect(secret).toMatch(/^skein_admin_/);
    expect(await firstAdministrator(system, undefined)).toBeUndefined();
    expect(await firstAdministrator(system, 'a-token-of-ones-own')).toBe('a-token-of-ones-own');
    expect(await firstAdministrator(system, 'a-token-of-ones-own')).toBeUndefined();
    const root = plane().as(PLATFORM_ADMIN);
    const [administrator] = (await users.list(root, {})).records;
    expect(administrator).toMatchObject({ tenant: PLATFORM, roles: ['platform'] });
    const id = administrator?._id ?? '';
    expect(await mistakes(users.archive(root, id, 1, true))).toEqual(['IN_USE roles']);
    expect(await mistakes(users.update(root, id, 1, { roles: ['analyst'] }))).toEqual(['INVALID roles']);
  });
});
