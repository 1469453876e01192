import type { Actor } from './actor.ts';
import { userError } from './errors.ts';
import type { Role, TenantRole } from './models/user.ts';

/** What may be done, and by whom in a tenant. Platform administrators may do everything, in every tenant. */
export const PERMISSIONS = {
  read: ['owner', 'admin', 'developer', 'analyst', 'approver'],
  audit: ['owner', 'admin', 'analyst'],
  users: ['owner', 'admin'],
  apps: ['owner', 'admin', 'developer'],
  secrets: ['owner', 'admin', 'developer'],
  configuration: ['owner', 'admin', 'developer'],
  products: ['owner', 'admin', 'developer'],
  requestGrants: ['owner', 'admin', 'developer'],
  decideGrants: ['owner', 'admin', 'approver'],
  /** Tenants themselves are the platform's. */
  tenants: [],
} as const satisfies Record<string, readonly TenantRole[]>;
export type Permission = keyof typeof PERMISSIONS;

export function may(actor: Actor, permission: Permission): boolean {
  const allowed: readonly Role[] = PERMISSIONS[permission];
  return actor.roles.some((role) => role === 'platform' || allowed.includes(role));
}

/** @throws UserErrors FORBIDDEN, which names the roles that may */
export function demand(actor: Actor, permission: Permission): void {
  if (may(actor, permission)) return;
  const allowed: readonly string[] = PERMISSIONS[permission];
  const roles = allowed.length === 0 ? 'platform administrators' : `the roles ${allowed.join(', ')}`;
  throw userError('FORBIDDEN', [], `That is for ${roles}; you have ${actor.roles.join(', ') || 'no role'}.`);
}
