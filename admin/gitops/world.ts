import { DEFAULT_TENANT } from '../models/record.ts';
import type { Tenant } from '../models/tenant.ts';
import type { AdminContext } from '../stores/context.ts';
import { compareItems, type ItemChange } from './compare.ts';
import { type CurrentTenant, createNames, everything, readCurrent } from './current.ts';
import { itemsOf, type TenantItems } from './items.ts';
import type { ReadState } from './read-state.ts';

/** One tenant, as it is and as it should be. */
export interface TenantPlan {
  readonly name: string;
  /** Undefined: it is not there yet. It may be archived. */
  readonly current: CurrentTenant | undefined;
  readonly wanted: TenantItems;
  readonly changes: readonly ItemChange[];
}

/** What there is, what a file of state wants, and what there would be then. */
export interface World {
  readonly plans: readonly TenantPlan[];
  /** Tenants that a file of all tenants leaves out; the default one is always there. */
  readonly left: readonly Tenant[];
  /** What would have effect in a tenant, by its name; undefined: there would be no such tenant. */
  itemsAfter(tenant: string): Promise<TenantItems | undefined>;
}

const EVERYWHERE = { all: true } as const;

export async function createWorld(context: AdminContext, state: ReadState, prune: boolean): Promise<World> {
  const { store } = context;
  const names = createNames(context);
  const plans: TenantPlan[] = [];
  const after = new Map<string, Promise<TenantItems | undefined>>();
  for (const [name, wanted] of [...state.tenants].sort(([one], [other]) => (one < other ? -1 : 1))) {
    const tenant = await store.tenants.find(EVERYWHERE, { name });
    const listed = new Set(itemsOf(wanted, 'app').map((app) => app.name));
    const current = tenant === undefined ? undefined : await readCurrent(context, tenant, names, listed);
    const before = current === undefined ? undefined : liveItems(current);
    plans.push({ name, current, wanted, changes: compareItems(before, wanted, prune) });
    after.set(name, Promise.resolve(prune ? wanted : new Map([...(before ?? []), ...wanted])));
  }
  const left =
    prune && state.allTenants
      ? (await everything(store.tenants, { archivedAt: null })).filter(
          ({ _id, name }) => _id !== DEFAULT_TENANT && !state.tenants.has(name),
        )
      : [];
  const gone = new Set(left.map(({ name }) => name));
  return {
    plans,
    left,
    itemsAfter(name) {
      const known = after.get(name) ?? readOther(name);
      after.set(name, known);
      return known;
    },
  };

  async function readOther(name: string): Promise<TenantItems | undefined> {
    const tenant = gone.has(name) ? undefined : await store.tenants.find(EVERYWHERE, { name });
    if (tenant === undefined || tenant.archivedAt !== null) return undefined;
    return (await readCurrent(context, tenant, names)).items;
  }
}

/** Of a tenant that is archived nothing has effect, itself least of all. */
function liveItems({ tenant, items }: CurrentTenant): TenantItems {
  if (tenant.archivedAt === null) return items;
  return new Map([...items].filter(([, { kind }]) => kind !== 'tenant'));
}
