import type { Tenant } from '../models/tenant.ts';
import type { Filter } from '../store/collection.ts';
import type { AdminContext } from '../stores/context.ts';
import { tenantFor } from '../stores/context.ts';
import { createNames, everything, readCurrent } from './current.ts';
import { demandPlatform } from './demand.ts';
import type { TenantItems } from './items.ts';
import { writeState } from './write-state.ts';

export interface ExportRequest {
  /** Names or ids; undefined: all. */
  readonly tenants?: readonly string[] | null | undefined;
}

/**
 * The whole state of tenants as YAML, which `applyState` takes back. Equal states give equal texts, in whichever store.
 * No secret can be read from it: of keys it has hashes, and of secrets what they were encrypted to.
 *
 * @throws UserErrors for a tenant that is not there
 */
export async function exportState(context: AdminContext, { tenants }: ExportRequest = {}): Promise<string> {
  demandPlatform(context);
  const allTenants = tenants === undefined || tenants === null;
  const found: Tenant[] = [];
  if (allTenants) found.push(...(await everything(context.store.tenants, { archivedAt: null } as Filter<Tenant>)));
  else for (const named of tenants) found.push(await tenantFor(context, named));
  const names = createNames(context);
  const read = new Map<string, TenantItems>();
  for (const tenant of found) read.set(tenant.name, (await readCurrent(context, tenant, names)).items);
  return writeState({ allTenants, tenants: read });
}
