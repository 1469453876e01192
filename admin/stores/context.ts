import type { Clock } from '../../kernel/ports.ts';
import type { Actor } from '../actor.ts';
import { scopeOf } from '../actor.ts';
import { notFound, userError } from '../errors.ts';
import { PLATFORM } from '../models/record.ts';
import type { Tenant } from '../models/tenant.ts';
import type { Store } from '../store/store.ts';
import type { AdminPorts } from './ports.ts';

/** What every function of the control plane is given: who asks, and what it works with. */
export interface AdminContext {
  readonly actor: Actor;
  readonly store: Store;
  readonly clock: Clock;
  readonly ports: AdminPorts;
}

/**
 * The tenant that something is made in: the actor's own, or the one that a platform administrator names.
 *
 * @throws UserErrors for one that is not there, is archived, or is another's
 */
export async function tenantFor({ actor, store }: AdminContext, named: string | null | undefined): Promise<Tenant> {
  const scope = scopeOf(actor);
  const id = named ?? (scope.all ? undefined : actor.tenant);
  if (id === undefined || id === PLATFORM)
    throw userError('INVALID', ['tenant'], 'Name the tenant: platform administrators have none of their own.');
  const tenant = (await store.tenants.get(scope, id)) ?? (await store.tenants.find(scope, { name: id }));
  if (tenant === undefined || tenant.archivedAt !== null) throw notFound('tenant', ['tenant']);
  return tenant;
}
