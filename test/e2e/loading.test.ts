import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deferred } from '../utils/deferred.ts';

/** Tells of each process that the gateway starts. */
const TELL_PROCESSES = `data:text/javascript,${encodeURIComponent(
  "import { subscribe } from 'node:diagnostics_channel';" +
    "subscribe('child_process', () => process.stderr.write('a process was started\\n'));",
)}`;

function largeDocument(): string {
  const operations = Array.from({ length: 200 }, (_, i) => [
    `/things/${i}`,
    {
      get: {
        operationId: `thing${i}`,
        description: 'One of many things that the company keeps. '.repeat(5),
        responses: { 200: { description: 'ok', content: { 'application/json': { schema: { type: 'string' } } } } },
      },
    },
  ]);
  const paths = Object.fromEntries(operations);
  return JSON.stringify({ openapi: '3.0.3', info: { title: 'Large', version: '1' }, paths });
}

describe('a gateway that serves while a large source comes', () => {
  let folder: string;
  let upstream: Server;
  let child: ChildProcess;
  let url: string;
  let output = '';
  let document: string | undefined;
  const published = deferred();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'skein-loading-'));
    upstream = createServer((request, response) => {
      if (request.url === '/openapi.json') {
        response.writeHead(document === undefined ? 503 : 200).end(document);
        return;
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(request.url));
    });
    await once(upstream.listen(0, '127.0.0.1'), 'listening');
    const address = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    await writeFile(
      join(folder, 'small.json'),
      JSON.stringify({
        openapi: '3.0.3',
        info: { title: 'Small', version: '1' },
        paths: {
          '/hello': {
            get: {
              operationId: 'hello',
              responses: {
                200: { description: 'ok', content: { 'application/json': { schema: { type: 'string' } } } },
              },
            },
          },
        },
      }),
    );
    await writeFile(
      join(folder, 'skein.yaml'),
      JSON.stringify({
        keys: [{ name: 'test', key: 'test' }],
        sources: {
          small: { kind: 'openapi', document: 'small.json', endpoint: address },
          large: { kind: 'openapi', document: `${address}/openapi.json`, endpoint: address },
        },
      }),
    );
    const env = {
      PATH: process.env.PATH ?? '',
      PORT: '0',
      SKEIN_DATA: ':memory:',
      SKEIN_CONFIG: join(folder, 'skein.yaml'),
    };
    child = spawn(process.execPath, ['--import', TELL_PROCESSES, 'dist/src/cli/main.js', 'start'], { env });
    const listening = deferred<string>();
    const read = (chunk: Buffer) => {
      output += String(chunk);
      const match = /GraphQL +(\S+)/.exec(output);
      if (match !== null) listening.resolve(match[1] as string);
      if (output.includes('the source is there, and in the graph')) published.resolve();
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', () => listening.reject(new Error(output)));
    url = await listening.promise;
  });

  afterAll(async () => {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
    upstream.close();
    await rm(folder, { recursive: true });
  });

  const ask = async (query: string) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer test' },
      body: JSON.stringify({ query }),
    });
    return (await response.json()) as { readonly data?: unknown };
  };

  it('serves the others, and compiles in a process of its own what comes', async () => {
    expect(await ask('{ hello }')).toEqual({ data: { hello: '/hello' } });
    expect(await ask('{ thing7 }')).not.toHaveProperty('data');
    expect(output).not.toContain('a process was started');
    document = largeDocument();
    await published.promise;
    expect(await ask('{ hello thing7 }')).toEqual({ data: { hello: '/hello', thing7: '/things/7' } });
    expect(output).toContain('a process was started');
  });
});
