import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { buildSchema } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { contextOf, fixture, sourceOf, startServer, unary } from '../../test/utils/grpc-server.ts';
import { scanImports } from './scan-imports.ts';

const NOWHERE = '127.0.0.1:1';

describe('a hostile or broken .proto file', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'skein-hostile-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function load(text: string): Promise<{ sdl: string; problems: readonly Problem[]; notices: string[] }> {
    const path = join(folder, 'a.proto');
    await writeFile(path, text);
    try {
      const { source, problems } = await sourceOf(path, NOWHERE);
      await source.dispose();
      const notices = source.model.notices ?? [];
      return { sdl: source.model.sdl, problems, notices: notices.map(({ message }) => message) };
    } catch (error) {
      if (error instanceof ProblemsError) return { sdl: '', problems: error.problems, notices: [] };
      throw error;
    }
  }

  it('gets all of its missing imports told, with line and what was meant', async () => {
    await writeFile(join(folder, 'money.proto'), 'syntax = "proto3"; message Money {}');
    const { problems } = await load(`syntax = "proto3";
      /* import "commented.proto"; */ // import "commented.proto";
      import "monye.proto";
      import public 'other/thing.proto';
      import "google/api/annotations.proto";
      option java_package = "import \\"quoted.proto\\"";
      import "constructor";
      message A {}
      service S { rpc Get(A) returns (A); }`);
    expect(
      problems.map(({ message, line, suggestion }) => [/"(.*)"/.exec(message)?.[1], line, suggestion]).sort(),
    ).toEqual([
      ['constructor', 7, 'Add the folder it is in to includeDirs.'],
      ['monye.proto', 3, 'Did you mean "money.proto"?'],
      ['other/thing.proto', 4, 'Add the folder it is in to includeDirs.'],
    ]);
  });

  it('gets all types told that it does not define, and the import that would', async () => {
    const { problems } = await load(`syntax = "proto3";
      import "google/api/httpbody.proto";
      message Stock { Missing a = 1; repeated Wrong b = 2; map<string, Lost> c = 3; Missing d = 4; }
      service S {
        rpc Get(Stock) returns (Stok);
        rpc Raw(Stock) returns (google.api.HttpBody);
      }`);
    expect(problems.map(({ message, line }) => [/"(.*?)"/.exec(message)?.[1], line])).toEqual([
      ['google/api/httpbody.proto', 2],
      ['Missing', 3],
      ['Wrong', 3],
      ['Lost', 3],
      ['Stok', 5],
      ['google.api.HttpBody', 6],
    ]);
    expect(problems.at(-2)?.suggestion).toBe('Did you mean "Stock"?');
  });

  it.each([
    ['nested too deep', `syntax = "proto3"; ${'message A { '.repeat(5_000)}${'}'.repeat(5_000)}`],
    ['cut off', 'syntax = "proto3"; message A {'],
    ['no text', '\0\u0001\u0002'],
    ['of an edition that nobody knows', 'edition = "2999"; message A {}'],
    ['with two fields of a number', 'syntax = "proto3"; message A { string a = 1; string b = 1; }'],
    ['with two messages of a name', 'syntax = "proto3"; message A {} message A {}'],
    ['of quotes', `syntax = "proto3"; ${'"\\'.repeat(100_000)}`],
    ['of comments that never end', '/*'.repeat(200_000)],
    ['without services', 'syntax = "proto3"; message A {}'],
  ])('that is %s is told with its file', async (_, text) => {
    const { problems } = await load(text);
    expect(problems).toMatchObject([{ file: join(folder, 'a.proto') }]);
  });

  it('that is larger than can be is not read', async () => {
    const { problems } = await load(' '.repeat(4_194_305));
    expect(problems).toMatchObject([{ message: expect.stringContaining('larger than 4194304 bytes') }]);
  });

  it('with 10,000 messages, names that collide and fields that are called alike, is a graph', async () => {
    const messages = Array.from({ length: 10_000 }, (_, index) => {
      const next = (index + 1) % 10_000;
      return `message P${index} { message Item { P${next}.Item next = 1; string foo_bar = 2; string fooBar = 3; } }`;
    });
    const { sdl, problems, notices } = await load(
      `syntax = "proto3"; package p; ${messages.join('\n')} service S { rpc Get(P0.Item) returns (P0.Item); }`,
    );
    expect(problems).toEqual([]);
    expect(sdl.match(/^type P\d+Item /gm)).toHaveLength(10_000);
    expect(sdl).toContain('type P7Item {\n  next: P8Item\n  fooBar: String!\n  fooBar_2: String!\n}');
    expect(notices).toContain('The field fooBar of p.P0.Item is called fooBar_2: another one has the name fooBar.');
  });

  it('with names that GraphQL or JavaScript have for themselves is a graph', async () => {
    const { sdl, problems } = await load(`syntax = "proto3";
      message Query { string __proto = 1; string constructor = 2; Mutation toString = 3; String hasOwnProperty = 4; }
      message Mutation { enum JSON { null = 0; true = 1; __x = 2; _1 = 3; } JSON value = 1; }
      message String { string a = 1; }
      message __Hidden { Query query = 1; }
      service S {
        rpc Get(Query) returns (Query);
        rpc __typename(Query) returns (__Hidden);
        rpc constructor(Mutation) returns (Mutation);
      }`);
    expect(problems).toEqual([]);
    expect(() => buildSchema(sdl)).not.toThrow();
    expect(sdl).toContain('enum MutationJSON {\n  null_\n  true_\n  x_\n  _1\n}');
  });

  it('has its imports found in time in proportion to its length', () => {
    for (const part of ['/*', '"\\"', "'", 'import ', '"\n', '//', 'import "']) {
      expect(scanImports(part.repeat(300_000)).length).toBeLessThanOrEqual(300_000);
    }
  });
});

