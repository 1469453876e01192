/** What people may be in their tenant. What each may do stands in `permissions.ts`. */
export const TENANT_ROLES = ['owner', 'admin', 'developer', 'analyst', 'approver'] as const;
export type TenantRole = (typeof TENANT_ROLES)[number];
/** `platform` stands above all tenants. */
export type Role = TenantRole | 'platform';

export const ROLES = ['platform', ...TENANT_ROLES] as const satisfies readonly Role[];
