import { z } from 'zod';
import { scopeOf } from '../actor.ts';
import { notFound, userError } from '../errors.ts';
import type { Grant, Product } from '../models/product.ts';
import { demand } from '../permissions.ts';
import type { Page } from '../store/page.ts';
import { readCursor } from '../store/page.ts';
import { apps } from './apps.ts';
import { change } from './change.ts';
import type { AdminContext } from './context.ts';
import { check, DEFAULT_SORT, defineEntity } from './entity.ts';

const words = z.string().max(2_000, 'must have 2,000 characters at the most');
const requestInput = z.strictObject({
  app: z.string(),
  product: z.string(),
  plan: z.string().nullish(),
  reason: words.default(''),
});

const entity = defineEntity<Grant, never, never>({
  name: 'grant',
  nameOf: ({ app, product }) => `${app} → ${product}`,
  collection: (store) => store.grants,
  write: 'requestGrants',
  ownedBy: ({ _id }) => ({ $or: [{ tenant: _id }, { productTenant: _id }] }),
  create: z.never(),
  update: z.never(),
  make() {
    throw new Error('Grants are requested.');
  },
});

const EVERYWHERE = { all: true } as const;

export const grants = {
  ...entity,
  /** Asks for an app's access to a product; where the product needs no approval, it has it at once. */
  async request(context: AdminContext, input: unknown): Promise<Grant> {
    const { actor, store, clock } = context;
    demand(actor, 'requestGrants');
    const { app: appId, product: productId, plan, reason } = check(requestInput, input);
    const app = await apps.need(context, appId, ['app']);
    if (app.archivedAt !== null) throw userError('INVALID', ['app'], 'The app is archived.');
    const product = await seenProduct(context, productId, ['product']);
    if (product.tenant === app.tenant)
      throw userError('INVALID', ['product'], 'The app may use products of its own tenant as it is.');
    if (product.state !== 'published')
      throw userError('INVALID', ['product'], `The product is ${product.state}: no new access is given to it.`);
    const chosen = planOf(product, plan ?? null);
    const isApproved = product.approval === 'automatic';
    const fields = {
      plan: chosen,
      state: isApproved ? ('approved' as const) : ('requested' as const),
      reason,
      comment: '',
      requestedBy: actor.id,
      decidedBy: isApproved ? 'automatic' : '',
      decidedAt: isApproved ? new Date(clock.now()) : null,
    };
    const known = await store.grants.find(EVERYWHERE, { app: app._id, product: product._id });
    if (known !== undefined) {
      if (known.state === 'requested' || known.state === 'approved')
        throw userError('TAKEN', ['product'], `The access is ${known.state} already.`);
      return entity.write(context, known, 'request', fields);
    }
    const record = { tenant: app.tenant, app: app._id, product: product._id, productTenant: product.tenant, ...fields };
    const _id = store.grants.newId();
    const told = {
      action: 'grant.request',
      tenant: app.tenant,
      otherTenant: product.tenant,
      entity: _id,
      entityName: entity.options.nameOf(record as Grant),
    };
    return change(context, { ...told, after: record }, () => store.grants.insert(scopeOf(actor), { _id, ...record }));
  },
  async approve(context: AdminContext, id: string, comment: string, plan?: string | null): Promise<Grant> {
    const grant = await decidable(context, id, ['requested']);
    const product = await context.store.products.get(EVERYWHERE, grant.product);
    if (product === undefined) throw notFound('product');
    // Much may have changed since it was asked for.
    if (product.state !== 'published' || product.archivedAt !== null) {
      const now = product.archivedAt === null ? product.state : 'archived';
      throw userError('INVALID', ['id'], `The product is ${now}: no new access is given to it.`);
    }
    const app = await context.store.apps.get(EVERYWHERE, grant.app);
    if (app === undefined || app.archivedAt !== null) throw userError('INVALID', ['id'], 'The app is archived.');
    const chosen = plan === undefined || plan === null ? grant.plan : planOf(product, plan);
    return decide(context, grant, 'approve', { state: 'approved', comment, plan: chosen });
  },
  async reject(context: AdminContext, id: string, comment: string): Promise<Grant> {
    return decide(context, await decidable(context, id, ['requested']), 'reject', { state: 'rejected', comment });
  },
  /** Takes the access away, at once. The product's tenant may, and the app's own. */
  async revoke(context: AdminContext, id: string, comment: string): Promise<Grant> {
    const { actor } = context;
    const grant = await entity.need(context, id);
    const isGiver = actor.roles.includes('platform') || actor.tenant === grant.productTenant;
    demand(actor, isGiver ? 'decideGrants' : 'requestGrants');
    if (grant.state !== 'approved' && grant.state !== 'requested')
      throw userError('INVALID', ['id'], `The grant is ${grant.state} already.`);
    return decide(context, grant, 'revoke', { state: 'revoked', comment });
  },
};

