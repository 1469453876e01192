import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSchema, graphql } from 'graphql';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { deferred } from '../utils/deferred.ts';
import { createEventReader } from '../utils/event-reader.ts';

/** An OpenAPI document with one query for each name. */
function openapi(...names: readonly string[]): string {
  const answer = { 200: { description: 'ok', content: { 'application/json': { schema: { type: 'string' } } } } };
  const paths = Object.fromEntries(
    names.map((name) => [`/${name}`, { get: { operationId: name, responses: answer } }]),
  );
  return JSON.stringify({ openapi: '3.0.3', info: { title: 't', version: '1' }, paths });
}

interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly problems?: readonly string[];
  readonly changes?: readonly string[];
  readonly generation?: number;
  readonly breaking?: number;
}

const TICKS = 'type Query { ticked: Int } type Subscription { ticks: Int }';

describe('a gateway whose configuration changes while it serves', () => {
  let folder: string;
  let upstream: Server;
  let address: string;
  let child: ChildProcess;
  let url: string;
  const lines: LogLine[] = [];
  const streams = new Set<ServerResponse>();
  const held: ServerResponse[] = [];
  let serviceSdl = TICKS;

  const write = (name: string, text: string) => writeFile(join(folder, name), text);
  const source = (document: string, more: object = {}) => ({ kind: 'openapi', document, endpoint: address, ...more });
  const ticks = () => ({ kind: 'graphql', endpoint: `${address}/graphql` });
  const configure = (sources: object, more: object = {}) =>
    write('skein.yaml', JSON.stringify({ keys: [{ name: 'test', key: 'test' }], sources, ...more }));
  const ask = async (query: string, key = 'test') => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({ query }),
    });
    return (await response.json()) as { readonly data?: unknown; readonly errors?: readonly { message: string }[] };
  };
  const told = (message: string) => lines.filter(({ msg }) => msg === message);
  const generation = async () => {
    const response = await fetch(url.replace('/graphql', '/readyz'));
    return ((await response.json()) as { readonly generation: number }).generation;
  };
  /** Waits for the swap, which the watcher makes by itself within seconds. */
  const swapped = (after: number) =>
    vi.waitFor(async () => expect(await generation()).toBeGreaterThan(after), { timeout: 20_000, interval: 50 });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'skein-reload-'));
    upstream = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      if (request.url === '/slow') return void held.push(response);
      if (request.url !== '/graphql') {
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(request.url));
        return;
      }
      const { query } = JSON.parse(Buffer.concat(chunks).toString()) as { readonly query: string };
      if (query.startsWith('subscription')) {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
        streams.add(response);
        response.once('close', () => streams.delete(response));
        return;
      }
      const result = await graphql({ schema: buildSchema(serviceSdl), source: query, rootValue: { ticked: 1 } });
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result));
    });
    await once(upstream.listen(0, '127.0.0.1'), 'listening');
    address = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    await write('a.json', openapi('hello', 'slow'));
    await write('b.json', openapi('other'));
    await configure({ a: source('a.json'), ticks: ticks() });
    const env = {
      PATH: process.env.PATH ?? '',
      PORT: '0',
      SKEIN_DATA: ':memory:',
      SKEIN_CONFIG: join(folder, 'skein.yaml'),
    };
    child = spawn(process.execPath, ['dist/src/cli/main.js', 'start'], { env });
    const listening = deferred<string>();
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      output += String(chunk);
      const match = /GraphQL +(\S+)/.exec(output);
      if (match !== null) listening.resolve(match[1] as string);
    });
    let rest = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      const texts = (rest + String(chunk)).split('\n');
      rest = texts.pop() ?? '';
      for (const text of texts) if (text.startsWith('{')) lines.push(JSON.parse(text) as LogLine);
    });
    child.once('exit', () => listening.reject(new Error(output)));
    url = await listening.promise;
  });

  afterAll(async () => {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
    upstream.closeAllConnections();
    upstream.close();
    await rm(folder, { recursive: true });
  });

  it('takes a new source and a changed document, with requests and streams under way untouched', async () => {
    const stream = createEventReader(
      await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: 'Bearer test' },
        body: JSON.stringify({ query: 'subscription { ticks }' }),
      }),
    );
    await vi.waitFor(() => expect(streams.size).toBe(1), { timeout: 5_000 });
    const [upstreamStream] = streams;
    const tick = (count: number) =>
      upstreamStream?.write(`event: next\ndata: ${JSON.stringify({ data: { ticks: count } })}\n\n`);
    tick(1);
    expect(await stream.next()).toEqual({ data: { ticks: 1 } });
    const slow = ask('{ slow }');
    await vi.waitFor(() => expect(held).toHaveLength(1), { timeout: 5_000 });

    const before = await generation();
    await configure({ a: source('a.json'), b: source('b.json'), ticks: ticks() });
    await swapped(before);
    expect(await ask('{ hello other }')).toEqual({ data: { hello: '/hello', other: '/other' } });
    const between = await generation();
    await write('b.json', openapi('another'));
    await swapped(between);
    expect(await ask('{ another }')).toEqual({ data: { another: '/another' } });
    expect((await ask('{ other }')).errors?.[0]?.message).toMatch(/Cannot query field "other"/);
    expect(told('the graph has changed, and clients may break').at(-1)).toMatchObject({
      breaking: 1,
      changes: [expect.stringMatching(/'other' was removed/)],
    });

    held[0]?.writeHead(200, { 'content-type': 'application/json' }).end('"late"');
    expect(await slow).toEqual({ data: { slow: 'late' } });
    tick(2);
    expect(await stream.next()).toEqual({ data: { ticks: 2 } });
    expect(streams.size).toBe(1);
    await stream.close();
    await vi.waitFor(() => expect(streams.size).toBe(0), { timeout: 5_000 });
  });

  it('keeps the old graph when the change is wrong, says why at its line, and takes it once it is right', async () => {
    const before = await generation();
    await configure({ a: source('missing.json'), b: source('b.json'), ticks: ticks() }, { linsk: {} });
    await vi.waitFor(() => expect(told('the change is not taken: the graph stays as it was')).toHaveLength(1), {
      timeout: 20_000,
      interval: 50,
    });
    const { problems } = told('the change is not taken: the graph stays as it was')[0] as LogLine;
    expect(problems?.join('\n')).toMatch(/skein\.yaml:1:\d+ .*missing\.json/);
    expect(problems?.join('\n')).toMatch(/linsk/);
    expect(await generation()).toBe(before);
    expect(await ask('{ hello another }')).toEqual({ data: { hello: '/hello', another: '/another' } });
    await configure({
      a: source('a.json'),
      b: source('b.json', { operations: { another: { name: 'renamed' } } }),
      ticks: ticks(),
    });
    await swapped(before);
    expect(await ask('{ hello renamed }')).toEqual({ data: { hello: '/hello', renamed: '/another' } });
  });

  it('does not give up a source that serves for one that cannot be reached', async () => {
    const before = await generation();
    const count = told('the change is not taken: the graph stays as it was').length;
    await configure({ a: source('http://127.0.0.1:1/a.json'), b: source('b.json'), ticks: ticks() });
    await vi.waitFor(() => expect(told('the change is not taken: the graph stays as it was')).toHaveLength(count + 1), {
      timeout: 20_000,
      interval: 50,
    });
    expect(told('the change is not taken: the graph stays as it was').at(-1)?.problems?.[0]).toMatch(
      /The source serves now, and could not with this change/,
    );
    expect(await generation()).toBe(before);
    expect(await ask('{ hello }')).toEqual({ data: { hello: '/hello' } });
  });

  it('takes new keys and limits from the next request on', async () => {
    const before = await generation();
    await configure(
      { a: source('a.json'), b: source('b.json'), ticks: ticks() },
      { keys: [{ name: 'new', key: 'new-key' }], limits: { fields: 1 } },
    );
    await swapped(before);
    expect((await ask('{ hello }', 'new-key')).data).toEqual({ hello: '/hello' });
    expect((await ask('{ hello }')).errors?.[0]?.message).toBe('The API key is not valid.');
    expect((await ask('{ hello another }', 'new-key')).errors?.[0]?.message).toMatch(/more than 1 fields/);
    await configure({ a: source('a.json'), b: source('b.json'), ticks: ticks() });
    await swapped(before + 1);
  });

  it('asks services again for what they offer at SIGHUP, and does nothing when they offer the same', async () => {
    const before = await generation();
    child.kill('SIGHUP');
    serviceSdl = 'type Query { ticked: Int counted: Int } type Subscription { ticks: Int }';
    child.kill('SIGHUP');
    await swapped(before);
    expect(await ask('{ ticked counted }')).toEqual({ data: { ticked: 1, counted: null } });
    expect(await generation()).toBe(before + 1);
  });
});
