import { Server, type ServerDuplexStream, type ServiceError, status } from '@grpc/grpc-js';
import { load, type PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor/index.js';
import { afterEach, describe, expect, it } from 'vitest';
import {
  bindServer,
  contextOf,
  fixture,
  sourceOf,
  startServer,
  type TestServer,
  unary,
} from '../../test/utils/grpc-server.ts';

type Ask = ServerDuplexStream<Question, object>;
interface Question {
  readonly fileByFilename?: string;
  readonly fileContainingSymbol?: string;
  readonly listServices?: string;
}

const PROTO = new URL(
  'build/proto/grpc/reflection/v1/reflection.proto',
  import.meta.resolve('@grpc/reflection/package.json'),
).pathname;

const servers: TestServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.stop();
});

async function withReflection(versions: readonly string[]): Promise<TestServer> {
  const definition: PackageDefinition = await load(fixture('values.proto'), { includeDirs: [fixture('')] });
  const reflection = new ReflectionService(definition);
  const server = await startServer(
    fixture('values.proto'),
    'values.Values',
    {
      Echo: (call: { request: { raw: Buffer } }, callback: (error: null, value: Buffer) => void) =>
        callback(null, call.request.raw),
    },
    {
      prepare: (own) =>
        reflection.addToServer({
          addService(service, implementation) {
            const version = /reflection\.(\w+)\./.exec(Object.values(service)[0]?.path ?? '')?.[1] ?? '';
            if (versions.includes(version)) own.addService(service, implementation);
          },
        }),
    },
  );
  servers.push(server);
  return server;
}

/** A server that answers as it is told to, which need not be the truth. */
async function liar(answer: (question: Question, call: Ask) => void): Promise<TestServer> {
  const root = new protobuf.Root();
  root.loadSync(PROTO);
  const request = root.lookupType('grpc.reflection.v1.ServerReflectionRequest');
  const response = root.lookupType('grpc.reflection.v1.ServerReflectionResponse');
  const definition = {
    path: '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
    requestStream: true,
    responseStream: true,
    requestSerialize: (value: object) => Buffer.from(request.encode(value).finish()),
    requestDeserialize: (bytes: Buffer) => request.toObject(request.decode(bytes)),
    responseSerialize: (value: object) =>
      Buffer.isBuffer(value) ? value : Buffer.from(response.encode(response.fromObject(value)).finish()),
    responseDeserialize: (bytes: Buffer) => response.toObject(response.decode(bytes)),
  };
  const server = new Server();
  const handler = (call: Ask) => {
    call.on('data', (question: Question) => answer(question, call));
    call.on('end', () => call.end());
  };
  server.addService({ ServerReflectionInfo: definition }, { ServerReflectionInfo: handler });
  const bound = await bindServer(server);
  servers.push(bound);
  return bound;
}

function services(...names: string[]): object {
  return { listServicesResponse: { service: names.map((name) => ({ name })) } };
}

function files(...protos: object[]): object {
  const { FileDescriptorProto } = descriptor;
  const encoded = protos.map((file) => FileDescriptorProto.encode(FileDescriptorProto.fromObject(file)).finish());
  return { fileDescriptorResponse: { fileDescriptorProto: encoded } };
}

const EMPTY_FILE = {
  name: 'a.proto',
  messageType: [{ name: 'A' }],
  service: [{ name: 'S', method: [{ name: 'Get', inputType: '.A', outputType: '.A' }] }],
};

async function failureOf(server: TestServer, options: object = {}): Promise<{ error: unknown; reason: string }> {
  const error: unknown = await sourceOf(undefined, server.endpoint, options).then(
    ({ source }) => source.dispose(),
    (reason: unknown) => reason,
  );
  const cause = error instanceof Error ? error.cause : undefined;
  return { error, reason: cause instanceof Error ? cause.message : '' };
}

