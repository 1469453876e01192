/**
 * What people may be: of the whole gateway (`platform`) or of their tenant. What each may do is said where it is done.
 */
export const ROLES = ['platform', 'owner', 'admin', 'developer', 'analyst', 'approver'] as const;
export type Role = (typeof ROLES)[number];
