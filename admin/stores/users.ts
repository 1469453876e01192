import { z } from 'zod';
import { scopeOf } from '../actor.ts';
import { userError } from '../errors.ts';
import { PLATFORM } from '../models/record.ts';
import { type Role, TENANT_ROLES, type User, type UserToken } from '../models/user.ts';
import { demand } from '../permissions.ts';
import { newSecret } from '../secrets/new-secret.ts';
import { change } from './change.ts';
import type { AdminContext } from './context.ts';
import { check, defineEntity } from './entity.ts';
import { listOf, moment, title } from './inputs.ts';

const name = z.string().regex(/^\S{1,200}$/, 'must be an e-mail address or another name without spaces');
const roles = listOf(z.enum(TENANT_ROLES)).min(1, 'must name a role at least');
const create = z.strictObject({ name, title: title.optional(), roles });
const update = z.strictObject({ title: title.optional(), roles: roles.optional() });

const entity = defineEntity<User, z.infer<typeof create>, z.infer<typeof update>>({
  name: 'user',
  nameOf: (user) => user.name,
  collection: (store) => store.users,
  write: 'users',
  create,
  update,
  make(context, { name, title = '', roles }, tenant) {
    mayGive(context, roles);
    return { tenant: tenant._id, name, title, roles };
  },
  async revise(context, changes, user) {
    mayGive(context, [...(changes.roles ?? []), ...user.roles]);
    if (changes.roles !== undefined && user.tenant === PLATFORM)
      throw userError('INVALID', ['roles'], 'Platform administrators have the role PLATFORM, and no other.');
    if (changes.roles?.includes('owner') === false) await staysOwned(context, user);
    return changes;
  },
  mayRestore(context, user) {
    mayGive(context, user.roles);
  },
  async inUse(context, user) {
    mayGive(context, user.roles);
    await staysOwned(context, user);
    return [];
  },
});

export const users = {
  ...entity,
  async update(context: AdminContext, id: string, version: number, input: unknown): Promise<User> {
    const before = await context.store.users.get(scopeOf(context.actor), id);
    return orTakeBack(context, before, await entity.update(context, id, version, input));
  },
  async archive(context: AdminContext, id: string, version: number, archived: boolean): Promise<User> {
    const before = await context.store.users.get(scopeOf(context.actor), id);
    return orTakeBack(context, before, await entity.archive(context, id, version, archived));
  },
};

/** Two owners that go at once each saw the other: what leaves no owner is taken back. */
async function orTakeBack(context: AdminContext, before: User | undefined, after: User): Promise<User> {
  if (before === undefined || !isInCharge(before) || isInCharge(after)) return after;
  const scope = { all: false, tenant: before.tenant } as const;
  const left = await context.store.users.count(scope, { roles: roleInCharge(before), archivedAt: null });
  if (left > 0) return after;
  const { roles, archivedAt } = before;
  await entity.write(context, after, 'takeBack', { roles, archivedAt });
  throw onlyOne(before);
}

function roleInCharge({ tenant }: User): Role {
  return tenant === PLATFORM ? 'platform' : 'owner';
}

function isInCharge(user: User): boolean {
  return user.archivedAt === null && user.roles.includes(roleInCharge(user));
}

function onlyOne(user: User) {
  const what = user.tenant === PLATFORM ? 'platform administrator' : 'owner of the tenant';
  return userError('IN_USE', ['roles'], `This is the only ${what}: make another one first.`);
}

/** Who is no owner makes none, and takes nothing from one. */
function mayGive({ actor }: AdminContext, roles: readonly Role[]): void {
  const isAbove = actor.roles.some((role) => role === 'platform' || role === 'owner');
  if (!isAbove && roles.includes('owner'))
    throw userError('FORBIDDEN', ['roles'], 'Only owners make and unmake owners.');
}

/** A tenant that has owners keeps one, and the platform an administrator. */
async function staysOwned({ store }: AdminContext, user: User): Promise<void> {
  if (!isInCharge(user)) return;
  const scope = { all: false, tenant: user.tenant } as const;
  if ((await store.users.count(scope, { roles: roleInCharge(user), archivedAt: null })) < 2) throw onlyOne(user);
}

const tokenInput = z.strictObject({ name: title.min(1, 'must not be empty'), expiresAt: moment.optional() });

export interface MadeToken {
  readonly token: UserToken;
  /** Shown once. */
  readonly secret: string;
}

const tokenEntity = defineEntity<UserToken, never, never>({
  name: 'token',
  nameOf: (token) => token.name,
  collection: (store) => store.tokens,
  write: 'users',
  create: z.never(),
  update: z.never(),
  make() {
    throw new Error('Tokens are made for users.');
  },
});

export const tokens = {
  ...tokenEntity,
  /** Makes a token that its user signs in with. */
  async createFor(context: AdminContext, userId: string, input: unknown): Promise<MadeToken> {
    const { actor, store } = context;
    if (actor.id !== userId) demand(actor, 'users');
    const user = await users.need(context, userId, ['user']);
    if (user.archivedAt !== null) throw userError('INVALID', ['user'], 'The user is archived.');
    if (actor.id !== userId) mayGive(context, user.roles);
    const { name, expiresAt = null } = check(tokenInput, input);
    return insertToken(context, user, name, newSecret('skein_admin'), expiresAt, store);
  },
  async revoke(context: AdminContext, id: string): Promise<UserToken> {
    const { actor, store, clock } = context;
    const token = await tokenEntity.need(context, id);
    if (actor.id !== token.user) {
      demand(actor, 'users');
      mayGive(context, (await store.users.get({ all: true }, token.user))?.roles ?? []);
    }
    if (token.revokedAt !== null) return token;
    return tokenEntity.write(context, token, 'revoke', { revokedAt: new Date(clock.now()) });
  },
};

function insertToken(
  context: AdminContext,
  user: User,
  name: string,
  secret: ReturnType<typeof newSecret>,
  expiresAt: Date | null,
  store: AdminContext['store'],
): Promise<MadeToken> {
  const { text, hash, prefix } = secret;
  const record = {
    _id: store.tokens.newId(),
    tenant: user.tenant,
    user: user._id,
    name,
    hash,
    prefix,
    expiresAt,
    revokedAt: null,
    lastUsedAt: null,
  };
  const told = { action: 'token.create', tenant: user.tenant, entity: record._id, entityName: name };
  return change(context, { ...told, after: record }, async () => ({
    token: await store.tokens.insert({ all: true }, record),
    secret: text,
  }));
}

/** The first platform administrator, of an empty store. Undefined when there is one. */
export async function firstAdministrator(
  context: AdminContext,
  given: string | undefined,
): Promise<string | undefined> {
  const { store } = context;
  const everywhere = { all: true } as const;
  const found = await store.users.find(everywhere, { tenant: PLATFORM, name: 'administrator' });
  const user =
    found ??
    (await change(context, { action: 'user.create', tenant: PLATFORM, entity: '', entityName: 'administrator' }, () =>
      store.users.insert(everywhere, { tenant: PLATFORM, name: 'administrator', title: '', roles: ['platform'] }),
    ));
  const secret = newSecret('skein_admin', given);
  if (given === undefined) {
    const has = await store.tokens.count(everywhere, { user: user._id, revokedAt: null });
    if (has > 0) return undefined;
  } else if ((await store.tokens.find(everywhere, { hash: secret.hash })) !== undefined) return undefined;
  await insertToken(context, user, given === undefined ? 'first start' : 'SKEIN_ADMIN_TOKEN', secret, null, store);
  return secret.text;
}
