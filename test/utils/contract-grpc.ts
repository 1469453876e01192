import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Metadata,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
  type UntypedHandleCall,
} from '@grpc/grpc-js';
import { compileGrpc } from '../../sources/grpc/compile-grpc.ts';
import { createGrpcSource } from '../../sources/grpc/grpc-source.ts';
import { grpcOptions } from '../../sources/grpc/options.ts';
import { readGrpcDocument } from '../../sources/grpc/read-document.ts';
import { SeenCalls } from './contract-front.ts';
import { type Backend, COMMON_OPTIONS, type Harness, namesOf, STRICT_DEPS } from './contract-harness.ts';
import { type Binding, FAULT_HEADER, type Item, Library, LibraryError, SECRET } from './contract-library.ts';
import { createTcpProxy } from './contract-proxy.ts';
import { startServer } from './grpc-server.ts';

/** grpc-js. */
export const grpcHarness: Harness = {
  kind: 'grpc',
  prefix: 'Rpc',
  cannot: {
    'hold lists of lists': {
      reason: 'repeated fields of protobuf do not nest',
      shows: (sdl) => !sdl.includes('grid'),
    },
  },
  listIn: 'items',
  addArgument: 'item',
  itemOperation: 'GetItem',
  start,
};

const PROTO = `
syntax = "proto3";
package library.v1;
service Library {
  rpc GetItem(ItemRequest) returns (RpcItem);
  rpc ListItems(ItemsRequest) returns (RpcItemList);
  rpc ItemsOf(ItemsOfRequest) returns (RpcItemList);
  rpc AddItem(AddItemRequest) returns (RpcItem);
  rpc WatchItems(WatchRequest) returns (stream RpcItem);
}
message ItemRequest { string id = 1; }
message ItemsRequest { optional int32 limit = 1; optional RpcBinding binding = 2; }
message ItemsOfRequest { repeated string ids = 1; }
message AddItemRequest { RpcItem item = 1; }
message WatchRequest { string what = 1; }
message RpcItemList { repeated RpcItem items = 1; }
message RpcItem {
  string id = 1;
  string title = 2;
  optional string note = 3;
  int32 page_count = 4;
  int64 copies = 5;
  double weight = 6;
  bool lent = 7;
  RpcBinding binding = 8;
  string added = 9;
  RpcAuthor author = 10;
  repeated string tags = 11;
}
message RpcAuthor { string name = 1; optional string city = 2; }
enum RpcBinding { RPC_BINDING_PAPERBACK = 0; RPC_BINDING_HARD_COVER = 5; }
`;

const NAMES = namesOf(grpcHarness);
const OPERATIONS = {
  GetItem: { name: NAMES.item },
  ListItems: { name: NAMES.items },
  ItemsOf: { name: NAMES.itemsOf, as: 'query' },
  AddItem: { name: NAMES.add },
  WatchItems: { name: NAMES.watch },
};
const NUMBERS: Readonly<Record<Binding, number>> = { PAPERBACK: 0, HARD_COVER: 5 };
const bindingOf = (number: number | undefined): Binding => (number === 5 ? 'HARD_COVER' : 'PAPERBACK');

function write({ grid: _, note, binding, author, ...rest }: Item): object {
  const { name, city } = author;
  return {
    ...rest,
    ...(note === null ? {} : { note }),
    binding: NUMBERS[binding],
    author: city === null ? { name } : { name, city },
  };
}

type Wire = Omit<Partial<Item>, 'binding'> & { readonly id: string; binding?: number };

function read({ binding, author, ...rest }: Wire): Item {
  const { name = '', city = null } = author ?? {};
  const absent = {
    title: '',
    note: null,
    pageCount: 0,
    copies: '0',
    weight: 0,
    lent: false,
    added: '',
    tags: [],
    grid: [],
  };
  return { ...absent, ...rest, binding: bindingOf(binding), author: { name, city } };
}

