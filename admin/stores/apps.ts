import { isIP } from 'node:net';
import { z } from 'zod';
import { scopeOf } from '../actor.ts';
import { type UserError, UserErrors, userError } from '../errors.ts';
import type { ApiKey, App } from '../models/app.ts';
import { demand } from '../permissions.ts';
import { newSecret } from '../secrets/new-secret.ts';
import { change } from './change.ts';
import type { AdminContext } from './context.ts';
import { check, defineEntity } from './entity.ts';
import { description, listOf, moment, rateRules, slug, title } from './inputs.ts';

const details = { title: title.optional(), description: description.optional(), rates: rateRules.optional() };
const createApp = z.strictObject({ name: slug, ...details });
const updateApp = z.strictObject({ name: slug.optional(), ...details });

export const apps = defineEntity<App, z.infer<typeof createApp>, z.infer<typeof updateApp>>({
  name: 'app',
  nameOf: (app) => app.name,
  collection: (store) => store.apps,
  write: 'apps',
  create: createApp,
  update: updateApp,
  make: (_context, { name, title = '', description = '', rates = [] }, tenant) => ({
    tenant: tenant._id,
    name,
    title,
    description,
    rates,
  }),
});

const origin = z.string().regex(/^https?:\/\/[^/\s?#@]+$/, 'must be an origin such as https://shop.example');
const cidr = z.string().refine(isCidr, 'must be an address or a range such as 10.0.0.0/8 or ::1');
const restrictions = {
  products: listOf(z.string()).optional(),
  origins: listOf(origin).optional(),
  cidrs: listOf(cidr).optional(),
  rates: rateRules.optional(),
};
const createKey = z.strictObject({
  name: title.min(1, 'must not be empty'),
  expiresAt: moment.optional(),
  ...restrictions,
});
const updateKey = z.strictObject({
  name: title.min(1, 'must not be empty').optional(),
  expiresAt: moment.optional(),
  ...restrictions,
});

function isCidr(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

export interface MadeKey {
  readonly key: ApiKey;
  /** Shown once. */
  readonly secret: string;
}

const entity = defineEntity<ApiKey, never, z.infer<typeof updateKey>>({
  name: 'key',
  nameOf: (key) => key.name,
  collection: (store) => store.keys,
  write: 'apps',
  create: z.never(),
  update: updateKey,
  make() {
    throw new Error('Keys are made for apps.');
  },
  async revise(context, changes, key) {
    const app = await apps.need(context, key.app);
    await knownProducts(context, app, changes.products ?? []);
    return changes;
  },
});

export const keys = {
  ...entity,
  async createFor(context: AdminContext, appId: string, input: unknown): Promise<MadeKey> {
    demand(context.actor, 'apps');
    const app = await apps.need(context, appId, ['app']);
    if (app.archivedAt !== null) throw userError('INVALID', ['app'], 'The app is archived.');
    return insertKey(context, app, check(createKey, input), null);
  },
  /**
   * Makes a key with the same rights. The old one works on for `overlapSeconds`, so that its holders can change over.
   */
  async rotate(context: AdminContext, id: string, overlapSeconds: number): Promise<MadeKey & { readonly old: ApiKey }> {
    demand(context.actor, 'apps');
    const MOST = 90 * 86_400;
    if (!Number.isInteger(overlapSeconds) || overlapSeconds < 0 || overlapSeconds > MOST)
      throw userError('INVALID', ['overlapSeconds'], `must be from 0 to ${MOST}, which is 90 days`);
    const old = await entity.need(context, id);
    const now = context.clock.now();
    if (old.revokedAt !== null) throw userError('INVALID', ['id'], 'The key is revoked: create a new one.');
    if (old.expiresAt !== null && old.expiresAt.getTime() <= now)
      throw userError('INVALID', ['id'], 'The key has expired: create a new one.');
    const app = await apps.need(context, old.app);
    if (app.archivedAt !== null) throw userError('INVALID', ['id'], 'The app is archived.');
    await notReplaced(context, old);
    const { name, expiresAt, products, origins, cidrs, rates } = old;
    await knownProducts(context, app, products);
    const endsAt = new Date(now + overlapSeconds * 1_000);
    const isSooner = expiresAt !== null && expiresAt < endsAt;
    // Of two at once, one writes this.
    const claim = { name: await retiredName(context, old), replacedAt: new Date(now) };
    const freed = await entity.write(context, old, 'rename', claim);
    const copied = { products: [...products], origins: [...origins], cidrs: [...cidrs], rates: [...rates] };
    let made: MadeKey | undefined;
    try {
      made = await insertKey(context, app, { name, expiresAt, ...copied }, old._id);
      // Last, so that it never ends without one that comes after it, wherever the process may end.
      const ends = { expiresAt: isSooner ? expiresAt : endsAt, replacedAt: null };
      const ended = await entity.write(context, freed, 'rotate', ends);
      return { ...made, old: ended };
    } catch (error) {
      // Its holders have no other: it stays as it was.
      if (made !== undefined) await takeBack(context, made.key);
      const current = await entity.need(context, old._id);
      if (current.name === claim.name) await entity.write(context, current, 'keep', { name, replacedAt: null });
      throw error;
    }
  },
  async revoke(context: AdminContext, id: string): Promise<ApiKey> {
    demand(context.actor, 'apps');
    const key = await entity.need(context, id);
    if (key.revokedAt !== null) return key;
    return entity.write(context, key, 'revoke', { revokedAt: new Date(context.clock.now()) });
  },
};

/** After this, a replacement that has no end was cut off. */
const REPLACING_MS = 60_000;

/** A key has one that comes after it: nobody would know which of two is the one to change over to. */
async function notReplaced({ store, clock }: AdminContext, { _id, app, replacedAt }: ApiKey): Promise<void> {
  const successor = await store.keys.find({ all: true }, { app, replaces: _id, revokedAt: null });
  if (successor !== undefined)
    throw userError('STALE', ['id'], `The key was replaced by "${successor.name}" already: rotate or revoke that one.`);
  const since = replacedAt?.getTime();
  if (since !== undefined && clock.now() - since < REPLACING_MS)
    throw userError('STALE', ['id'], 'Somebody else is replacing the key just now. Read it again.');
}

/** Nobody was told the key: it has no effect, and gives its name away. */
async function takeBack(context: AdminContext, key: ApiKey): Promise<void> {
  const name = `${key.name} (taken back) ${key._id.slice(-6)}`;
  await entity.write(context, key, 'takeBack', { name, revokedAt: new Date(context.clock.now()) });
}

async function insertKey(
  context: AdminContext,
  app: App,
  input: z.infer<typeof createKey>,
  replaces: string | null,
): Promise<MadeKey> {
  const { name, expiresAt = null, products = [], origins = [], cidrs = [], rates = [] } = input;
  await knownProducts(context, app, products);
  const { text, hash, prefix } = newSecret('skein');
  const record = {
    _id: context.store.keys.newId(),
    tenant: app.tenant,
    app: app._id,
    name,
    hash,
    prefix,
    expiresAt,
    revokedAt: null,
    replaces,
    products,
    origins,
    cidrs,
    rates,
    lastUsedAt: null,
  };
  const told = { action: 'key.create', tenant: app.tenant, entity: record._id, entityName: name };
  return change(context, { ...told, after: record }, async () => ({
    key: await context.store.keys.insert(scopeOf(context.actor), record),
    secret: text,
  }));
}

/** Names are unique in an app: a key that is replaced gives its name away. */
async function retiredName({ store }: AdminContext, { app, name, _id }: ApiKey): Promise<string> {
  const wanted = `${name} (replaced)`;
  const isTaken = (await store.keys.find({ all: true }, { app, name: wanted })) !== undefined;
  return isTaken ? `${wanted} ${_id.slice(-6)}` : wanted;
}

/** Products of the own tenant, and those that the app was granted. */
async function knownProducts({ store }: AdminContext, app: App, ids: readonly string[]): Promise<void> {
  const unknown: UserError[] = [];
  const message = 'There is no such product of the tenant, or granted to the app.';
  for (const [index, id] of ids.entries()) {
    const product = await store.products.get({ all: true }, id);
    const isOwn = product?.tenant === app.tenant;
    const grant = isOwn ? undefined : await store.grants.find({ all: true }, { app: app._id, product: id });
    if (!isOwn && grant?.state !== 'approved')
      unknown.push({ code: 'NOT_FOUND', path: ['products', String(index)], message });
  }
  if (unknown.length > 0) throw new UserErrors(unknown);
}
