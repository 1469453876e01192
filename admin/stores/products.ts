import { z } from 'zod';
import { type UserError, UserErrors, userError } from '../errors.ts';
import { APPROVALS, type Plan, type Product, VISIBILITIES } from '../models/product.ts';
import { demand } from '../permissions.ts';
import type { AdminContext } from './context.ts';
import { defineEntity } from './entity.ts';
import { description, listOf, moment, rateRules, slug, title } from './inputs.ts';

const planFields = { title: title.optional(), description: description.optional(), rates: rateRules.optional() };
const createPlan = z.strictObject({ name: slug, ...planFields });
const updatePlan = z.strictObject({ name: slug.optional(), ...planFields });

export const plans = defineEntity<Plan, z.infer<typeof createPlan>, z.infer<typeof updatePlan>>({
  name: 'plan',
  nameOf: (plan) => plan.name,
  collection: (store) => store.plans,
  write: 'products',
  create: createPlan,
  update: updatePlan,
  make: (_context, { name, title = '', description = '', rates = [] }, tenant) => ({
    tenant: tenant._id,
    name,
    title,
    description,
    rates,
  }),
  async inUse({ store }, plan) {
    const users = await store.products.all({ all: false, tenant: plan.tenant }, { plans: plan._id, archivedAt: null });
    return users.map(({ name }) => ({
      code: 'IN_USE',
      path: ['id'],
      message: `The product "${name}" comes with this plan.`,
    }));
  },
});

const field = z
  .string()
  .regex(
    /^[A-Za-z_][A-Za-z0-9_]*\.([A-Za-z_][A-Za-z0-9_]*|\*)$/,
    'must be Type.field or Type.*, e.g. Query.products or Product.*',
  );
const tag = z.string().regex(/^[^\s,]{1,50}$/, 'must be a word of 50 characters at the most');
const productFields = {
  title: title.optional(),
  description: description.optional(),
  tags: listOf(tag).optional(),
  owner: title.optional(),
  visibility: z.enum(VISIBILITIES).optional(),
  approval: z.enum(APPROVALS).optional(),
  plans: listOf(z.string()).optional(),
};
const fields = z.array(field).min(1, 'must name a field at least').max(2_000, 'must be 2,000 at the most');
const createProduct = z.strictObject({ name: slug, fields, ...productFields });
const updateProduct = z.strictObject({ name: slug.optional(), fields: fields.optional(), ...productFields });

const entity = defineEntity<Product, z.infer<typeof createProduct>, z.infer<typeof updateProduct>>({
  name: 'product',
  nameOf: (product) => product.name,
  collection: (store) => store.products,
  write: 'products',
  create: createProduct,
  update: updateProduct,
  async make(context, input, tenant) {
    await knownPlans(context, tenant._id, input.plans ?? []);
    return {
      tenant: tenant._id,
      name: input.name,
      title: input.title ?? '',
      description: input.description ?? '',
      tags: input.tags ?? [],
      owner: input.owner ?? '',
      state: 'draft',
      sunsetAt: null,
      visibility: input.visibility ?? 'private',
      approval: input.approval ?? 'required',
      fields: input.fields,
      plans: input.plans ?? [],
    };
  },
  async revise(context, changes, product) {
    if (product.state === 'retired') throw userError('INVALID', ['id'], 'The product is retired.');
    await knownPlans(context, product.tenant, changes.plans ?? []);
    return changes;
  },
  async inUse({ store }, product) {
    const granted = await store.grants.count({ all: true }, { product: product._id, state: 'approved' });
    if (granted === 0) return [];
    const message = `${granted} ${granted === 1 ? 'app has' : 'apps have'} access to it: retire it, or revoke the grants, first.`;
    return [{ code: 'IN_USE', path: ['id'], message }];
  },
});

/** State → those that may follow. */
const NEXT: Readonly<Record<Product['state'], readonly Product['state'][]>> = {
  draft: ['published'],
  published: ['deprecated', 'draft'],
  deprecated: ['published', 'retired'],
  retired: [],
};

export const products = {
  ...entity,
  /** Moves a product along its life. `sunsetAt` says until when one that is deprecated works. */
  async moveTo(
    context: AdminContext,
    id: string,
    version: number,
    state: Product['state'],
    sunsetAt: Date | null = null,
  ): Promise<Product> {
    demand(context.actor, 'products');
    const product = await entity.need(context, id);
    if (product.version !== version)
      throw userError(
        'STALE',
        ['version'],
        `The product was changed by somebody else since. It has version ${product.version} now. Read it again.`,
      );
    if (!NEXT[product.state].includes(state)) {
      const allowed = NEXT[product.state].join(' or ') || 'nothing else';
      throw userError('INVALID', ['state'], `A product that is ${product.state} may become ${allowed}.`);
    }
    if (state === 'draft' && (await context.store.grants.count({ all: true }, { product: id, state: 'approved' })) > 0)
      throw userError('IN_USE', ['state'], 'Apps have access to it: deprecate it instead.');
    if (sunsetAt !== null && state !== 'deprecated')
      throw userError('INVALID', ['sunsetAt'], 'Only a product that is deprecated has a sunset.');
    if (state === 'deprecated') {
      check(sunsetAt);
      if (sunsetAt !== null && sunsetAt.getTime() <= context.clock.now())
        throw userError('INVALID', ['sunsetAt'], 'must be in the future');
    }
    return entity.write(context, product, state === 'draft' ? 'withdraw' : ACTIONS[state], { state, sunsetAt });
  },
};

const ACTIONS = { published: 'publish', deprecated: 'deprecate', retired: 'retire' } as const;

function check(sunsetAt: Date | null): void {
  if (!moment.safeParse(sunsetAt).success) throw userError('INVALID', ['sunsetAt'], 'must be a moment');
}

async function knownPlans({ store }: AdminContext, tenant: string, ids: readonly string[]): Promise<void> {
  const unknown: UserError[] = [];
  const message = 'There is no such plan of the tenant.';
  for (const [index, id] of ids.entries()) {
    const plan = await store.plans.get({ all: false, tenant }, id);
    if (plan === undefined || plan.archivedAt !== null)
      unknown.push({ code: 'NOT_FOUND', path: ['plans', String(index)], message });
  }
  if (unknown.length > 0) throw new UserErrors(unknown);
}
