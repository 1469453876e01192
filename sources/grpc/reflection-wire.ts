import protobuf from 'protobufjs';

/** The same in v1 and v1alpha. https://github.com/grpc/grpc/blob/master/src/proto/grpc/reflection/v1/reflection.proto */
const { root } = protobuf.parse(
  `syntax = "proto3";
  message Request { oneof message { string file_by_filename = 3; string file_containing_symbol = 4; string list_services = 7; } }
  message Response {
    Files files = 4;
    Services services = 6;
    Failure failure = 7;
  }
  message Files { repeated bytes file = 1; }
  message Services { repeated Service service = 1; }
  message Service { string name = 1; }
  message Failure { int32 code = 1; string message = 2; }
  message File { string name = 1; repeated string dependency = 3; }`,
  { keepCase: false },
);
/** What a response or a file may hold; a server has some thousands. Empty items are two bytes, and a hundred in memory. */
const MAX_ITEMS = 50_000;

class BoundedReader extends protobuf.BufferReader {
  #left = 2 * MAX_ITEMS;

  constructor(bytes: Uint8Array) {
    super(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  /** Read for the tag of each item, and for its length. @throws RangeError */
  override uint32(): number {
    this.#left -= 1;
    if (this.#left < 0) throw new RangeError(`There are more than ${MAX_ITEMS} items.`);
    return super.uint32();
  }
}

const REQUEST = root.lookupType('Request');
const RESPONSE = root.lookupType('Response');
const FILE = root.lookupType('File');

export type ReflectionRequest =
  | { readonly listServices: string }
  | { readonly fileContainingSymbol: string }
  | { readonly fileByFilename: string };

export interface ReflectionResponse {
  readonly files: { readonly file: readonly Uint8Array[] } | null;
  readonly services: { readonly service: readonly { readonly name: string }[] } | null;
  readonly failure: { readonly code: number; readonly message: string } | null;
}

export function encodeRequest(request: ReflectionRequest): Buffer {
  return Buffer.from(REQUEST.encode(request).finish());
}

/** @throws anything, when the bytes are not a response */
export function decodeResponse(bytes: Uint8Array): ReflectionResponse {
  return RESPONSE.decode(new BoundedReader(bytes)) as protobuf.Message & ReflectionResponse;
}

/** Name of a FileDescriptorProto and what it imports. @throws anything, when the bytes are none */
export function fileHeader(bytes: Uint8Array): { readonly name: string; readonly dependency: readonly string[] } {
  return FILE.decode(new BoundedReader(bytes)) as protobuf.Message & {
    readonly name: string;
    readonly dependency: readonly string[];
  };
}