class NotFound extends Error {}

function codeOf(error: unknown): status {
  if (error instanceof NotFound) return status.NOT_FOUND;
  return error instanceof LibraryError && error.isRefusal ? status.INVALID_ARGUMENT : status.INTERNAL;
}

type Request = Wire & { limit?: number; binding?: number; ids?: string[]; item: Wire; what: string };
type Call = ServerUnaryCall<Request, object>;

function handlersOf(library: Library, seen: SeenCalls): Record<string, UntypedHandleCall> {
  const arrive = (call: Call | ServerWritableStream<Request, object>, sent: Promise<unknown>) => {
    const cancelled = new Promise<'cut'>((resolve) => call.once('cancelled', () => resolve('cut')));
    seen.add(
      call.metadata.getMap() as Record<string, string>,
      Promise.race([cancelled, sent.then(() => 'answered' as const)]),
    );
    return String(call.metadata.get(FAULT_HEADER)[0] ?? '');
  };
  const unary =
    (answer: (request: Request) => object | Promise<object>) => async (call: Call, send: sendUnaryData<object>) => {
      let done: () => void = () => {};
      const sent = new Promise<void>((resolve) => {
        done = resolve;
      });
      const fault = arrive(call, sent);
      const initial = new Metadata();
      initial.set('x-internal', SECRET);
      if (fault === 'returned') initial.set('x-returned', 'by the library');
      call.sendMetadata(initial);
      if (fault === 'half') return;
      try {
        send(null, fault === 'garbage' ? Buffer.from([0x0a, 0x7f, 1]) : await answer(call.request));
      } catch (error) {
        send({ code: codeOf(error), details: (error as Error).message });
      }
      done();
    };
  return {
    GetItem: unary(async ({ id }) => {
      const item = await library.item(id);
      if (item === null) throw new NotFound();
      return write(item);
    }),
    ListItems: unary(({ limit, binding }) => ({
      items: library.list(limit, binding === undefined ? undefined : bindingOf(binding)).map(write),
    })),
    ItemsOf: unary(({ ids = [] }) => ({ items: library.itemsOf(ids).map(write) })),
    AddItem: unary(({ item }) => write(library.add(read(item)))),
    WatchItems: async (call: ServerWritableStream<Request, object>) => {
      const events = library.watch(call.request.what);
      arrive(call, new Promise(() => {}));
      let resume: () => void = () => {};
      call.once('cancelled', () => {
        resume();
        void events.return?.();
      });
      call.on('drain', () => resume());
      for await (const item of events) {
        if (call.cancelled) return;
        if (!call.write(write(item))) {
          await new Promise<void>((resolve) => {
            resume = resolve;
          });
        }
      }
      if (!call.cancelled) call.end();
    },
  };
}

async function start(): Promise<Backend> {
  const library = new Library();
  const seen = new SeenCalls();
  const folder = await mkdtemp(join(tmpdir(), 'skein-contract-'));
  const document = join(folder, 'library.proto');
  await writeFile(document, PROTO);
  const server = await startServer(document, 'library.v1.Library', handlersOf(library, seen));
  const proxy = await createTcpProxy(Number(server.endpoint.split(':')[1]));
  const parse = ({ operations = {}, ...options }: { operations?: object }) =>
    grpcOptions.parse({
      kind: 'grpc',
      document,
      endpoint: `127.0.0.1:${proxy.port}`,
      operations: { ...OPERATIONS, ...operations },
      ...COMMON_OPTIONS,
      ...options,
    });
  return {
    library,
    seen,
    port: proxy.port,
    open: ({ name = 'rpc', ...options } = {}) => createGrpcSource(name, parse(options), document, STRICT_DEPS),
    compile: async () => compileGrpc(await readGrpcDocument(document, parse({})), parse({})),
    cut: proxy.cut,
    async close() {
      library.release();
      server.stop();
      await proxy.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
