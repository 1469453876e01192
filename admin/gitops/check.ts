import type { AdminContext } from '../stores/context.ts';
import { getItem, type Item, itemKey, itemPath, itemsOf, readProductReference, type TenantItems } from './items.ts';
import type { Findings } from './state-error.ts';
import type { TenantPlan, World } from './world.ts';

const EVERYWHERE = { all: true } as const;

/** What items say of each other, and what may become of those that there are. */
export async function checkItems(context: AdminContext, world: World, findings: Findings): Promise<void> {
  const hashes = new Map<string, Item>();
  for (const plan of world.plans) {
    const after = (await world.itemsAfter(plan.name)) ?? plan.wanted;
    for (const item of plan.wanted.values()) {
      if (item.kind === 'product') checkProduct(plan, item, after, findings);
      else if (item.kind === 'grant') await checkGrant(world, item, findings);
      else if (item.kind === 'key') await checkKey(context, plan, item, { world, after, hashes, findings });
      else if (item.kind === 'secret') checkSecret(context, item, findings);
    }
    checkOwners(plan, after, findings);
    await checkRemoved(context, world, plan, findings);
  }
}

function checkProduct(plan: TenantPlan, item: Item<'product'>, after: TenantItems, findings: Findings): void {
  const path = itemPath(item);
  for (const [index, name] of item.value.plans.entries())
    if (getItem(after, 'plan', name) === undefined)
      findings.add([...path, 'plans', String(index)], notThere(`plan "${name}" of the tenant`));
  const known = plan.current?.products.get(item.name);
  const change = plan.changes.find(({ after: one }) => one === item);
  if (known === undefined || change === undefined) return;
  if (known.state === 'retired') findings.invalid(path, 'The product is retired, and stays as it is.');
  const isWithdrawn = item.value.state === 'draft' && known.state !== 'draft';
  if (isWithdrawn && plan.current?.granted.has(known._id) === true)
    findings.add([...path, 'state'], {
      code: 'IN_USE',
      path: [],
      message: 'Apps have access to it: deprecate it instead.',
    });
}

async function checkGrant(world: World, item: Item<'grant'>, findings: Findings): Promise<void> {
  const path = itemPath(item);
  const target = readProductReference(item.tenant, item.name);
  if (target.tenant === item.tenant) {
    findings.invalid(path, 'must be tenant/product: the app may use products of its own tenant as it is.');
    return;
  }
  const others = await world.itemsAfter(target.tenant);
  if (getItem(others, 'product', target.name) === undefined) {
    findings.add(path, notThere(`product "${target.name}" of a tenant "${target.tenant}"`));
    return;
  }
  const { plan } = item.value;
  if (plan !== null && getItem(others, 'plan', plan) === undefined)
    findings.add([...path, 'plan'], notThere(`plan "${plan}" of the tenant "${target.tenant}"`));
}

interface KeyChecks {
  readonly world: World;
  readonly after: TenantItems;
  /** Those of the file so far. */
  readonly hashes: Map<string, Item>;
  readonly findings: Findings;
}

async function checkKey(
  { store }: AdminContext,
  plan: TenantPlan,
  item: Item<'key'>,
  { world, after, hashes, findings }: KeyChecks,
): Promise<void> {
  const path = itemPath(item);
  const { hash, products } = item.value;
  for (const [index, text] of products.entries()) {
    const { tenant, name } = readProductReference(item.tenant, text);
    const isOwn = tenant === item.tenant;
    const product = getItem(isOwn ? after : await world.itemsAfter(tenant), 'product', name);
    const grant = isOwn ? undefined : getItem(after, 'grant', text, item.within);
    if (product === undefined || (!isOwn && grant?.value.state !== 'approved'))
      findings.add(
        [...path, 'products', String(index)],
        notThere(`product "${text}" of the tenant, or granted to the app`),
      );
  }
  const same = hashes.get(hash);
  if (same !== undefined)
    findings.add([...path, 'hash'], {
      code: 'TAKEN',
      path: [],
      message: `The key is ${itemPath(same).join('.')}, too.`,
    });
  hashes.set(hash, item);
  const known = plan.current?.keys.get(itemKey(item));
  if (known !== undefined && known.revokedAt !== null) {
    const when = known.revokedAt.toISOString();
    findings.invalid(path, `The key was revoked at ${when}, and stays so. Take it out; a new one needs another name.`);
  }
  if (known?.hash === hash) return;
  const other = await store.keys.find(EVERYWHERE, { hash });
  if (other !== undefined && other._id !== known?._id)
    findings.add([...path, 'hash'], {
      code: 'TAKEN',
      path: [],
      message: 'The key is there under another name or app.',
    });
}

function checkSecret({ ports }: AdminContext, item: Item<'secret'>, findings: Findings): void {
  const { encrypted } = item.value;
  if (encrypted === null || ports.opens === undefined) return;
  const opens = ports.opens(encrypted, { tenantName: item.tenant, secretName: item.name });
  const path = [...itemPath(item), 'encrypted'];
  if (opens === 'unknown key') findings.invalid(path, 'is encrypted with a key that is not there');
  if (opens === 'no') findings.invalid(path, 'cannot be decrypted: it is damaged, or of another tenant or name');
}

/** A tenant that has owners keeps one. */
function checkOwners({ name, current }: TenantPlan, after: TenantItems, findings: Findings): void {
  const had = [...(current?.users.values() ?? [])].some(
    (user) => user.archivedAt === null && user.roles.includes('owner'),
  );
  const has = itemsOf(after, 'user').some(({ value }) => value.roles.includes('owner'));
  if (had && !has) findings.invalid(['tenants', name, 'users'], 'The tenant has an owner, and must keep one.');
}

/** Products that would be taken from apps of tenants which the file does not speak of. */
async function checkRemoved(
  { store }: AdminContext,
  world: World,
  plan: TenantPlan,
  findings: Findings,
): Promise<void> {
  const spoken = new Set(world.plans.flatMap(({ current }) => current?.tenant._id ?? []));
  const gone = new Set(world.left.map(({ _id }) => _id));
  for (const { action, before } of plan.changes) {
    if (action !== 'removed' || before?.kind !== 'product') continue;
    const product = plan.current?.products.get(before.name);
    if (product === undefined) continue;
    const grants = await store.grants.all(EVERYWHERE, { product: product._id, state: 'approved' });
    const held = grants.filter(({ tenant }) => !spoken.has(tenant) && !gone.has(tenant)).length;
    if (held === 0) continue;
    const message = `${held} ${held === 1 ? 'app has' : 'apps have'} access to it: retire it, or revoke the grants, first.`;
    findings.add(itemPath(before), { code: 'IN_USE', path: [], message });
  }
}

function notThere(what: string) {
  return { code: 'NOT_FOUND' as const, path: [], message: `There is no ${what}.` };
}