describe('methods of one name', () => {
  it('get their services and packages before them, and say so', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'skein-names-'));
    const service = (name: string) =>
      `service ${name} { rpc GetItem(Item) returns (Item); rpc Own${name}(Item) returns (Item); }`;
    await writeFile(
      join(folder, 'b.proto'),
      `syntax = "proto3"; package shop.v2; message Item { string b = 1; } ${service('Store')}`,
    );
    await writeFile(
      join(folder, 'a.proto'),
      `syntax = "proto3"; package shop.v1; import "b.proto"; message Item { string a = 1; } ${service('Store')} ${service('Depot')}`,
    );
    await writeFile(join(folder, 'all.proto'), 'syntax = "proto3"; import "a.proto"; import "b.proto";');
    const { source, problems } = await sourceOf(join(folder, 'all.proto'), NOWHERE, {
      operations: { 'shop.v1.Depot.OwnDepot': { name: 'mine', as: 'query' } },
      exclude: { operations: ['shop.v2.**.Own*'] },
    });
    expect(problems).toEqual([]);
    expect([...source.model.calls.keys()].sort()).toEqual([
      'Mutation.ownStore',
      'Query.depotGetItem',
      'Query.mine',
      'Query.v1StoreGetItem',
      'Query.v2StoreGetItem',
    ]);
    expect(source.model.notices?.map(({ message }) => message)).toEqual([
      'The method shop.v1.Store.GetItem is called Query.v1StoreGetItem: other methods have its name.',
      'The method shop.v1.Depot.GetItem is called Query.depotGetItem: other methods have its name.',
      'The method shop.v2.Store.GetItem is called Query.v2StoreGetItem: other methods have its name.',
      'Several things are called Item: shop.v1.Item is V1Item, shop.v2.Item is V2Item.',
    ]);
    await source.dispose();
    const only = { include: { tags: ['shop.v1.*'] }, exclude: { operations: ['own*'] } };
    const { source: filtered } = await sourceOf(join(folder, 'all.proto'), NOWHERE, only);
    expect([...filtered.model.calls.keys()]).toEqual(['Query.storeGetItem', 'Query.depotGetItem']);
    await filtered.dispose();
    await rm(folder, { recursive: true });
  });

  it('are nothing when all are filtered out', async () => {
    const failure = sourceOf(fixture('shop.proto'), NOWHERE, { include: { tags: ['other.*'] } });
    await expect(failure).rejects.toMatchObject({
      problems: [{ message: 'The document has no method that can be offered.', file: fixture('shop.proto') }],
    });
  });
});