describe('a gRPC source without a document', () => {
  it.each([[['v1', 'v1alpha']], [['v1']], [['v1alpha']]])(
    'is what the server says by reflection %j',
    async (versions) => {
      const server = await withReflection(versions);
      const { source, problems } = await sourceOf(undefined, server.endpoint);
      const { source: document } = await sourceOf(fixture('values.binpb'), server.endpoint);
      expect(problems).toEqual([]);
      const definitions = (sdl: string) =>
        sdl
          .replaceAll(/^ *".*"\n/gm, '')
          .split('\n\n')
          .sort();
      expect(definitions(source.model.sdl)).toEqual(definitions(document.model.sdl));
      const args = { items: { 1: { name: 'a', number: '2', parts: [] } } };
      expect(await unary(source, 'Mutation.echo').invoke(args, contextOf())).toMatchObject(args);
      await source.dispose();
      await document.dispose();
    },
  );

  it('is unreachable, to be tried again, where there is no server or no reflection', async () => {
    const none = await failureOf({ endpoint: '127.0.0.1:1', stop: () => {} });
    expect(none.error).toMatchObject({ name: 'SkeinError', code: 'UPSTREAM_UNREACHABLE' });
    const server = await withReflection([]);
    const silent = await failureOf(server);
    expect(silent.error).toMatchObject({ name: 'SkeinError', code: 'UPSTREAM_REJECTED' });
    expect(silent.reason).toMatch(/^The server does not say what it offers by reflection: /);
  });

  it('is a mistake when the service that is asked for is not there', async () => {
    const server = await withReflection(['v1']);
    const failure = sourceOf(undefined, server.endpoint, { service: 'values.Valuse' });
    await expect(failure).rejects.toMatchObject({ problems: [{ suggestion: 'Did you mean "values.Values"?' }] });
  });

  it('has what the server describes, and tells what it does not', async () => {
    const field = { name: 'b', number: 1, label: 1, type: 11, typeName: '.B' };
    const server = await liar((question, call) => {
      if (question.listServices !== undefined) call.write(services('S', 'Gone', 'grpc.health.v1.Health'));
      else if (question.fileContainingSymbol === 'S') {
        const method = [
          { name: 'Get', inputType: '.A', outputType: '.A' },
          { name: 'Lost', inputType: '.A', outputType: '.B' },
        ];
        const a = { name: 'A', field: [field, { name: 'c', number: 2, label: 1, type: 9 }] };
        const service = [{ name: 'S', method }, { name: 'Unserved' }];
        call.write(files({ ...EMPTY_FILE, dependency: ['b.proto'], messageType: [a], service }));
      } else call.write({ errorResponse: { errorCode: status.NOT_FOUND, errorMessage: 'secret' } });
    });
    const { source, problems } = await sourceOf(undefined, server.endpoint);
    expect(problems).toEqual([]);
    expect(source.model.sdl).toBe('type Query {\n  get(\n    c: String\n  ): A\n}\n\ntype A {\n  c: String\n}');
    expect(source.model.notices?.map(({ message }) => message)).toEqual([
      'The server lists the service Gone, but does not describe it: status 5.',
      'The descriptors lack the type B, which A.b needs. It is left out.',
    ]);
    await source.dispose();
  });

  it.each<[string, (question: Question, call: Ask) => void, string]>([
    ['answers nothing', () => {}, 'UPSTREAM_TIMEOUT'],
    ['offers no service', (_, call) => call.write(services('grpc.health.v1.Health')), 'UPSTREAM_BAD_RESPONSE'],
    [
      'describes no service',
      (question, call) =>
        call.write(question.listServices === undefined ? { errorResponse: { errorCode: 5 } } : services('S')),
      'UPSTREAM_BAD_RESPONSE',
    ],
    ['ends before it answers', (_, call) => call.end(), 'UPSTREAM_BAD_RESPONSE'],
    ['answers something else', (_, call) => call.write(files(EMPTY_FILE)), 'UPSTREAM_BAD_RESPONSE'],
    ['answers bytes that are nothing', (_, call) => call.write(Buffer.from([0x0f, 0xff])), 'UPSTREAM_BAD_RESPONSE'],
    [
      'fails',
      (_, call) => call.emit('error', { code: status.INTERNAL, details: 'x' } as ServiceError),
      'UPSTREAM_FAILED',
    ],
    [
      'gives files that are none',
      (question, call) =>
        call.write(
          question.listServices === undefined
            ? { fileDescriptorResponse: { fileDescriptorProto: [Buffer.from([0x0f])] } }
            : services('S'),
        ),
      'UPSTREAM_BAD_RESPONSE',
    ],
    [
      'gives descriptors that cannot be',
      (question, call) =>
        call.write(question.listServices === undefined ? files({ ...EMPTY_FILE, package: '}' }) : services('S')),
      'UPSTREAM_BAD_RESPONSE',
    ],
    [
      'has more services than anybody',
      (_, call) => call.write(services(...Array.from({ length: 2_000 }, (_item, index) => `S${index}`))),
      'UPSTREAM_BAD_RESPONSE',
    ],
    [
      'lists nothing but empty names, without end',
      (question, call) =>
        call.write(question.listServices === undefined ? files(EMPTY_FILE) : services(...Array(100_000).fill(''), 'S')),
      'UPSTREAM_BAD_RESPONSE',
    ],
    [
      'gives countless files of nothing',
      (question, call) =>
        call.write(question.listServices === undefined ? files(EMPTY_FILE, ...Array(100_000).fill({})) : services('S')),
      'UPSTREAM_BAD_RESPONSE',
    ],
    [
      'imports a new file in each',
      (question, call) => {
        const [, count = '0'] = /^f(\d+)$/.exec(question.fileByFilename ?? '') ?? [];
        const next = Number(count) + 1;
        const dependency = Array.from({ length: 50 }, (_, index) => `f${next * 50 + index}`);
        if (question.listServices !== undefined) call.write(services('S'));
        else call.write(files({ ...EMPTY_FILE, name: question.fileByFilename ?? 'a.proto', dependency }));
      },
      'UPSTREAM_BAD_RESPONSE',
    ],
    [
      'gives more bytes than can be',
      (question, call) => {
        const bytes = Buffer.alloc(8_000_000);
        if (question.listServices !== undefined) call.write(services('A', 'B', 'C', 'D', 'E', 'F'));
        else call.write({ fileDescriptorResponse: { fileDescriptorProto: [Buffer.concat([lengthOf(bytes), bytes])] } });
      },
      'UPSTREAM_BAD_RESPONSE',
    ],
  ])('fails in time when the server %s', async (_, answer, code) => {
    const server = await liar(answer);
    const { error } = await failureOf(server, { timeoutMs: code === 'UPSTREAM_TIMEOUT' ? 100 : 10_000 });
    expect(error).toMatchObject({ name: 'SkeinError', code, message: expect.not.stringContaining('127.0.0.1') });
  });

  it('does not ask again for files that import each other', async () => {
    let asked = 0;
    const server = await liar((question, call) => {
      asked += 1;
      if (question.listServices !== undefined) call.write(services('S', 'S'));
      else if (question.fileByFilename === 'b.proto') call.write(files({ name: 'b.proto', dependency: ['a.proto'] }));
      else call.write(files({ ...EMPTY_FILE, dependency: ['b.proto', 'b.proto', 'a.proto'] }));
    });
    const { source } = await sourceOf(undefined, server.endpoint);
    expect([...source.model.calls.keys()]).toEqual(['Query.get']);
    expect(asked).toBe(3);
    await source.dispose();
  });
});

/** Field 99 of a message, with so many bytes. */
function lengthOf({ length }: Buffer): Buffer {
  return Buffer.from(
    protobuf.Writer.create()
      .uint32((99 << 3) | 2)
      .uint32(length)
      .finish(),
  );
}