/** Only the tenant whose product it is decides. */
async function decidable(context: AdminContext, id: string, states: readonly Grant['state'][]): Promise<Grant> {
  demand(context.actor, 'decideGrants');
  const grant = await entity.need(context, id);
  if (!context.actor.roles.includes('platform') && context.actor.tenant !== grant.productTenant)
    throw userError('FORBIDDEN', ['id'], 'The tenant of the product decides.');
  if (!states.includes(grant.state)) throw userError('INVALID', ['id'], `The grant is ${grant.state}.`);
  return grant;
}

async function decide(
  context: AdminContext,
  grant: Grant,
  action: string,
  { state, comment, plan = grant.plan }: { state: Grant['state']; comment: string; plan?: string | null },
): Promise<Grant> {
  const checked = check(z.strictObject({ comment: words }), { comment });
  const { actor, clock, store } = context;
  const changes = { state, plan, comment: checked.comment, decidedBy: actor.id, decidedAt: new Date(clock.now()) };
  // Who decided, and from where, is for the log of their own tenant.
  const tenant = actor.tenant === grant.productTenant ? grant.productTenant : grant.tenant;
  const otherTenant = tenant === grant.tenant ? grant.productTenant : grant.tenant;
  const told = { tenant, otherTenant, entity: grant._id, entityName: entity.options.nameOf(grant) };
  const before = { state: grant.state, plan: grant.plan };
  return change(context, { ...told, action: `grant.${action}`, before, after: changes }, async () => {
    const written = await store.grants.update(EVERYWHERE, grant._id, grant.version, changes);
    if (written === undefined)
      throw userError('STALE', ['id'], 'The grant was decided by somebody else just now. Read it again.');
    return written;
  });
}

function planOf(product: Product, plan: string | null): string | null {
  if (plan === null) return product.plans.length === 1 ? (product.plans[0] ?? null) : noneOrTold(product);
  if (product.plans.includes(plan)) return plan;
  throw userError('NOT_FOUND', ['plan'], 'The product does not come with that plan.');
}

function noneOrTold({ plans }: Product): null {
  if (plans.length === 0) return null;
  throw userError('INVALID', ['plan'], `The product comes with ${plans.length} plans: name one.`);
}

/** A product that the actor may know of: of its own tenant, or in the catalog. */
export async function seenProduct(
  context: AdminContext,
  id: string,
  path: readonly string[] = ['id'],
): Promise<Product> {
  const product = await context.store.products.get(EVERYWHERE, id);
  const scope = scopeOf(context.actor);
  const isOwn = product !== undefined && (scope.all || product.tenant === scope.tenant);
  const isShown = product !== undefined && SHOWN_STATES.includes(product.state) && product.visibility !== 'private';
  if (product === undefined || product.archivedAt !== null || !(isOwn || isShown)) throw notFound('product', path);
  return product;
}

const SHOWN_STATES: readonly Product['state'][] = ['published', 'deprecated'];

export interface CatalogRequest {
  readonly search?: string | null | undefined;
  readonly tags?: readonly string[] | null | undefined;
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
}

/** What all tenants are shown: products that are published, or deprecated, and not private. */
export async function catalog(context: AdminContext, request: CatalogRequest): Promise<Page<Product>> {
  demand(context.actor, 'read');
  checkSearch(request);
  const { first, after } = request;
  if (typeof first === 'number' && (first < 1 || first > 200))
    throw userError('INVALID', ['first'], 'must be from 1 to 200');
  return context.store.products.page(EVERYWHERE, catalogFilter(request), {
    first: first ?? 50,
    sort: DEFAULT_SORT,
    after: after === undefined || after === null ? undefined : readCursor(after, DEFAULT_SORT),
  });
}

export async function catalogCount(context: AdminContext, request: CatalogRequest): Promise<number> {
  demand(context.actor, 'read');
  checkSearch(request);
  return context.store.products.count(EVERYWHERE, catalogFilter(request));
}

const search = z.strictObject({
  search: z.string().max(200, 'must have 200 characters at the most').nullish(),
  tags: z.array(z.string().max(50, 'must have 50 characters at the most')).max(20, 'must be 20 at the most').nullish(),
});

function checkSearch({ search: words, tags }: CatalogRequest): void {
  check(search, { search: words, tags });
}

function catalogFilter({ search, tags }: CatalogRequest) {
  const parts: object[] = [
    { state: { $in: SHOWN_STATES } },
    { visibility: { $in: ['listed', 'public'] } },
    { archivedAt: null },
  ];
  if (tags !== undefined && tags !== null && tags.length > 0) parts.push({ tags: { $all: tags } });
  for (const word of (search ?? '')
    .split(/\s+/)
    .filter((text) => text !== '')
    .slice(0, 10)) {
    const like = { $regex: word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), $options: 'i' };
    parts.push({ $or: [{ name: like }, { title: like }, { description: like }, { tags: like }] });
  }
  return { $and: parts };
}
