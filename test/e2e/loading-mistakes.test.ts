import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server as GrpcServer, type ServerDuplexStream } from '@grpc/grpc-js';
import { buildSchema, graphql } from 'graphql';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Log, silentLog } from '../../kernel/ports.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { loadGraph } from '../../src/graph/load-graph.ts';
import { createReadiness } from '../../src/http/readiness.ts';
import { bindServer } from '../utils/grpc-server.ts';
import { type CliFolder, createCliFolder } from '../utils/run-cli.ts';

const FEDERATION = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])\n';
const HELLO = openapi('hello');

function openapi(...operations: readonly string[]): string {
  const answer = { 200: { description: 'ok', content: { 'application/json': { schema: { type: 'string' } } } } };
  const paths = operations.map((operationId) => [`/${operationId}`, { get: { operationId, responses: answer } }]);
  return JSON.stringify({ openapi: '3.0.3', info: { title: 't', version: '1' }, paths: Object.fromEntries(paths) });
}

/** A server that answers each path with a text, which tests change; of GraphQL, it answers what the SDL says. */
const texts = new Map<string, string>();
let server: Server;
let address: string;
let folder: string;
let cli: CliFolder;
const opened: Graph[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skein-mistakes-'));
  cli = await createCliFolder({ 'hello.json': HELLO });
  await writeFile(join(folder, 'hello.json'), HELLO);
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = texts.get(request.url ?? '');
    response.setHeader('content-type', 'application/json');
    if (text === undefined) response.writeHead(404).end('{}');
    else if (!text.startsWith('type Query') || request.method === 'GET') response.end(text);
    else {
      const { query } = JSON.parse(Buffer.concat(chunks).toString()) as { readonly query: string };
      response.end(JSON.stringify(await graphql({ schema: buildSchema(text), source: query, rootValue: { late: 1 } })));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  for (const graph of opened.splice(0)) await graph.dispose();
  texts.clear();
});
afterAll(async () => {
  server.close();
  await Promise.all([rm(folder, { recursive: true }), cli.remove()]);
});

type Sources = Readonly<Record<string, object>>;
const hello = { kind: 'openapi', document: 'hello.json', endpoint: 'http://127.0.0.1:1' };
const subgraph = (path: string) => ({ kind: 'federation', endpoint: `${address}${path}` });
const rest = (path: string) => ({ kind: 'openapi', document: `${address}${path}`, endpoint: address });
const sdl = (text: string) => JSON.stringify({ data: { _service: { sdl: FEDERATION + text } } });

interface Line {
  readonly source?: string;
  readonly problems?: readonly string[];
  readonly message: string;
}

async function load(sources: Sources, more: object = {}) {
  await writeFile(join(folder, 'skein.yaml'), JSON.stringify({ sources, ...more }));
  const errors: Line[] = [];
  const log: Log = { ...silentLog, error: (fields, message) => errors.push({ ...fields, message }) };
  const { graph, problems } = await loadGraph({ SKEIN_CONFIG: join(folder, 'skein.yaml') }, { log });
  if (graph !== undefined) opened.push(graph);
  return { graph, problems, errors, fields: () => fieldsOf(graph) };
}

const fieldsOf = (graph: Graph | undefined) =>
  Object.keys(graph?.registry.current()?.schema.getQueryType()?.getFields() ?? {}).sort();

async function validate(sources: Sources) {
  await cli.write('skein.yaml', JSON.stringify({ sources }));
  const { code, stdout } = await cli.run(['validate', '--format', 'json']);
  const { ok, problems } = JSON.parse(stdout) as { ok: boolean; problems: { source?: string; message: string }[] };
  return { code, ok, sources: [...new Set(problems.map(({ source }) => source))], problems };
}

