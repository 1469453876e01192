import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningGateway, startGateway } from '../../src/main.ts';
import { freePort } from '../utils/free-port.ts';
import { type CliFolder, createCliFolder } from '../utils/run-cli.ts';

const TOKEN = 'skein_admin_of_the_test';
const KEY = `skein_${'k'.repeat(32)}`;
const KEY_HASH = await crypto.subtle
  .digest('SHA-256', new TextEncoder().encode(KEY))
  .then((bytes) => Buffer.from(bytes).toString('base64url'));

const STATE = `tenants:
  acme:
    apps:
      web: { keys: { main: { hash: ${KEY_HASH}, prefix: skein_kkkkkk } } }
    sources:
      shop: { kind: graphql, endpoint: https://shop.example/graphql, document: shop.graphql }
    documents:
      sources:
        shop:
          shop.graphql: |
            type Query { products: Int }
`;

describe('the state of a gateway that runs', () => {
  let folder: CliFolder;
  let gateway: RunningGateway;
  let url: string;
  let env: Readonly<Record<string, string>>;
  beforeAll(async () => {
    folder = await createCliFolder({ 'skein.yaml': 'keys: [{ name: default, key: configured }]', 'state.yaml': STATE });
    const port = String(await freePort());
    url = `http://127.0.0.1:${port}/admin/graphql`;
    env = { SKEIN_ADMIN_TOKEN: TOKEN, SKEIN_DATA: join(folder.path, 'elsewhere') };
    gateway = await startGateway({
      PORT: port,
      SKEIN_DATA: join(folder.path, 'data'),
      SKEIN_CONFIG: join(folder.path, 'skein.yaml'),
      SKEIN_ADMIN_TOKEN: TOKEN,
      SKEIN_LOG: 'silent',
    });
  });
  afterAll(async () => {
    process.emit('SIGTERM');
    expect(await gateway.closed).toBe(0);
    await folder.remove();
  });

  const run = (...args: string[]) => folder.run([...args, '--url', url], env);
  const types = () =>
    fetch(url.replace('/admin', ''), {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}` },
      body: JSON.stringify({ query: '{ __type(name: "Query") { fields { name } } }' }),
    }).then((response) => response.json());

  it('is compared, applied and exported with the token of an administrator, and serves at once', async () => {
    expect(await run('diff', '--state', '@state.yaml')).toMatchObject({ code: 1, stderr: '' });
    expect(await types()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    const applied = await run('apply', '--file', '@state.yaml', '--message', 'from git');
    expect(applied).toMatchObject({ code: 0, stderr: '' });
    expect(applied.stdout).toContain('4 created, 0 changed, 0 removed');
    await expect
      .poll(types, { timeout: 10_000 })
      .toMatchObject({ data: { __type: { fields: [{ name: 'products' }] } } });
    expect(await run('diff', '--state', '@state.yaml')).toEqual({ code: 0, stdout: 'No changes.\n', stderr: '' });
    const { stdout: text } = await run('export', '--tenant', 'acme');
    expect(text).toContain('shop.graphql: |');
    // The store itself says the same.
    const direct = await folder.run(['export', '--tenant', 'acme'], { SKEIN_DATA: join(folder.path, 'data') });
    expect(direct.stdout).toBe(text);
  });

  it('tells its mistakes with the lines of the file, and refuses another token', async () => {
    await folder.write('wrong.yaml', STATE.replace('apps:', 'apsp:'));
    const wrong = await run('apply', '--file', '@wrong.yaml');
    expect(wrong).toMatchObject({ code: 1, stdout: '' });
    expect(wrong.stderr).toContain('wrong.yaml:3  tenants.acme.apsp: There is no "apsp" here. Did you mean "apps"?');
    const refused = await folder.run(['export', '--url', url], {
      ...env,
      SKEIN_ADMIN_TOKEN: 'another-token-of-sixteen',
    });
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('SKEIN_ADMIN_TOKEN must be the token of a platform administrator.');
    expect(refused.stderr).not.toContain('another-token');
  });
});
