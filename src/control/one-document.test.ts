import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mongoose from 'mongoose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../test/utils/free-port.ts';
import { describeMongodb, freshDatabaseName } from '../../test/utils/mongodb-server.ts';
import { type RunningGateway, startGateway } from '../main.ts';

const TOKEN = 'skein_admin_of_the_test';
const SECRET = ['$', '{secrets.crm}'].join('');

function suite(env: () => Readonly<Record<string, string>>) {
  let folder: string;
  let gateway: RunningGateway;
  let url: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'skein-one-'));
    await writeFile(join(folder, 'skein.yaml'), 'keys: [{ name: default, key: configured }]');
    const port = String(await freePort());
    url = `http://127.0.0.1:${port}`;
    gateway = await startGateway({
      ...{ PORT: port, SKEIN_DATA: join(folder, 'data'), SKEIN_CONFIG: join(folder, 'skein.yaml') },
      ...{ SKEIN_ADMIN_TOKEN: TOKEN, SKEIN_LOG: 'silent', ...env() },
    });
  });
  afterEach(async () => {
    process.emit('SIGTERM');
    expect(await gateway.closed).toBe(0);
    await rm(folder, { recursive: true });
  });

  it('publishes with a secret that was made before it in the same document', { timeout: 60_000 }, async () => {
    const answer = await fetch(`${url}/admin/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify({
        query: `mutation($options: JSON) {
          createTenant(input: { name: "acme", network: ANY }) { errors { message } }
          createSecret(tenant: "acme", input: { name: "crm", value: "s3cr3t-value-1234" }) { errors { message } }
          publishSource(tenant: "acme", input: {
            name: "crm", options: $options, document: { name: "crm.graphql", text: "type Query { customers: Int }" }
          }) { revision { number } errors { path message } }
        }`,
        variables: {
          options: {
            ...{ kind: 'graphql', endpoint: 'http://127.0.0.1:9/graphql', document: 'crm.graphql' },
            headers: { 'x-key': SECRET },
          },
        },
      }),
    });
    expect(await answer.json()).toEqual({
      data: {
        createTenant: { errors: [] },
        createSecret: { errors: [] },
        publishSource: { revision: { number: 1 }, errors: [] },
      },
    });
  });
}

describe('one document of several changes, embedded', () => suite(() => ({})));

describeMongodb('one document of several changes, in MongoDB', (server) => {
  const uri = new URL(server);
  uri.pathname = `/${freshDatabaseName()}`;
  afterEach(async () => {
    const connection = await mongoose.createConnection(uri.href).asPromise();
    await connection.dropDatabase();
    await connection.destroy();
  });
  suite(() => ({ MONGODB_URI: uri.href, SKEIN_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64') }));
});
