import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { deferred } from '../utils/deferred.ts';
import { startRedis } from '../utils/redis-server.ts';

const ASKED = 200;
const LIMIT = 100;

const redis = await startRedis();

const DOCUMENT = JSON.stringify({
  openapi: '3.0.3',
  info: { title: 't', version: '1' },
  paths: {
    '/hello': {
      get: {
        operationId: 'hello',
        responses: { 200: { description: 'ok', content: { 'application/json': { schema: { type: 'string' } } } } },
      },
    },
  },
});

async function startInstance(config: string): Promise<{ url: string; child: ChildProcess }> {
  const env = { PATH: process.env.PATH ?? '', PORT: '0', SKEIN_DATA: ':memory:', SKEIN_CONFIG: config };
  const child = spawn(process.execPath, ['dist/src/cli/main.js', 'start'], { env });
  const listening = deferred<string>();
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += String(chunk);
    const match = /GraphQL +(\S+)/.exec(output);
    if (match !== null) listening.resolve(match[1] as string);
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    output += String(chunk);
  });
  child.once('exit', () => listening.reject(new Error(output)));
  return { url: await listening.promise, child };
}

it.runIf(redis !== undefined)(
  'of 200 that ask two processes at once, exactly the limit gets an answer, and a changed limit holds with the next request',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'skein-rates-'));
    const upstream = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('"world"');
    });
    await once(upstream.listen(0, '127.0.0.1'), 'listening');
    const endpoint = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    const config = join(folder, 'skein.yaml');
    const prefix = `test-${randomUUID()}`;
    const configure = (limit: number) =>
      writeFile(
        config,
        JSON.stringify({
          keys: [{ name: 'test', key: 'test', rates: [{ limit, windowSeconds: 3_600 }] }],
          rates: { store: redis?.url, prefix, waitMs: 5_000 },
          sources: { api: { kind: 'openapi', document: 'api.json', endpoint } },
        }),
      );
    await writeFile(join(folder, 'api.json'), DOCUMENT);
    await configure(LIMIT);
    const instances = await Promise.all([startInstance(config), startInstance(config)]);

    const ask = async (index: number): Promise<number> => {
      const response = await fetch(instances[index % 2]?.url ?? '', {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: 'Bearer test' },
        body: JSON.stringify({ query: '{ hello }' }),
      });
      await response.arrayBuffer();
      return response.status;
    };
    const statuses = await Promise.all(Array.from({ length: ASKED }, (_, index) => ask(index)));
    expect(statuses.filter((status) => status === 200)).toHaveLength(LIMIT);
    expect(statuses.filter((status) => status === 429)).toHaveLength(ASKED - LIMIT);

    await configure(LIMIT + 2);
    await expect.poll(() => ask(0), { timeout: 15_000 }).toBe(200);
    await expect.poll(() => ask(1), { timeout: 15_000 }).toBe(200);
    expect([await ask(0), await ask(1)]).toEqual([429, 429]);

    for (const { child } of instances) {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      expect((await exited)[0]).toBe(0);
    }
    upstream.closeAllConnections();
    upstream.close();
    await rm(folder, { recursive: true });
    await redis?.stop();
  },
  60_000,
);
