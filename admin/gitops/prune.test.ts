import { afterEach, beforeEach, expect, test } from 'vitest';
import { emptyStore, gitopsContext, seed } from '../../test/utils/gitops.ts';
import type { Store } from '../store/store.ts';
import type { AdminContext } from '../stores/context.ts';
import { users } from '../stores/users.ts';
import { applyState } from './apply.ts';
import { exportState } from './export.ts';
import { diffState } from './plan.ts';

let store: Store;
let context: AdminContext;
beforeEach(async () => {
  store = await emptyStore();
  context = gitopsContext(store);
  await seed(context);
});
afterEach(() => store.close());

const EMPTIED = `allTenants: true
tenants:
  acme:
    users: { ann@acme.example: { title: Ann, roles: [owner, approver] } }
`;
const short = (diff: Awaited<ReturnType<typeof diffState>>) =>
  diff.changes.map(({ action, path, fields }) =>
    [
      action,
      path.slice(1).join(' '),
      ...fields.map(
        (field) => `${field.path.join('.')}: ${JSON.stringify(field.before)} → ${JSON.stringify(field.after)}`,
      ),
    ].join(', '),
  );

test('what a file leaves out stays, unless it is to be pruned', async () => {
  const before = await exportState(context);
  expect(short(await diffState(context, EMPTIED))).toMatchInlineSnapshot(`
    [
      "changed, acme, description: "Two\\nlines" → "", rates: [{"limit":100,"windowSeconds":60,"field":null},{"limit":5,"windowSeconds":1,"field":"Query.products"}] → [], title: "Acme: \\"yes\\"" → """,
    ]
  `);
  expect(short(await diffState(context, EMPTIED, { prune: true }))).toMatchInlineSnapshot(`
    [
      "changed, acme, description: "Two\\nlines" → "", rates: [{"limit":100,"windowSeconds":60,"field":null},{"limit":5,"windowSeconds":1,"field":"Query.products"}] → [], title: "Acme: \\"yes\\"" → """,
      "removed, acme apps internal",
      "removed, acme links Review.product",
      "removed, acme plans free",
      "removed, acme plans gold",
      "removed, acme products catalog",
      "removed, acme products idea",
      "removed, acme products old",
      "removed, acme prompts say",
      "removed, acme secrets fromEnvironment",
      "removed, acme secrets fromFile",
      "removed, acme secrets stripe",
      "removed, acme sources catalog",
      "removed, acme users bob@acme.example",
      "removed, globex",
    ]
  `);
  expect(await exportState(context)).toBe(before);
});

test('what was pruned is archived, and comes back with the file as it was', async () => {
  const before = await exportState(context);
  await applyState(context, EMPTIED, { prune: true });
  expect(await exportState(context)).toMatchInlineSnapshot(`
    "# The state of the control plane. "skein diff --state FILE" shows what "skein apply --file FILE" would change.
    allTenants: true
    tenants:
      acme:
        users:
          ann@acme.example:
            title: Ann
            roles:
              - owner
              - approver
      default:
        network: any
    "
  `);
  expect((await applyState(context, EMPTIED, { prune: true })).changes).toEqual([]);
  expect(await store.grants.count({ all: true }, { state: 'approved' })).toBe(0);
  await applyState(context, before, { prune: true });
  expect(await exportState(context)).toBe(before);
});

test('tenants that the file leaves out are archived only by a file of all tenants', async () => {
  await applyState(context, 'tenants: { globex: { network: any } }', { prune: true });
  expect(await store.tenants.count({ all: true }, { archivedAt: null })).toBe(3);
  await applyState(context, 'allTenants: true\ntenants: { globex: { network: any } }', { prune: true });
  const left = await store.tenants.all({ all: true }, { archivedAt: null });
  expect(left.map(({ name }) => name).sort()).toEqual(['default', 'globex']);
});

test('keys and grants that were taken out have no effect, and come back with the file', async () => {
  const before = await exportState(context);
  const text = 'tenants: { globex: { network: any, apps: { web: { title: Web } } } }';
  const { changes } = await applyState(context, text, { prune: true });
  expect(changes.map(({ action, kind, name }) => [action, kind, name].join(' '))).toEqual([
    'removed grant web: acme/catalog',
    'removed grant web: acme/old',
    'removed key web: Main key',
    'removed key web: other',
  ]);
  expect(await store.keys.count({ all: true }, { archivedAt: null, revokedAt: null })).toBe(0);
  expect(await store.grants.count({ all: true }, { state: 'approved' })).toBe(0);
  await applyState(context, before);
  expect(await exportState(context)).toBe(before);
});

test('changes are shown field by field, with secrets masked', async () => {
  const text = (await exportState(context))
    .replace('title: Gold', 'title: Golden')
    .replace('authorization: ' + '$' + '{secrets.stripe}', 'authorization: Bearer abcdef')
    .replace('paths: {}', 'paths: { }')
    .replace('state: published', 'state: deprecated')
    .replace('STRIPE_KEY', 'STRIPE_SECRET')
    .replace(/hash: .*/, `hash: ${'a'.repeat(43)}`);
  const diff = short(await diffState(context, text));
  expect(diff.map((line) => line.replace(/\(\w{8}\)/g, '(…)'))).toMatchInlineSnapshot(`
    [
      "changed, acme plans gold, title: "Gold" → "Golden"",
      "changed, acme products catalog, state: "published" → "deprecated"",
      "changed, acme secrets fromEnvironment, environment: "STRIPE_KEY" → "STRIPE_SECRET"",
      "changed, acme sources catalog, document openapi.yaml: "138 bytes (…)" → "139 bytes (…)", headers.authorization: "\${secrets.stripe}" → "***"",
      "changed, globex apps web keys Main key, hash: "*** (…)" → "*** (…)"",
    ]
  `);
  expect(diff.join()).not.toMatch(/abcdef|aaaaa/);
  await applyState(context, text);
  expect(await exportState(context)).toBe(text);
});

test('an owner can be replaced in one file', async () => {
  const owner = await store.users.find({ all: true }, { name: 'ann@acme.example' });
  const text = `tenants: { acme: { users: { ann@acme.example: { roles: [analyst] }, zoe@acme.example: { roles: [owner] } } } }`;
  await applyState(context, text);
  expect((await users.get(context, owner?._id ?? ''))?.roles).toEqual(['analyst']);
});

test('what somebody else changed in between is not overwritten', async () => {
  const text = (await exportState(context)).replace('title: Gold', 'title: Golden');
  const plan = await store.plans.find({ all: true }, { name: 'gold' });
  const racing = {
    ...store,
    plans: {
      ...store.plans,
      async update(...args: Parameters<Store['plans']['update']>) {
        await store.plans.update({ all: true }, plan?._id ?? '', plan?.version ?? 0, { title: 'Theirs' });
        return store.plans.update(...args);
      },
    },
  };
  await expect(applyState({ ...context, store: racing }, text)).rejects.toThrow('changed by somebody else');
  expect((await store.plans.get({ all: true }, plan?._id ?? ''))?.title).toBe('Theirs');
});
