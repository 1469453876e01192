import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { contextOf, sourceOf, startServer, type TestServer, unary } from '../../test/utils/grpc-server.ts';
import type { Source } from '../source.ts';

type Echo = ServerUnaryCall<{ readonly raw: Buffer }, unknown>;

describe('a message of a document', () => {
  let folder: string;
  let server: TestServer | undefined;
  let source: Source | undefined;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'skein-types-'));
  });
  afterEach(async () => {
    await source?.dispose();
    server?.stop();
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** A service that answers what it is sent. */
  async function open(definitions: string): Promise<Source> {
    const path = join(folder, 'own.proto');
    const text = `syntax = "proto3"; package own; ${definitions} service Own { rpc Echo(Message) returns (Message); }`;
    await writeFile(path, text);
    const echo = (call: Echo, callback: sendUnaryData<unknown>) => callback(null, call.request.raw);
    server = await startServer(path, 'own.Own', { Echo: echo });
    ({ source } = await sourceOf(path, server.endpoint));
    return source;
  }

  const echo = async (args: object) =>
    JSON.parse(JSON.stringify(await unary(source as Source, 'Mutation.echo').invoke({ ...args }, contextOf())));

  it('holds null among its values, in maps and in lists, as they are read', async () => {
    const { model } = await open(
      `import "google/protobuf/struct.proto";
      message Message { map<string, google.protobuf.Value> labels = 1; repeated google.protobuf.Value cells = 2; map<string, string> texts = 3; }`,
    );
    expect(model.sdl).toContain('    cells: [JSON]\n');
    const value = { labels: { a: null, b: 1 }, cells: [null, 'x', null], texts: {} };
    expect(await echo(value)).toEqual(value);
    await expect(echo({ texts: { a: null } })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('takes for bytes nothing that loses some', async () => {
    await open('message Message { bytes data = 1; }');
    expect(await echo({ data: 'AAE' })).toEqual({ data: 'AAE=' });
    expect(await echo({ data: '_-8=' })).toEqual({ data: '/+8=' });
    for (const data of ['A', 'AAECA', 'AA=='.repeat(2), 'A A='])
      await expect(echo({ data }), data).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});