/** Says by reflection that it has a service, whose definition is no definition. */
async function babbler() {
  const babble = new GrpcServer();
  const identity = (bytes: Buffer) => bytes;
  const answers = ['32050a030a0153', '22040a02ffff'].map((hex) => Buffer.from(hex, 'hex'));
  const method = {
    path: '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
    requestStream: true,
    responseStream: true,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  };
  const handler = (call: ServerDuplexStream<Buffer, Buffer>) => {
    let count = 0;
    call.on('data', () => call.write(answers[Math.min(count++, 1)] as Buffer));
    call.on('end', () => call.end());
  };
  babble.addService({ Info: method }, { Info: handler });
  return bindServer(babble);
}

describe('a service that says of itself what makes no sense', () => {
  const KINDS: Readonly<Record<string, readonly [text: string, options: () => object]>> = {
    'openapi, with a document that is none': ['<html>down for maintenance</html>', () => rest('/x')],
    'openapi, with a document without operations': [openapi(), () => rest('/x')],
    'soap, with a WSDL cut off': [
      '<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"><types>',
      () => ({ kind: 'soap', document: `${address}/x`, endpoint: address }),
    ],
    'graphql, with an introspection of types that are not there': [
      JSON.stringify({ data: { __schema: { queryType: { name: 'Query' }, types: [], directives: [] } } }),
      () => ({ kind: 'graphql', endpoint: `${address}/x` }),
    ],
    'graphql, with a page': ['<html>', () => ({ kind: 'graphql', endpoint: `${address}/x` })],
    'federation, with SDL that is none': [sdl('type Query {'), () => subgraph('/x')],
    'federation, without SDL': ['{"data":{"_service":{}}}', () => subgraph('/x')],
  };

  it.each(Object.entries(KINDS))('is left out, and the rest serves: %s', async (_kind, [text, options]) => {
    texts.set('/x', text);
    const sources = { hello, wrong: options() };
    const { graph, fields, errors } = await load(sources);
    expect(fields()).toEqual(['hello']);
    expect(errors).toEqual([
      { source: 'wrong', problems: expect.any(Array), message: expect.stringContaining('left out') },
    ]);
    expect(errors[0]?.problems).not.toHaveLength(0);
    const state = graph?.states().find(({ name }) => name === 'wrong');
    expect(state).toMatchObject({ inGraph: false, failed: expect.any(String), unreachable: undefined });
    expect(graph && createReadiness(graph)()).toEqual({ ready: true, generation: 1, failed: ['wrong'] });
    expect(await validate(sources)).toMatchObject({ code: 1, ok: false, sources: ['wrong'] });
  });

  it('is left out where it is a gRPC server that babbles by reflection', async () => {
    const babble = await babbler();
    const sources = { hello, wrong: { kind: 'grpc', endpoint: babble.endpoint } };
    const { fields, errors } = await load(sources);
    expect(fields()).toEqual(['hello']);
    expect(errors).toMatchObject([{ source: 'wrong' }]);
    expect(await validate(sources)).toMatchObject({ code: 1, sources: ['wrong'] });
    babble.stop();
  });

  it('waits with the links to it, and joins when it says what makes sense', async () => {
    texts.set('/late', '{"data":{"__schema":"later"}}');
    await writeFile(join(folder, 'shop.graphql'), 'type Query { shop: Shop } type Shop { id: Int }');
    const { graph, fields, errors } = await load(
      {
        shop: { kind: 'graphql', document: 'shop.graphql', endpoint: address },
        late: { kind: 'graphql', endpoint: `${address}/late` },
      },
      { links: { 'Shop.linked': { call: 'late.late', args: { id: '$parent.id' } } } },
    );
    expect(fields()).toEqual(['shop']);
    expect(graph?.uncheckedLinks()).toEqual(['Shop.linked']);
    texts.set('/late', 'type Query { late(id: Int): Int }');
    await vi.waitFor(() => expect(fields()).toEqual(['late', 'shop']), { timeout: 20_000, interval: 20 });
    expect(graph?.missing()).toEqual([]);
    expect(graph?.uncheckedLinks()).toEqual([]);
    expect(graph?.states().find(({ name }) => name === 'late')).toMatchObject({ inGraph: true, failed: undefined });
    expect(errors).toHaveLength(1);
  });

  it('is told with all else when the operator made a mistake, too, which refuses the start', async () => {
    texts.set('/x', 'nothing');
    texts.set('/y', HELLO);
    const { graph, problems } = await load({
      wrong: rest('/x'),
      fine: { ...rest('/y'), operations: { helo: { as: 'mutation' } } },
    });
    expect(graph).toBeUndefined();
    expect(problems.map(({ path }) => path?.slice(0, 3))).toEqual([
      ['sources', 'fine', 'operations'],
      ['sources', 'wrong', ...(problems[1]?.path?.slice(2, 3) ?? [])],
    ]);
  });
});

