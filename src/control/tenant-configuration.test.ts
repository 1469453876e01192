import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Tenant } from '../../admin/models/tenant.ts';
import { readConfigText } from '../config/read-config.ts';
import { readTenantConfiguration } from './tenant-configuration.ts';

const AT = new Date(0);
const TENANT: Tenant = {
  ...{ _id: 'ten_acme', tenant: 'ten_acme', version: 1, seq: 1, createdAt: AT, updatedAt: AT, archivedAt: null },
  ...{ name: 'acme', title: '', description: '', rates: [], network: 'public', trusted: false },
};
const ENVIRONMENT = { MACHINE: 'of the machine', SKEIN_ENCRYPTION_KEY: 'k', SKEIN_ADMIN_TOKEN: 't', MONGODB_URI: 'm' };

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skein-tenant-'));
  await writeFile(join(folder, 'ca.pem'), 'the machine has it');
});
afterEach(() => rm(folder, { recursive: true }));

async function read(state: Record<string, Record<string, unknown>>, tenant: Partial<Tenant> = {}) {
  const { config: gateway } = await readConfigText('{}', join(folder, 'skein.yaml'), ENVIRONMENT);
  const entries = Object.entries(state).map(([kind, named]) => [
    kind,
    Object.fromEntries(Object.entries(named).map(([name, options]) => [name, { options }])),
  ]);
  const content = { state: Object.fromEntries(entries), secrets: new Map<string, string>(), documents: new Map() };
  const surroundings = { gateway, env: ENVIRONMENT, documentsFolder: join(folder, 'documents') };
  return readTenantConfiguration({ tenant: { ...TENANT, ...tenant }, ...content }, surroundings);
}

const provider = (options: object = {}) => ({
  providers: { local: { dialect: 'openai', endpoint: 'https://models.example/v1', ...options } },
});
const source = (options: object = {}) => ({
  sources: { pets: { kind: 'openapi', document: 'https://a.example/d', endpoint: 'https://a.example', ...options } },
});

it('holds all that connects to public addresses, whatever the entry says', async () => {
  for (const upstream of [undefined, { network: 'any' }, { retries: false, network: 'any' }]) {
    const given = upstream === undefined ? {} : { upstream };
    const { config } = await read({ ...provider(given), ...source(given) });
    expect(config.providers.local?.upstream?.network).toBe('public');
    expect(config.sources.pets?.upstream.network).toBe('public');
  }
  const { config } = await read({ ...provider(), ...source() }, { network: 'any' });
  expect([config.providers.local?.upstream?.network, config.sources.pets?.upstream.network]).toEqual(['any', 'any']);
});

it('refuses files of the machine in the same words, whether they are there or not', async () => {
  for (const option of ['tls', 'documentTls']) {
    const told = async (file: string) => {
      const { problems } = await read(source({ [option]: { ca: file } }));
      return problems.map(({ path, message }) => [path?.join('.'), message]);
    };
    const [there, missing] = [await told(join(folder, 'ca.pem')), await told(join(folder, 'not-there.pem'))];
    expect(there).toContainEqual([
      `sources.pets.${option}.ca`,
      `sources.pets.${option}.ca names a file of the machine.`,
    ]);
    expect(there).toEqual(missing);
  }
});

it('knows no variable of the machine, but for a tenant that is trusted', async () => {
  const state = source({ headers: { 'x-a': `\${${'MACHINE'}}` } });
  expect((await read(state)).problems).toMatchObject([
    {
      path: ['sources', 'pets', 'headers', 'x-a'],
      message:
        'sources.pets.headers.x-a takes the environment variable MACHINE, which is of the machine, and not for tenants.',
      suggestion: 'Keep the value as a secret, and write secrets. and its name between the braces.',
    },
  ]);
  const { config, problems } = await read(state, { trusted: true });
  expect(problems).toEqual([]);
  expect(config.sources.pets?.headers).toEqual({ 'x-a': 'of the machine' });
});

it('gives what opens the gateway itself to no tenant', async () => {
  for (const name of ['SKEIN_ENCRYPTION_KEY', 'SKEIN_ENCRYPTION_KEY_PREVIOUS', 'SKEIN_ADMIN_TOKEN', 'MONGODB_URI']) {
    const { problems } = await read(source({ headers: { 'x-a': `\${${name}}` } }), { trusted: true });
    expect(problems.map(({ path }) => path?.join('.'))).toEqual(['sources.pets.headers.x-a']);
    expect(problems[0]?.message).toContain('which opens the gateway itself');
    expect(problems[0]?.suggestion).not.toContain('Set ');
  }
});

it('runs no code of a package for a tenant that is not trusted, by whatever way it is named', async () => {
  const message = 'is spoken with by a package, whose code would run in the gateway.';
  for (const [name, options] of [
    ['mine', { dialect: 'ai-sdk', package: '@ai-sdk/cohere' }],
    ['mine', { package: '@ai-sdk/cohere' }],
    ['mine', { dialect: 'openai', endpoint: 'https://a.example', factory: 'createCohere' }],
    ['mine', { preset: 'bedrock', settings: { region: 'eu-central-1' } }],
    ['mine', { preset: 'vertex' }],
    ['bedrock', { apiKey: 'k' }],
  ] as const) {
    const { config, problems } = await read({ providers: { [name]: options } });
    expect(problems.map(({ path, message: told }) => [path?.join('.'), told])).toEqual([
      [`providers.${name}`, `providers.${name} ${message}`],
    ]);
    expect(config.providers).toEqual({});
  }
  const given = { providers: { bedrock: { apiKey: 'k' }, own: { preset: 'openai', apiKey: 'k' } } };
  expect((await read(given, { trusted: true })).problems).toEqual([]);
  expect(Object.keys((await read({ providers: { own: given.providers.own } })).config.providers)).toEqual(['own']);
});

it('places a document whole, also where two configurations with it are read at once', async () => {
  const { config: gateway } = await readConfigText('{}', join(folder, 'skein.yaml'), ENVIRONMENT);
  const text = `type Query { long: Int }\n${'# much more\n'.repeat(500_000)}`;
  const options = { kind: 'graphql', endpoint: 'https://a.example' };
  const content = {
    ...{ tenant: TENANT, secrets: new Map<string, string>() },
    state: { sources: { pets: { options, document: 'doc_1' } } },
    documents: new Map([['doc_1', { name: 'pets.graphql', text, hash: 'a'.repeat(64) }]]),
  };
  const documentsFolder = join(folder, 'documents');
  const lengthOf = async () => {
    const { config } = await readTenantConfiguration(content, { gateway, env: ENVIRONMENT, documentsFolder });
    const pets = config.sources.pets as { readonly document?: string } | undefined;
    return (await readFile(pets?.document ?? '', 'utf8')).length;
  };
  const lengths = await Promise.all([lengthOf(), lengthOf(), lengthOf()]);
  expect(lengths).toEqual([text.length, text.length, text.length]);
  expect(await readdir(join(documentsFolder, 'a'.repeat(64)))).toEqual(['pets.graphql']);
});
