import { notFound } from '../errors.ts';
import type { Product } from '../models/product.ts';
import type { AdminContext } from '../stores/context.ts';
import { readProductReference } from './items.ts';

/** Ids of what is named, when it is needed: most of it was made a moment ago. */
export interface References {
  tenant(name: string): Promise<string>;
  app(tenantId: string, name: string): Promise<string>;
  plans(tenantId: string, names: readonly string[]): Promise<string[]>;
  /** As a tenant of that name refers to it. */
  product(tenant: string, reference: string): Promise<Product>;
}

const EVERYWHERE = { all: true } as const;

export function createReferences({ store }: AdminContext): References {
  const references: References = {
    async tenant(name) {
      const found = await store.tenants.find(EVERYWHERE, { name });
      if (found === undefined) throw notFound('tenant', ['tenants', name]);
      return found._id;
    },
    async app(tenantId, name) {
      const found = await store.apps.find({ all: false, tenant: tenantId }, { tenant: tenantId, name });
      if (found === undefined) throw notFound(`app "${name}"`, []);
      return found._id;
    },
    async plans(tenantId, names) {
      const ids: string[] = [];
      for (const name of names) {
        const found = await store.plans.find({ all: false, tenant: tenantId }, { tenant: tenantId, name });
        if (found === undefined) throw notFound(`plan "${name}"`, []);
        ids.push(found._id);
      }
      return ids;
    },
    async product(from, reference) {
      const { tenant, name } = readProductReference(from, reference);
      const tenantId = await references.tenant(tenant);
      const found = await store.products.find({ all: false, tenant: tenantId }, { tenant: tenantId, name });
      if (found === undefined) throw notFound(`product "${reference}"`, []);
      return found;
    },
  };
  return references;
}
