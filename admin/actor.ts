import { PLATFORM } from './models/record.ts';
import type { Role } from './models/user.ts';

/** Who administers, and from where. */
export interface Actor {
  /** Id of a user, or `system`, `skein.yaml` and such. */
  readonly id: string;
  readonly name: string;
  /** Id of its tenant; `PLATFORM` for those above all. */
  readonly tenant: string;
  readonly roles: readonly Role[];
  /** Where the request came from. */
  readonly address: string;
  readonly requestId: string;
}

/** The gateway itself: at start, and for what it does by itself. */
export const SYSTEM: Actor = {
  id: 'system',
  name: 'the gateway',
  tenant: PLATFORM,
  roles: ['platform'],
  address: '',
  requestId: '',
};

/** Whose records may be seen: all tenants', or one's. */
export type Scope = { readonly all: true } | { readonly all: false; readonly tenant: string };

export function scopeOf(actor: Actor): Scope {
  return actor.roles.includes('platform') ? { all: true } : { all: false, tenant: actor.tenant };
}
