import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type Administrator, administrator, createTenant } from '../utils/control-admin.ts';
import { type ControlGateway, startControlGateway } from '../utils/control-gateway.ts';
import { type CatalogService, startCatalog } from '../utils/control-services.ts';

/** Under load a second may be long. */
const SOON = { timeout: 15_000, interval: 25 };

let folder: string;
let gateway: ControlGateway;
let platform: Administrator;
let catalog: CatalogService;

const configure = (keys: object) => {
  const greeter = { kind: 'graphql', endpoint: 'http://127.0.0.1:9/graphql', document: './schema.graphql' };
  return writeFile(join(folder, 'skein.yaml'), JSON.stringify({ keys, sources: { greeter } }));
};
const statusOf = async (key: string) => (await gateway.ask(key, '{ __typename }')).status;
const becomes = (key: string, status: number) => vi.waitFor(async () => expect(await statusOf(key)).toBe(status), SOON);
const createSecret = async (input: object, tenant = 'default') => {
  const { secret } = await platform.run(
    `mutation($tenant: ID, $input: CreateSecretInput!) {
      createSecret(tenant: $tenant, input: $input) { secret { id version } errors { path message } }
    }`,
    { tenant, input },
  );
  return secret as unknown as { id: string; version: number };
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skein-changing-secrets-'));
  await writeFile(join(folder, 'schema.graphql'), 'type Query { hello: String }');
  await configure([{ name: 'first', key: 'the-key-at-first' }]);
  gateway = await startControlGateway({ folder });
  platform = administrator(gateway);
  catalog = await startCatalog();
}, 60_000);
afterAll(async () => {
  await gateway.stop();
  await catalog.close();
  await rm(folder, { recursive: true });
}, 60_000);

it('a key of skein.yaml follows the secret that it is', async () => {
  const secret = await createSecret({ name: 'portal', value: 'the-key-before' });
  await configure([{ name: 'portal', key: `\${${'secrets.portal'}}` }]);
  await becomes('the-key-before', 200);
  await platform.run(
    `mutation($id: ID!, $version: Int!) {
      updateSecret(id: $id, version: $version, input: { value: "the-key-after" }) { errors { path message } }
    }`,
    secret,
  );
  await becomes('the-key-after', 200);
  expect(await statusOf('the-key-before')).toBe(401);
}, 60_000);

it('a key of skein.yaml follows the file that its secret is in', async () => {
  const file = join(folder, 'mounted');
  await writeFile(file, 'the-mounted-key-before');
  await createSecret({ name: 'mounted', file });
  await configure([{ name: 'mounted', key: `\${${'secrets.mounted'}}` }]);
  await becomes('the-mounted-key-before', 200);
  await writeFile(file, 'the-mounted-key-after');
  await becomes('the-mounted-key-after', 200);
  expect(await statusOf('the-mounted-key-before')).toBe(401);
}, 60_000);

it('a source of a tenant follows the file that its secret is in', async () => {
  const file = join(folder, 'crm');
  await writeFile(file, 'crm-token-before');
  const acme = await createTenant(gateway, 'acme');
  await createSecret({ name: 'crm', file }, acme.tenant);
  const headers = { 'x-token': `\${${'secrets.crm'}}` };
  await acme.publishSource('catalog', { ...catalog.options, headers }, catalog.document);
  const { secret: key } = await acme.createKey((await acme.createApp('shop')).id, 'k');
  const token = async () => {
    await gateway.ask(key, '{ product(sku: "x") { name } }');
    return catalog.requests.at(-1)?.headers['x-token'];
  };
  await vi.waitFor(async () => expect(await token()).toBe('crm-token-before'), SOON);
  await writeFile(file, 'crm-token-after');
  await vi.waitFor(async () => expect(await token()).toBe('crm-token-after'), SOON);
}, 60_000);
