import type { Actor } from '../admin/actor.ts';
import { createAdminSchema } from '../admin/schema/index.ts';
import type { Clock, IdGenerator, Log } from '../kernel/ports.ts';
import { describeOptions } from './config/option-types.ts';
import { createAdminIdentity } from './control/admin-identity.ts';
import type { ControlPlane } from './control/control-plane.ts';
import { within } from './control/patience.ts';
import type { GatewayDeps } from './gateway.ts';
import { createAuditDoor } from './http/admin-audit-door.ts';
import { createAdminDoor } from './http/admin-door.ts';
import { createGraphiql } from './http/graphiql.ts';
import type { LiveSettings } from './live-settings.ts';
import { createQueryLimits } from './policy/query-limits.ts';

/** Administrators' documents are their own, and may ask for all that an entity has. */
const ADMIN_LIMITS = { depth: 20, fields: 5_000 };
/** How long an answer waits for what it says to count here. */
const SETTLE_MS = 2_000;

export interface AdminDeps {
  readonly control: ControlPlane;
  readonly settings: LiveSettings;
  /** The token of the first administrator, when it was made just now. */
  readonly adminToken: string | undefined;
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly log: Log;
}

/** `/admin/graphql` with its GraphiQL, and `/admin/audit-log`. */
export function createAdmin(deps: AdminDeps): NonNullable<GatewayDeps['admin']> {
  const { control, settings, adminToken, clock, ids, log } = deps;
  const identify = createAdminIdentity({
    directory: () => control.directory(),
    tokens: () => settings.tokens,
    clock,
    addressOf: (credentials) => settings.keyring.addressOf(credentials),
    onUsed: (id, at) => control.noteUse('tokens', id, at),
  });
  const shared = {
    ...{ identify, ids, log },
    contextOf: (actor: Actor) => control.contextOf(actor),
    storeHealth: () => control.health(),
  };
  return {
    door: createAdminDoor({
      ...{ ...shared, schema: createAdminSchema(describeOptions()) },
      settled: () => within(SETTLE_MS, control.settle()),
      rules: [createQueryLimits(ADMIN_LIMITS)],
    }),
    auditDoor: createAuditDoor({ ...shared, clock }),
    graphiql: createGraphiql({
      developmentKey: adminToken,
      defaultQuery: '{ viewer { id name tenant roles } }',
      endpoint: '/admin/graphql',
      title: 'Skein administration',
      keyPlaceholder: '<your administrator token>',
    }),
  };
}
