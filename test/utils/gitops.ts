import { randomBytes } from 'node:crypto';
import { SYSTEM } from '../../admin/actor.ts';
import type { Tenant } from '../../admin/models/tenant.ts';
import { createEncryption } from '../../admin/secrets/encryption.ts';
import { connectStore } from '../../admin/store/connect.ts';
import { createStore, type Store } from '../../admin/store/store.ts';
import { apps, keys } from '../../admin/stores/apps.ts';
import type { AdminContext } from '../../admin/stores/context.ts';
import { grants } from '../../admin/stores/grants.ts';
import { plans, products } from '../../admin/stores/products.ts';
import { revisions } from '../../admin/stores/revisions.ts';
import { secrets } from '../../admin/stores/secrets.ts';
import { defaultTenant, tenants } from '../../admin/stores/tenants.ts';
import { users } from '../../admin/stores/users.ts';
import { silentLog } from '../../kernel/ports.ts';
import { VALID } from './admin-suite.ts';

const NOW = Date.UTC(2030, 0, 1);
export const ENCRYPTION_KEY = randomBytes(32).toString('base64');

/** A context whose gateway takes everything, and encrypts as the real one does. */
export function gitopsContext(store: Store, ports: Partial<AdminContext['ports']> = {}): AdminContext {
  const { encrypt, opens } = createEncryption({ key: ENCRYPTION_KEY });
  const stub = { checkEntry: () => [], validate: async () => VALID, playground: async () => [] };
  return { actor: SYSTEM, store, clock: { now: () => NOW }, ports: { ...stub, encrypt, opens, ...ports } };
}

/** An empty store in memory. */
export async function emptyStore(): Promise<Store> {
  const connection = await connectStore({ uri: 'embedded::memory:', log: silentLog });
  return createStore(connection, { clock: { now: () => NOW } });
}

const OPENAPI = `openapi: 3.1.0
info:
  title: Catalogue — "all of it"
  description: |
    Lines end  
    \twith spaces, and begin with tabs.
paths: {}
`;

export interface Seeded {
  readonly acme: Tenant;
  readonly globex: Tenant;
  /** Of the app that was granted the product. */
  readonly key: string;
}

/** Something of everything there is, made as administrators make it. */
export async function seed(context: AdminContext): Promise<Seeded> {
  const { store } = context;
  await defaultTenant(context);
  const rates = [
    { limit: 100, windowSeconds: 60 },
    { limit: 5, windowSeconds: 1, field: 'Query.products' },
  ];
  const acme = await tenants.create(context, { name: 'acme', title: 'Acme: "yes"', description: 'Two\nlines', rates });
  const globex = await tenants.create(context, { name: 'globex', network: 'any' });
  await users.create(context, { name: 'ann@acme.example', title: 'Ann', roles: ['owner', 'approver'] }, acme._id);
  await users.create(context, { name: 'bob@acme.example', roles: ['developer'] }, acme._id);
  const gold = await plans.create(context, { name: 'gold', title: 'Gold', rates }, acme._id);
  const free = await plans.create(context, { name: 'free' }, acme._id);
  const fields = ['Query.products', 'Product.*'];
  const about = { title: 'Catalog', description: 'All that is sold.', tags: ['shop', 'b2b'], owner: 'sales', fields };
  const catalog = await products.create(
    context,
    { name: 'catalog', ...about, visibility: 'public', plans: [gold._id, free._id] },
    acme._id,
  );
  await products.moveTo(context, catalog._id, catalog.version, 'published');
  const old = await products.create(context, { name: 'old', fields: ['Query.old'], approval: 'automatic' }, acme._id);
  const published = await products.moveTo(context, old._id, old.version, 'published');
  await products.create(context, { name: 'idea', fields: ['Query.idea'] }, acme._id);

  await apps.create(context, { name: 'internal', rates }, acme._id);
  const web = await apps.create(context, { name: 'web', title: 'Web' }, globex._id);
  const request = { app: web._id, product: catalog._id, plan: gold._id, reason: 'We sell it, too.' };
  const grant = await grants.request(context, request);
  await grants.approve(context, grant._id, 'Welcome');
  await grants.request(context, { app: web._id, product: old._id });
  await products.moveTo(context, old._id, published.version, 'deprecated', new Date(NOW + 86_400_000));
  const restrictions = {
    products: [catalog._id],
    origins: ['https://shop.example'],
    cidrs: ['10.0.0.0/8', '::1'],
    rates,
    expiresAt: new Date(NOW + 1_000),
  };
  const made = await keys.createFor(context, web._id, { name: 'Main key', ...restrictions });
  await keys.createFor(context, web._id, { name: 'other' });
  const gone = await keys.createFor(context, web._id, { name: 'leaked' });
  await keys.revoke(context, gone.key._id);

  await secrets.create(context, { name: 'stripe', description: 'Payments', value: 'sk_live_123456789' }, acme._id);
  await secrets.create(context, { name: 'fromEnvironment', environment: 'STRIPE_KEY' }, acme._id);
  await secrets.create(context, { name: 'fromFile', file: '/run/secrets/stripe' }, acme._id);
  const archived = await apps.create(context, { name: 'archived' }, acme._id);
  await apps.archive(context, archived._id, archived.version, true);

  const source = { kind: 'openapi', document: 'openapi.yaml', headers: { authorization: '$' + '{secrets.stripe}' } };
  const document = { name: 'openapi.yaml', text: OPENAPI };
  const publish = { message: 'first' };
  await revisions.publishEntry(context, 'sources', { name: 'catalog', options: source, document }, publish, acme._id);
  const link = {
    source: 'catalog',
    field: 'productById',
    args: { id: '$id', '<<': 'yes', 10: [1.5, -0.25, null, true, '1e3'] },
  };
  await revisions.publishEntry(context, 'links', { name: 'Review.product', options: link }, publish, acme._id);
  const prompt = { template: 'Say {{ what }}\r\nin one line: "---"\n\n', input: { what: 'String!' }, model: 'small' };
  await revisions.publishEntry(context, 'prompts', { name: 'say', options: prompt }, publish, acme._id);
  await store.feed.signal();
  return { acme, globex, key: made.secret };
}