describe('services that make sense, but not together', () => {
  const USERS = 'type Query { users: [User] } type User @key(fields: "id") { id: ID! name: String }';

  it('leave out the last that the composer names, with its words', async () => {
    texts.set('/users', sdl(USERS));
    texts.set('/names', sdl('type Query { names: [User] } type User @key(fields: "id") { id: ID! name: String }'));
    texts.set('/other', HELLO.replaceAll('hello', 'other'));
    const sources = { hello, users: subgraph('/users'), names: subgraph('/names'), other: rest('/other') };
    const { graph, fields, errors } = await load(sources);
    expect(fields()).toEqual(['hello', 'other', 'users']);
    expect(errors).toMatchObject([{ source: 'names', problems: [expect.stringContaining('INVALID_FIELD_SHARING')] }]);
    expect(graph?.missing()).toEqual([{ name: 'names', hasFailed: true }]);
    expect(await validate(sources)).toMatchObject({ code: 1, sources: ['names'] });
  });

  it('leave out REST services, too, where a file has what they have', async () => {
    texts.set('/hello', openapi('hello', 'more'));
    const sources = { again: rest('/hello'), hello };
    const { fields, errors } = await load(sources);
    expect(fields()).toEqual(['hello']);
    expect(errors).toMatchObject([{ source: 'again' }]);
    expect(await validate(sources)).toMatchObject({ code: 1, sources: ['again'] });
  });

  it('join together when they need each other', async () => {
    const users = USERS.replace('name: String', 'name: String @external tag: String @requires(fields: "name")');
    texts.set('/users', sdl(users).replace('[\\"@key\\"]', '[\\"@key\\", \\"@external\\", \\"@requires\\"]'));
    texts.set('/names', '<html>');
    const { fields, errors } = await load({ hello, users: subgraph('/users'), names: subgraph('/names') });
    expect(fields()).toEqual(['hello']);
    expect(errors.map(({ source }) => source).sort()).toEqual(['names', 'users']);
    texts.set('/names', sdl('type User @key(fields: "id") { id: ID! name: String }'));
    await vi.waitFor(() => expect(fields()).toEqual(['hello', 'users']), { timeout: 20_000, interval: 20 });
  });

  it('throw out none that serves when one comes that does not fit, and are told so once', async () => {
    texts.set('/hello', 'not yet');
    const { graph, fields, errors } = await load({ hello, again: rest('/hello') });
    texts.set('/hello', openapi('hello', 'more'));
    await vi.waitFor(() => expect(errors).toHaveLength(2), { timeout: 20_000, interval: 20 });
    expect(errors[1]).toMatchObject({ source: 'again', message: expect.stringContaining('does not fit') });
    expect(fields()).toEqual(['hello']);
    expect(graph?.registry.current()?.number).toBe(1);
    texts.set('/hello', openapi('more'));
    await vi.waitFor(() => expect(fields()).toEqual(['hello', 'more']), { timeout: 20_000, interval: 20 });
  });

  it('are refused as before where files do not fit', async () => {
    texts.set('/zebra', HELLO.replaceAll('hello', 'zebra'));
    const { graph, problems } = await load({ hello, again: hello, zebra: rest('/zebra') });
    expect(graph).toBeUndefined();
    expect(problems).not.toHaveLength(0);
    expect(JSON.stringify(problems)).not.toContain('zebra');
  });
});
