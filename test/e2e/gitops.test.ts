import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectStore, embeddedUri } from '../../admin/store/connect.ts';
import { createStore } from '../../admin/store/store.ts';
import { silentLog, systemClock } from '../../kernel/ports.ts';
import { ENCRYPTION_KEY, gitopsContext, seed } from '../utils/gitops.ts';
import { type CliFolder, createCliFolder } from '../utils/run-cli.ts';

const SDL =
  'type Query { products: [Product!]! old: Int idea: Int }\ntype Product @key(fields: "id") { id: ID! name: String }\n';
const indented = (text: string, by: number) => text.replace(/^(?=.)/gm, ' '.repeat(by));
const STATE = `allTenants: true
tenants:
  acme:
    title: Acme
    users:
      ann@acme.example: { roles: [owner] }
    apps:
      web: { keys: { main: { hash: ${'k'.repeat(43)}, prefix: skein_ab } } }
    products:
      catalog: { fields: [Query.products], state: published, visibility: listed }
    secrets:
      token: { environment: SHOP_TOKEN }
    sources:
      shop:
        kind: graphql
        endpoint: https://shop.example/graphql
        document: shop.graphql
        headers: { authorization: "Bearer $\{secrets.token}" }
    documents:
      sources:
        shop:
          shop.graphql: |
${indented(SDL, 12)}`;

let folder: CliFolder;
beforeEach(async () => {
  folder = await createCliFolder({ 'state.yaml': STATE });
});
afterEach(() => folder.remove());

const run = (args: readonly string[], data = 'data', env: Readonly<Record<string, string>> = {}) =>
  folder.run(args, { SKEIN_DATA: join(folder.path, data), ...env });

