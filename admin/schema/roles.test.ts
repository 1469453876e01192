import { expect, it } from 'vitest';
import { describeOptions } from '../../src/config/option-types.ts';
import { describeStores } from '../../test/utils/admin-suite.ts';
import { argumentsOf, furnish, operationsOf } from '../../test/utils/admin-world.ts';
import { RESOURCE_KINDS } from '../models/resource.ts';
import { TENANT_ROLES, type TenantRole } from '../models/user.ts';
import { KINDS } from './configuration/kinds.ts';
import { createAdminSchema } from './index.ts';

const ALL: readonly TenantRole[] = TENANT_ROLES;
const BUILDERS: readonly TenantRole[] = ['owner', 'admin', 'developer'];
const entity = (...names: string[]) =>
  names.flatMap((name) => [`create${name}`, `update${name}`, `archive${name}`, `restore${name}`]);
const kinds = RESOURCE_KINDS.map((kind) => KINDS[kind].type);

/** Who in a tenant may do what. Everybody may ask for everything but the audit log. */
const TABLE: readonly (readonly [readonly TenantRole[], readonly string[]])[] = [
  [[], [...entity('Tenant'), 'exportState', 'diffState', 'applyState', 'recountUsage']],
  [
    ['owner', 'admin'],
    [...entity('User'), 'createUserToken', 'revokeUserToken'],
  ],
  [BUILDERS, [...entity('App', 'Secret'), 'createApiKey', 'updateApiKey', 'rotateApiKey', 'revokeApiKey']],
  [BUILDERS, [...entity('Plan', 'Product'), 'publishProduct', 'withdrawProduct', 'deprecateProduct', 'retireProduct']],
  [BUILDERS, ['requestGrant']],
  [BUILDERS, [...entity('Webhook'), 'rotateWebhookSecret']],
  [
    ['owner', 'admin', 'approver'],
    ['approveGrant', 'rejectGrant', 'revokeGrant'],
  ],
  [BUILDERS, [...entity(...kinds), ...kinds.flatMap((kind) => [`validate${kind}`, `publish${kind}`])]],
  [BUILDERS, ['validateConfiguration', 'publishConfiguration', 'rollBackConfiguration']],
  [BUILDERS, ['addPromptVersion', 'releasePrompt', 'promotePromptVersion', 'runPrompt']],
  [
    ['owner', 'admin', 'analyst'],
    ['auditEntry', 'auditEntries'],
  ],
];

const operations = operationsOf(createAdminSchema(describeOptions()));

it('says of every mutation who may do it', () => {
  const mutations = operations.filter(({ kind }) => kind === 'mutation').map(({ field }) => field);
  const told = TABLE.flatMap(([, fields]) => fields).filter((field) => !field.startsWith('audit'));
  expect(told.sort()).toEqual(mutations.sort());
});

describeStores('roles', (plane) => {
  it('may do what is theirs, and are refused all else', { timeout: 60_000 }, async () => {
    const asker = await plane().createTenant('asker');
    const world = await furnish(plane(), 'acme', asker);
    const given = argumentsOf(world);
    const wrong: string[] = [];
    for (const { field, text } of operations) {
      const roles = TABLE.find(([, fields]) => fields.includes(field))?.[0] ?? ALL;
      for (const role of TENANT_ROLES) {
        const result = JSON.stringify(await plane().run(world.actors[role], text, given[field]));
        if (result.includes('FORBIDDEN') === roles.includes(role)) wrong.push(`${field} as ${role}: ${result}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});