describe('a hostile answer', () => {
  it('that is too deep is refused', async () => {
    let deep = Buffer.alloc(0);
    for (let depth = 0; depth < 3_000; depth += 1) {
      const { length } = deep;
      const size = length < 128 ? [length] : [(length & 0x7f) | 0x80, (length >> 7) & 0x7f];
      // Field 34, `again`.
      deep = Buffer.concat([Buffer.from([0x92, 0x02, ...size]), deep]);
    }
    const handler = (_call: ServerUnaryCall<unknown, unknown>, callback: sendUnaryData<unknown>) =>
      callback(null, deep);
    const server = await startServer(fixture('shop.proto'), 'shop.v1.Warehouse', { GetEverything: handler });
    const { source } = await sourceOf(fixture('shop.proto'), server.endpoint);
    const call = unary(source, 'Query.everything');
    await expect(call.invoke({}, contextOf())).rejects.toMatchObject({ code: 'UPSTREAM_BAD_RESPONSE' });
    let again: object = {};
    for (let depth = 0; depth < 3_000; depth += 1) again = { again };
    await expect(call.invoke({ again }, contextOf())).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    await source.dispose();
    server.stop();
  });

  it('of countless empty messages is too large long before its bytes are', async () => {
    // Field 25, `nested_list`, of no bytes.
    const empty = Buffer.from([0xca, 0x01, 0x00]);
    let count = 0;
    const handler = (_call: ServerUnaryCall<unknown, unknown>, callback: sendUnaryData<unknown>) =>
      callback(null, Buffer.concat(Array(count).fill(empty)));
    const server = await startServer(fixture('shop.proto'), 'shop.v1.Warehouse', { GetEverything: handler });
    const { source } = await sourceOf(fixture('shop.proto'), server.endpoint, { maxResponseBytes: 16_000 });
    const call = unary(source, 'Query.everything');
    // The answer itself is a message.
    count = 999;
    await expect(call.invoke({}, contextOf())).resolves.toMatchObject({ nestedList: Array(999).fill({ name: '' }) });
    count = 1_000;
    await expect(call.invoke({}, contextOf())).rejects.toMatchObject({ code: 'UPSTREAM_RESPONSE_TOO_LARGE' });
    await source.dispose();
    server.stop();
  });

  it('counts the messages of a map, those that are not even there as well', async () => {
    // Field 21, `items`: entries of nothing but a key of two bytes.
    const entries = (count: number) =>
      Buffer.concat(
        Array.from({ length: count }, (_, key) => Buffer.from([0xaa, 0x01, 3, 0x08, 0x80 | (key & 0x7f), key >> 7])),
      );
    let answer: Buffer = Buffer.alloc(0);
    const echo = (_call: ServerUnaryCall<unknown, unknown>, callback: sendUnaryData<unknown>) => callback(null, answer);
    const server = await startServer(fixture('values.proto'), 'values.Values', { Echo: echo });
    const { source } = await sourceOf(fixture('values.proto'), server.endpoint, { maxResponseBytes: 16_000 });
    const call = unary(source, 'Mutation.echo');
    answer = entries(999);
    await expect(call.invoke({}, contextOf())).resolves.toMatchObject({
      items: { 0: { name: '' }, 998: { name: '' } },
    });
    answer = entries(1_000);
    await expect(call.invoke({}, contextOf())).rejects.toMatchObject({ code: 'UPSTREAM_RESPONSE_TOO_LARGE' });
    await source.dispose();
    server.stop();
  });

  it('counts what is packed in it, all of it together, and is read as strictly there', async () => {
    const any = (bytes: Buffer) => {
      const type = Buffer.from('x/values.Item');
      const packed = Buffer.concat([Buffer.from([0x0a, type.length]), type, lengthDelimited(0x12, bytes)]);
      // Field 5, `anys`.
      return lengthDelimited(0x2a, packed);
    };
    // Field 3 of an Item, `parts`, of no bytes.
    const parts = (count: number) => Buffer.concat(Array(count).fill(Buffer.from([0x1a, 0x00])));
    let answer: Buffer = Buffer.alloc(0);
    const echo = (_call: ServerUnaryCall<unknown, unknown>, callback: sendUnaryData<unknown>) => callback(null, answer);
    const server = await startServer(fixture('values.proto'), 'values.Values', { Echo: echo });
    const { source } = await sourceOf(fixture('values.proto'), server.endpoint, { maxResponseBytes: 16_000 });
    const call = unary(source, 'Mutation.echo');
    // The answer, two of Any and two items are messages too.
    answer = Buffer.concat([any(parts(500)), any(parts(495))]);
    await expect(call.invoke({}, contextOf())).resolves.toMatchObject({ anys: [{ parts: Array(500).fill({}) }, {}] });
    answer = Buffer.concat([any(parts(500)), any(parts(496))]);
    await expect(call.invoke({}, contextOf())).rejects.toMatchObject({ code: 'UPSTREAM_RESPONSE_TOO_LARGE' });
    // A name of nine bytes, of which one is there.
    answer = any(Buffer.from([0x0a, 9, 65]));
    await expect(call.invoke({}, contextOf())).rejects.toMatchObject({ code: 'UPSTREAM_BAD_RESPONSE' });
    await source.dispose();
    server.stop();
  });
});

function lengthDelimited(tag: number, bytes: Buffer): Buffer {
  const { length } = bytes;
  const size = length < 128 ? [length] : [(length & 0x7f) | 0x80, length >> 7];
  return Buffer.concat([Buffer.from([tag, ...size]), bytes]);
}
