import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningGateway, startGateway } from '../../src/main.ts';
import { freePort } from '../utils/free-port.ts';
import { type CliFolder, createCliFolder } from '../utils/run-cli.ts';

const TOKEN = 'skein_admin_of_the_test';

describe('skein audit', () => {
  let folder: CliFolder;
  let gateway: RunningGateway;
  let url: string;
  let token: string;
  const data = () => join(folder.path, 'data');

  const admin = async (query: string) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify({ query }),
    });
    return ((await response.json()) as { data: { made: Record<string, { id: string }> & { secret: string } } }).data
      .made;
  };
  beforeAll(async () => {
    folder = await createCliFolder({ 'skein.yaml': 'keys: [{ name: default, key: configured }]' });
    const port = String(await freePort());
    url = `http://127.0.0.1:${port}/admin/graphql`;
    gateway = await startGateway({
      ...{ PORT: port, SKEIN_DATA: data(), SKEIN_CONFIG: join(folder.path, 'skein.yaml') },
      ...{ SKEIN_ADMIN_TOKEN: TOKEN, SKEIN_LOG: 'silent' },
    });
    await admin('mutation { made: createTenant(input: { name: "acme" }) { tenant { id } } }');
    const { user } = await admin(
      'mutation { made: createUser(tenant: "acme", input: { name: "ann", roles: [ANALYST] }) { user { id } } }',
    );
    const query = `mutation { made: createUserToken(user: "${user?.id}", input: { name: "t" }) { secret } }`;
    token = (await admin(query)).secret;
    await admin('mutation { made: createApp(tenant: "acme", input: { name: "shop" }) { app { id } } }');
  });
  afterAll(async () => {
    process.emit('SIGTERM');
    expect(await gateway.closed).toBe(0);
    await folder.remove();
  });

  const ask = (as: string, ...args: string[]) =>
    folder.run(['audit', ...args, '--url', url], { SKEIN_ADMIN_TOKEN: as });
  const lines = (text: string) =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { action: string; tenant: string; entityName: string });

  it('writes what the caller may see, of a gateway that runs', async () => {
    const all = await ask(TOKEN);
    expect(all).toMatchObject({ code: 0, stderr: '' });
    expect(lines(all.stdout).map(({ action }) => action)).toContain('tenant.create');
    const own = await ask(token);
    expect(own.code).toBe(0);
    expect(new Set(lines(own.stdout).map(({ tenant }) => tenant)).size).toBe(1);
    const made = await ask(TOKEN, '--tenant', 'acme', '--action', 'app.create', '--since', '2020-01-01T00:00:00Z');
    expect(lines(made.stdout)).toMatchObject([{ action: 'app.create', entityName: 'shop' }]);
    const { stdout } = await ask(
      TOKEN,
      '--action',
      'audit.export',
      '--format',
      'csv',
      '--until',
      '2020-01-01T00:00:00Z',
    );
    expect(stdout).toMatch(/^id,tenant,createdAt,action,[^\n]*\r\n$/);
  });

  it('writes the same of the store itself, to a file that is there when it is whole', async () => {
    const env = { SKEIN_DATA: data() };
    const { code, stdout, stderr } = await folder.run(['audit', '--tenant', 'acme', '--output', '@acme.ndjson'], env);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
    const kept = lines(await readFile(join(folder.path, 'acme.ndjson'), 'utf8'));
    expect(kept.map(({ action }) => action)).toContain('app.create');
    const told = await folder.run(['audit', '--action', 'audit.export', '--tenant', 'acme'], env);
    expect(lines(told.stdout).at(-1)).toMatchObject({ actor: 'skein-cli', outcome: 'done' });
    expect(await folder.run(['audit', '--tenant', 'nobody'], env)).toMatchObject({ code: 1, stdout: '' });
  });

  it('tells who is refused, and what cannot be taken', async () => {
    expect(await ask('skein_admin_of_nobody')).toMatchObject({ code: 2, stdout: '' });
    const refused = await ask('skein_admin_of_nobody');
    expect(refused.stderr).toContain('refused with status 401');
    expect(refused.stderr).toContain('SKEIN_ADMIN_TOKEN must be the token of');
    expect(await ask(TOKEN, '--tenant', 'nobody')).toMatchObject({ code: 1, stdout: '' });
    const wrong = await ask(TOKEN, '--since', 'yesterday', '--until', 'now');
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toMatch(/--since: must be a moment.*\n--until: must be a moment/);
    expect((await folder.run(['audit', '--url', url], {})).stderr).toContain('asks who administers');
  });

  it('leaves no file of an export that breaks off', async () => {
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      response.write('{"id":"aud_1"}\n', () => response.destroy());
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const given = ['audit', '--url', at, '--output', '@broken.ndjson'];
    const { code, stderr } = await folder.run(given, { SKEIN_ADMIN_TOKEN: TOKEN });
    expect(code).toBe(2);
    expect(stderr).toContain('What was written is not complete.');
    expect((await readdir(folder.path)).filter((name) => name.startsWith('broken'))).toEqual([]);
    server.close();
  });
});
