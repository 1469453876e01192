import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Log, silentLog, systemClock } from '../../kernel/ports.ts';
import { createGateway, type Gateway } from '../../src/gateway.ts';
import { loadGraph } from '../../src/graph/load-graph.ts';
import type { GatewayStatus } from '../../src/http/status.ts';
import { createLiveSettings } from '../../src/live-settings.ts';

const answer = { 200: { description: 'ok', content: { 'application/json': { schema: { type: 'string' } } } } };
const DOCUMENT = JSON.stringify({
  openapi: '3.0.3',
  info: { title: 't', version: '1' },
  paths: { '/hello': { get: { operationId: 'hello', responses: answer } } },
});

describe('the state of a gateway', () => {
  const backends: { server: Server; asked: number; status: number }[] = [];
  const warnings: Record<string, unknown>[] = [];
  let folder: string;
  let gateway: Gateway;
  let url: string;

  async function startBackend() {
    const backend = { server: createServer(), asked: 0, status: 200 };
    backend.server.on('request', (_request, response) => {
      backend.asked += 1;
      response.writeHead(backend.status, { 'content-type': 'application/json' }).end('"hi"');
    });
    await once(backend.server.listen(0, '127.0.0.1'), 'listening');
    backends.push(backend);
    return `http://127.0.0.1:${(backend.server.address() as AddressInfo).port}`;
  }
  const ask = async () => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer user-key' },
      body: JSON.stringify({ query: '{ hello }' }),
    });
    return (await response.json()) as {
      readonly data?: { readonly hello: string | null };
      readonly errors?: readonly { readonly extensions: { readonly code: string; readonly retryAfterMs?: number } }[];
    };
  };
  const statusOf = async (key: string) => {
    const response = await fetch(`${url}/status`, { headers: { authorization: `Bearer ${key}` } });
    return { status: response.status, body: (await response.json()) as GatewayStatus };
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'skein-status-'));
    const [first, second] = [await startBackend(), await startBackend()];
    await writeFile(join(folder, 'hello.json'), DOCUMENT);
    await writeFile(join(folder, 'asleep.graphql'), 'type Query { sleeps: Boolean }');
    await writeFile(
      join(folder, 'skein.yaml'),
      JSON.stringify({
        keys: [
          { name: 'user', key: 'user-key' },
          { name: 'operator', key: 'operator-key', operator: true },
        ],
        sources: {
          hello: {
            kind: 'openapi',
            document: 'hello.json',
            endpoint: first.replace('//', '//user:secret@'),
            headers: { 'x-key': 'hidden-key' },
            upstream: { endpoints: [second], breaker: { failures: 3, openMs: 60_000 } },
          },
          gone: { kind: 'graphql', endpoint: 'http://127.0.0.1:1/graphql' },
          asleep: { kind: 'graphql', endpoint: 'http://127.0.0.1:1/graphql', document: 'asleep.graphql' },
        },
      }),
    );
    const log: Log = { ...silentLog, warn: (fields, message) => warnings.push({ ...fields, message }) };
    const { graph, reading } = await loadGraph({ SKEIN_CONFIG: join(folder, 'skein.yaml') }, { log });
    if (graph === undefined) throw new Error('no graph');
    await graph.probe();
    const { keyring, limits, cors } = createLiveSettings(reading.config);
    gateway = createGateway({
      ...{ graph, keyring, limits, cors, log, clock: systemClock },
      graphiql: { developmentKey: undefined, defaultQuery: '' },
      ids: { next: randomUUID },
    });
    const { port } = await gateway.listen(0, '127.0.0.1');
    url = `http://127.0.0.1:${port}`;
  });
  afterAll(async () => {
    await gateway.close();
    for (const { server } of backends) server.closeAllConnections();
    for (const { server } of backends) server.close();
    await rm(folder, { recursive: true });
  });

  it('is for operators alone, and tells no secrets', async () => {
    expect((await statusOf('wrong')).status).toBe(401);
    expect(await statusOf('user-key')).toMatchObject({
      status: 403,
      body: { errors: [{ extensions: { code: 'FORBIDDEN' } }] },
    });
    const { status, body } = await statusOf('operator-key');
    expect(status).toBe(200);
    expect(body).toMatchObject({ generation: 1, generationsInUse: [1], requests: 0, streams: 0 });
    expect(body.sources.map(({ name, inGraph }) => [name, inGraph])).toEqual([
      ['hello', true],
      ['gone', false],
      ['asleep', true],
    ]);
    // Of one that is in the graph its upstream tells how it is now; at start, it was asked once.
    expect(body.sources.map(({ reason }) => reason)).toEqual([
      undefined,
      expect.stringMatching(/ECONNREFUSED/),
      undefined,
    ]);
    expect(JSON.stringify(body)).not.toMatch(/secret|hidden-key|user-key/);
  });

  it('shows how calls are spread, and which endpoint is left alone; the log says so once', async () => {
    const [ill, well] = backends;
    if (ill === undefined || well === undefined) throw new Error('unreachable');
    for (let i = 0; i < 4; i += 1) expect((await ask()).data?.hello).toBe('hi');
    expect([ill.asked, well.asked]).toEqual([2, 2]);
    ill.status = 500;
    // Each that fails is sent again, to the other.
    for (let i = 0; i < 12; i += 1) expect((await ask()).data?.hello).toBe('hi');
    expect(ill.asked).toBe(2 + 3);
    const { body } = await statusOf('operator-key');
    expect(body.sources[0]?.upstream).toMatchObject({
      retries: 3,
      endpoints: [
        { breaker: 'open', calls: 5, failures: 3, lastFailure: 'HTTP 500', active: 0 },
        { breaker: 'closed', failures: 0, active: 0 },
      ],
    });
    expect(
      warnings.filter(({ message }) => message === 'An endpoint keeps failing and is left alone for a while.'),
    ).toEqual([expect.objectContaining({ source: 'hello', lastFailure: 'HTTP 500' })]);
  });

  it('refuses calls at once when no endpoint is left, and says when to come again', async () => {
    const [, well] = backends;
    if (well === undefined) throw new Error('unreachable');
    well.status = 503;
    const codes: (string | undefined)[] = [];
    for (let i = 0; i < 5; i += 1) codes.push((await ask()).errors?.[0]?.extensions.code);
    const asked = well.asked;
    const { errors } = await ask();
    expect(codes).toContain('UPSTREAM_FAILED');
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', source: 'hello' });
    expect(errors?.[0]?.extensions.retryAfterMs).toBeGreaterThan(50_000);
    expect(well.asked).toBe(asked);
  });
});