describe('the state of the control plane, on the command line', () => {
  it('goes from a file into a store, and comes out of it the same each time', async () => {
    const first = await run(['diff', '--state', '@state.yaml']);
    expect(first.stderr).toBe('');
    expect(first).toMatchObject({ code: 1 });
    expect(first.stdout).toMatchInlineSnapshot(`
      "acme
        + the tenant itself
        + app web
        + key web: main
        + product catalog
        + secret token
        + source shop
        + user ann@acme.example

      7 to create, 0 to change, 0 to remove, 0 as they are.
      "
    `);
    expect(await run(['apply', '--file', '@state.yaml', '--dry-run'])).toEqual({ ...first, code: 0 });
    const applied = await run(['apply', '--file', '@state.yaml', '--message', 'first']);
    expect(applied).toMatchObject({ code: 0, stderr: '' });
    expect(applied.stdout).toContain('\n7 created, 0 changed, 0 removed, 0 as they were.\n');
    expect(await run(['diff', '--state', '@state.yaml', '--prune'])).toEqual({
      code: 0,
      stdout: 'No changes.\n',
      stderr: '',
    });

    const { stdout: text } = await run(['export']);
    expect((await run(['export', '--output', '@out.yaml'])).stdout).toBe('');
    expect(await readFile(join(folder.path, 'out.yaml'), 'utf8')).toBe(text);
    expect((await stat(join(folder.path, 'out.yaml'))).mode & 0o777).toBe(0o600);
    expect(await run(['apply', '--file', '@out.yaml', '--prune'], 'other')).toMatchObject({ code: 0 });
    expect((await run(['export'], 'other')).stdout).toBe(text);
    expect((await run(['export', '--tenant', 'acme'], 'other')).stdout).toContain('shop.graphql');
  });

  it('tells what clients would break by, and publishes it only if that is meant', async () => {
    await run(['apply', '--file', '@state.yaml']);
    await folder.write('next.yaml', STATE.replace(' old: Int', ''));
    const diff = await run(['diff', '--state', '@next.yaml']);
    expect(diff.code).toBe(1);
    expect(diff.stdout).toMatchInlineSnapshot(`
      "acme
        ~ source shop
            document shop.graphql: "113 bytes (53223750)" → "104 bytes (9adaf6b8)"

      Clients may break:
        acme: Field 'old' was removed from object type 'Query'

      0 to create, 1 to change, 0 to remove, 6 as they are.
      "
    `);
    expect(await run(['apply', '--file', '@next.yaml', '--dry-run'])).toEqual(diff);
    const refused = await run(['apply', '--file', '@next.yaml']);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain("Field 'old' was removed from object type 'Query'");
    expect((await run(['diff', '--state', '@state.yaml'])).stdout).toBe('No changes.\n');
    expect(await run(['apply', '--file', '@next.yaml', '--allow-breaking'])).toMatchObject({ code: 0, stderr: '' });
    const [change] = JSON.parse((await run(['diff', '--state', '@state.yaml', '--format', 'json'])).stdout).changes;
    expect(change).toMatchObject({ action: 'changed', kind: 'source', name: 'shop' });
  });

  it('tells all mistakes with their lines, and changes nothing', async () => {
    const wrong = STATE.replace('kind: graphql', 'kind: grahpql')
      .replace('Query.products]', 'Query.products], plans: [gold]')
      .replace('roles: [owner]', 'roles: []');
    await folder.write('wrong.yaml', wrong);
    for (const [args, code] of [
      [['apply', '--file', '@wrong.yaml'], 1],
      [['diff', '--state', '@wrong.yaml'], 2],
    ] as const) {
      const result = await run(args);
      expect(result).toMatchObject({ code, stdout: '' });
      expect(result.stderr).toMatchInlineSnapshot(`
        "wrong.yaml:6  tenants.acme.users.ann@acme.example.roles: must name a role at least
        wrong.yaml:10  tenants.acme.products.catalog.plans.0: There is no plan "gold" of the tenant.
        wrong.yaml:15  tenants.acme.sources.shop.kind: sources.shop.kind must be "openapi", "grpc", "soap", "graphql" or "federation", but is "grahpql". Did you mean "graphql"?
        3 mistakes.
        "
      `);
    }
    await folder.write('unbuilt.yaml', STATE.replace('[Product!]!', '[Produce!]!'));
    const unbuilt = await run(['apply', '--file', '@unbuilt.yaml']);
    expect(unbuilt.code).toBe(1);
    expect(unbuilt.stderr).toContain('Produce');
    expect((await run(['export'])).stdout).toContain('tenants: {}');
  });

  it('says what is missing, and where', async () => {
    expect(await run(['apply'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--file is missing') });
    expect(await run(['apply', 'state.yaml'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('skein apply --file state.yaml'),
    });
    expect(await run(['apply', '--file', '@none.yaml'])).toMatchObject({
      code: 2,
      stderr: 'none.yaml cannot be read: it does not exist.\n',
    });
    expect(await run(['export', '--tenant', 'nobody'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('There is no such tenant.'),
    });
    expect(await run(['export', '--url', 'http://127.0.0.1:1/'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Set SKEIN_ADMIN_TOKEN'),
    });
    const token = { SKEIN_ADMIN_TOKEN: 'skein_admin_0123456789' };
    expect(await run(['export', '--url', 'http://127.0.0.1:1/'], 'data', token)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('cannot be asked'),
    });
    expect(await run(['export'], 'data', { SKEIN_ENCRYPTION_KEY: 'short' })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('must be 32 bytes'),
    });
  });

  it('encrypts secrets anew under another key', async () => {
    const connection = await connectStore({ uri: embeddedUri(join(folder.path, 'data')), log: silentLog });
    const store = await createStore(connection, { clock: systemClock });
    await seed(gitopsContext(store));
    await store.close();
    const next = Buffer.alloc(32, 7).toString('base64');
    const lost = await run(['rotate-secrets'], 'data', { SKEIN_ENCRYPTION_KEY: next });
    expect(lost).toMatchObject({ code: 1, stderr: expect.stringContaining('which is not there') });
    const both = { SKEIN_ENCRYPTION_KEY: next, SKEIN_ENCRYPTION_KEY_PREVIOUS: ENCRYPTION_KEY };
    const done = '1 encrypted anew, 0 were under the present key, 0 cannot be opened.\n';
    expect(await run(['rotate-secrets'], 'data', both)).toEqual({ code: 0, stderr: '', stdout: done });
    const again = '0 encrypted anew, 1 were under the present key, 0 cannot be opened.\n';
    expect((await run(['rotate-secrets'], 'data', { SKEIN_ENCRYPTION_KEY: next })).stdout).toBe(again);
  });
});
