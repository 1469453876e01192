import { expect, it } from 'vitest';
import { describeOptions } from '../../src/config/option-types.ts';
import { describeStores, PLATFORM_ADMIN } from '../../test/utils/admin-suite.ts';
import { argumentsOf, furnish, operationsOf, type World } from '../../test/utils/admin-world.ts';
import { TENANT_ROLES } from '../models/user.ts';
import { createAdminSchema } from './index.ts';

const operations = operationsOf(createAdminSchema(describeOptions()));

it('knows arguments for every field of the schema', () => {
  const known = Object.keys(argumentsOf(NOWHERE));
  expect(known.sort()).toEqual(operations.map(({ field }) => field).sort());
});

describeStores('tenants', (plane) => {
  it('see everything of their own', async () => {
    const asker = await plane().createTenant('asker');
    const world = await furnish(plane(), 'acme', asker);
    const given = argumentsOf(world);
    for (const { kind, field, text } of operations) {
      if (kind === 'mutation' || field === 'catalog') continue;
      const { data, errors } = await plane().run(world.actors.owner, text, given[field]);
      expect(errors, field).toBeUndefined();
      const said = field === 'compareRevisions' ? '[]' : world.tenant._id;
      expect(JSON.stringify(data), field).toContain(said);
    }
  });

  it('see nothing of each other, and change nothing, whoever asks and whatever is asked', {
    timeout: 60_000,
  }, async () => {
    const asker = await plane().createTenant('asker');
    const world = await furnish(plane(), 'acme', asker);
    const intruder = await furnish(plane(), 'evil', asker);
    const given = argumentsOf(world);
    const theirs = new Set([world.mark, ...idsIn(world)]);
    const before = await others(plane().dump('counters'), intruder.tenant._id);
    for (const role of TENANT_ROLES) {
      for (const { field, text } of operations) {
        const result = JSON.stringify(await plane().run(intruder.actors[role], text, given[field]));
        for (const secret of theirs) expect(result.includes(secret) ? `${field} as ${role}: ${result}` : '').toBe('');
      }
      expect(await others(plane().dump('counters'), intruder.tenant._id), role).toEqual(before);
    }
    const everything = await plane().dump('counters');
    for (const [name, records] of Object.entries(everything))
      for (const record of records as { tenant: string }[]) {
        if (record.tenant !== intruder.tenant._id) continue;
        const text = JSON.stringify(record);
        for (const secret of theirs) expect(text.includes(secret) ? `${name}: ${text}` : '').toBe('');
      }
  });

  it('are all seen by platform administrators', async () => {
    const asker = await plane().createTenant('asker');
    const world = await furnish(plane(), 'acme', asker);
    const given = argumentsOf(world);
    for (const { kind, field, text } of operations) {
      if (kind === 'mutation' || ['catalog', 'viewer', 'compareRevisions'].includes(field)) continue;
      const { data, errors } = await plane().run(PLATFORM_ADMIN, text, given[field]);
      expect(errors, field).toBeUndefined();
      expect(JSON.stringify(data), field).toContain(world.tenant._id);
    }
  });
});

async function others(dump: Promise<Record<string, unknown[]>>, tenant: string) {
  const entries = Object.entries(await dump);
  return Object.fromEntries(
    entries.map(([name, records]) => [
      name,
      (records as { tenant: string }[]).filter((record) => record.tenant !== tenant),
    ]),
  );
}

function idsIn({ users, resources, ...world }: World): string[] {
  const { tenant, user, token, app, key, plan, product, secret, asked, webhook, delivery, usage, feedback } = world;
  const records = [tenant, user, token, app, key, plan, product, secret, asked, webhook, delivery, usage, feedback];
  return [...records, ...Object.values(resources), ...Object.values(users)].map(({ _id }) => _id);
}

const NOTHING = { _id: '', version: 1, name: '' };
const NOWHERE = {
  mark: '',
  tenant: NOTHING,
  user: NOTHING,
  token: NOTHING,
  app: NOTHING,
  key: NOTHING,
  plan: NOTHING,
  product: NOTHING,
  secret: NOTHING,
  asked: NOTHING,
  usage: NOTHING,
  feedback: NOTHING,
  webhook: NOTHING,
  delivery: NOTHING,
  audit: '',
  resources: new Proxy({}, { get: () => NOTHING }),
} as unknown as World;
