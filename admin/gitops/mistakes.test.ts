import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { VALID } from '../../test/utils/admin-suite.ts';
import { emptyStore, gitopsContext, seed } from '../../test/utils/gitops.ts';
import { createEncryption } from '../secrets/encryption.ts';
import type { Store } from '../store/store.ts';
import type { AdminContext } from '../stores/context.ts';
import { applyState } from './apply.ts';
import { exportState } from './export.ts';
import { StateErrors } from './state-error.ts';

let store: Store;
let context: AdminContext;
beforeEach(async () => {
  store = await emptyStore();
  context = gitopsContext(store);
});
afterEach(() => store.close());

async function told(text: string, with_: AdminContext = context, request = {}): Promise<string[]> {
  const entries = await store.audit.count({ all: true }, {});
  try {
    await applyState(with_, text, request);
  } catch (error) {
    if (!(error instanceof StateErrors)) throw error;
    // Nothing was written, not even to the log.
    expect(await store.audit.count({ all: true }, {})).toBe(entries);
    return error.errors.map(({ line, path, message }) => `${line ?? '?'} ${path.slice(1).join('.')}: ${message}`);
  }
  throw new Error('It was applied.');
}

describe('a file of state', () => {
  test('that is no YAML is told by its lines', async () => {
    expect(await told('tenants:\n  acme: {title: x\n  globex: {}\n')).toMatchInlineSnapshot(`
      [
        "3 : This is no YAML: Flow map in block collection must be sufficiently indented and end with a }.",
      ]
    `);
    expect(await told('tenants:\n  acme: {}\n  acme: {}\n')).toMatchInlineSnapshot(`
      [
        "3 : This is no YAML: Map keys must be unique, and "acme" is there again.",
      ]
    `);
    expect(await told('- a')).toMatchInlineSnapshot(`
      [
        "1 : must be a map",
        "1 : The state has no "tenants".",
      ]
    `);
    expect(await told('')).toMatchInlineSnapshot(`
      [
        "? : The state has no "tenants".",
      ]
    `);
    expect(await told(`tenants: ${'['.repeat(200)}`)).toMatchInlineSnapshot(`
      [
        "? : The state is nested more than 72 levels deep.",
      ]
    `);
    expect(
      await told(
        'tenants: {a: &a [x, x], b: &b [*a, *a, *a, *a, *a], c: &c [*b, *b, *b, *b, *b], d: [*c, *c, *c, *c, *c]}',
      ),
    ).toHaveLength(1);
  });

  test('is told all its mistakes at once, by path and line', async () => {
    const text = `allTenant: true
tenants:
  Acme!: {}
  acme:
    titel: x
    network: private
    rates: [{ limit: -1, windowSeconds: 60 }]
    users:
      ann@acme.example: { roles: [king] }
      bob: {}
    apps:
      web:
        rates: many
        keys:
          main: { hash: abc, prefix: skein_ab, expiresAt: tomorrow }
          good:
            hash: ${'a'.repeat(43)}
            prefix: skein_ab
            products: [nothing, globex/nothing]
          same: { hash: ${'a'.repeat(43)}, prefix: skein_ab }
        grants:
          acme/catalog: {}
          nobody/catalog: {}
          globex/shop: { plan: none, state: revoked }
    products:
      catalog: { fields: [Query], plans: [silver], state: retird }
      late: { fields: [Query.late], sunsetAt: 2030-01-01T00:00:00Z, plans: [silver] }
    secrets:
      stripe: { value: sk_live_1 }
      paypal: { encrypted: nothing }
      both: { environment: A, file: /b }
      none: {}
    documents:
      sources: { catalog: { openapi.yaml: text } }
      shops: {}
    sources: [1]
  globex:
    products: { shop: { fields: [Query.shop] } }
`;
    expect(await told(text)).toMatchInlineSnapshot(`
      [
        "1 : There is no "allTenant" here. Did you mean "allTenants"?",
        "3 Acme!: The name must be lower-case letters, digits and -, 63 at the most",
        "5 acme.titel: There is no "titel" here. Did you mean "title"?",
        "6 acme.network: Invalid option: expected one of "public"|"any"",
        "7 acme.rates.0.limit: must not be negative",
        "9 acme.users.ann@acme.example.roles.0: Invalid option: expected one of "owner"|"admin"|"developer"|"analyst"|"approver"",
        "10 acme.users.bob.roles: Invalid input: expected array, received undefined",
        "13 acme.apps.web.rates: Invalid input: expected array, received string",
        "15 acme.apps.web.keys.main.hash: must be the SHA-256 of the key in base64url",
        "15 acme.apps.web.keys.main.expiresAt: must be a moment, e.g. 2030-01-31T12:00:00Z",
        "19 acme.apps.web.keys.good.products.0: There is no product "nothing" of the tenant, or granted to the app.",
        "19 acme.apps.web.keys.good.products.1: There is no product "globex/nothing" of the tenant, or granted to the app.",
        "20 acme.apps.web.keys.same.hash: The key is tenants.acme.apps.web.keys.good, too.",
        "22 acme.apps.web.grants.acme/catalog: must be tenant/product: the app may use products of its own tenant as it is.",
        "23 acme.apps.web.grants.nobody/catalog: There is no product "catalog" of a tenant "nobody".",
        "24 acme.apps.web.grants.globex/shop.state: must be one of requested, approved.",
        "24 acme.apps.web.grants.globex/shop.plan: There is no plan "none" of the tenant "globex".",
        "26 acme.products.catalog.state: must be one of draft, published, deprecated, retired. Did you mean "retired"?",
        "26 acme.products.catalog.fields.0: must be Type.field or Type.*, e.g. Query.products or Product.*",
        "27 acme.products.late.sunsetAt: Only a product that is deprecated has a sunset.",
        "27 acme.products.late.plans.0: There is no plan "silver" of the tenant.",
        "29 acme.secrets.stripe.value: is not for files: give "encrypted", or the name of a variable or file",
        "30 acme.secrets.paypal.encrypted: must be as "skein export" writes it: v1:<key>:<nonce>:<text>",
        "31 acme.secrets.both: Give one of encrypted, environment and file.",
        "32 acme.secrets.none: Give one of encrypted, environment and file.",
        "34 acme.documents.sources.catalog: There is no "catalog" in sources.",
        "35 acme.documents.shops: There is no "shops" here.",
        "36 acme.sources: must be a map",
      ]
    `);
    expect(await store.tenants.count({ all: true }, {})).toBe(0);
  });

  test('is told what the options of entries, and the graph they make, have for mistakes', async () => {
    const wrong = gitopsContext(store, {
      checkEntry: (_kind, name) =>
        name === 'wrong' ? [{ code: 'INVALID', path: ['options', 'url'], message: 'is wrong' }] : [],
      validate: async ({ tenant }) =>
        tenant.name === 'globex'
          ? { ...VALID, errors: [{ code: 'INVALID', path: ['links', 'A.b'], message: 'is cyclic' }] }
          : VALID,
    });
    const text = `tenants:
  acme:
    sources:
      wrong:
        url: x
      right: {}
    documents:
      sources:
        right: { ../x: text }
  globex:
    links:
      A.b: {}
`;
    expect(await told(text, wrong)).toMatchInlineSnapshot(`
      [
        "5 acme.sources.wrong.url: is wrong",
        "9 acme.documents.sources.right.../x: must be a plain file name, e.g. openapi.yaml",
        "12 globex.links.A.b: is cyclic",
      ]
    `);
  });

  test('is checked with the secrets that it brings, and with documents by their text', async () => {
    const seen: unknown[] = [];
    const watching = gitopsContext(store, {
      async validate({ tenant, secrets = [], documents, state }) {
        const id = state.sources?.catalog?.document ?? '';
        seen.push([tenant.name, secrets.map(({ name, place }) => [name, place]), documents.get(id)?.text]);
        return VALID;
      },
    });
    await seed(gitopsContext(store));
    const text = await exportState(context, { tenants: ['acme'] });
    const empty = await emptyStore();
    await applyState({ ...watching, store: empty }, text);
    await empty.close();
    const [first] = seen as [string, unknown[], string][];
    expect(first?.slice(0, 2)).toEqual([
      'acme',
      [
        ['fromEnvironment', 'environment'],
        ['fromFile', 'file'],
        ['stripe', 'value'],
      ],
    ]);
    expect(first?.[2]).toContain('openapi: 3.1.0');
  });

  test('that breaks clients is refused, unless that is meant', async () => {
    const change = { path: 'Query.products', message: 'Field products was removed', type: 'FIELD_REMOVED' };
    const breaking = gitopsContext(store, {
      validate: async () => ({ ...VALID, changes: { breaking: [change], dangerous: [], safe: [] } }),
    });
    const text = 'tenants:\n  acme:\n    sources:\n      catalog: {}\n';
    expect(await told(text, breaking)).toMatchInlineSnapshot(`
      [
        "2 acme.allowBreaking: Clients may break by this change: 1 of its changes are breaking. Publish with allowBreaking if that is meant.",
        "2 acme.graph.Query.products: Field products was removed",
      ]
    `);
    await applyState(breaking, text, { allowBreaking: true });
    expect(await store.revisions.count({ all: true }, {})).toBe(1);
  });

  test('with secrets of another key, another tenant or another name is refused', async () => {
    const seal = (tenantName: string, secretName: string, key?: string) =>
      (key === undefined ? context.ports : createEncryption({ key })).encrypt('x', { tenantName, secretName });
    const text = `tenants:
  acme:
    secrets:
      right: { encrypted: ${seal('acme', 'right')} }
      moved: { encrypted: ${seal('acme', 'right')} }
      foreign: { encrypted: ${seal('globex', 'foreign')} }
      unknown: { encrypted: ${seal('acme', 'unknown', 'k'.repeat(43))} }
`;
    expect(await told(text)).toMatchInlineSnapshot(`
      [
        "5 acme.secrets.moved.encrypted: cannot be decrypted: it is damaged, or of another tenant or name",
        "6 acme.secrets.foreign.encrypted: cannot be decrypted: it is damaged, or of another tenant or name",
        "7 acme.secrets.unknown.encrypted: is encrypted with a key that is not there",
      ]
    `);
    const { opens: _, ...keyless } = context.ports;
    await applyState({ ...context, ports: keyless }, text);
    expect(await store.secrets.count({ all: true }, {})).toBe(4);
  });

  test('does not bring back keys that were revoked, and takes no key of another app', async () => {
    await seed(context);
    const text = await exportState(context);
    const key = await store.keys.find({ all: true }, { name: 'other' });
    await store.keys.update({ all: true }, key?._id ?? '', key?.version ?? 0, { revokedAt: new Date(0) });
    expect((await told(text)).map((line) => line.replace(/^\d+ /, ''))).toMatchInlineSnapshot(`
      [
        "globex.apps.web.keys.other: The key was revoked at 1970-01-01T00:00:00.000Z, and stays so. Take it out; a new one needs another name.",
      ]
    `);
    const moved = `tenants: { acme: { apps: { internal: { keys: { mine: { hash: ${key?.hash}, prefix: x } } } } } }`;
    expect(await told(moved)).toMatchInlineSnapshot(`
      [
        "1 acme.apps.internal.keys.mine.hash: The key is there under another name or app.",
      ]
    `);
  });

  test('leaves a tenant its owner, and apps their products', async () => {
    await seed(context);
    expect(await told('tenants: { acme: {} }', context, { prune: true })).toMatchInlineSnapshot(`
      [
        "1 acme.users: The tenant has an owner, and must keep one.",
        "1 acme.products.catalog: 1 app has access to it: retire it, or revoke the grants, first.",
        "1 acme.products.old: 1 app has access to it: retire it, or revoke the grants, first.",
      ]
    `);
  });
});
