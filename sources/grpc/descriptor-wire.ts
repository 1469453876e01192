import protobuf from 'protobufjs';

/**
 * The part of google/protobuf/descriptor.proto that says what goes over the wire and what it is called, and the `get`
 * of google.api.http. https://protobuf.dev/reference/protobuf/google.protobuf/
 */
const { root } = protobuf.parse(
  `syntax = "proto2";
  message FileDescriptorSet { repeated FileDescriptor file = 1; }
  message FileDescriptor {
    optional string name = 1;
    optional string package = 2;
    repeated string dependency = 3;
    repeated MessageDescriptor message = 4;
    repeated EnumDescriptor enum_type = 5;
    repeated ServiceDescriptor service = 6;
    repeated FieldDescriptor extension = 7;
    optional FileOptions options = 8;
    optional SourceCodeInfo source_code_info = 9;
    optional string syntax = 12;
    optional int32 edition = 14;
  }
  message MessageDescriptor {
    optional string name = 1;
    repeated FieldDescriptor field = 2;
    repeated MessageDescriptor message = 3;
    repeated EnumDescriptor enum_type = 4;
    repeated FieldDescriptor extension = 6;
    optional MessageOptions options = 7;
    repeated OneofDescriptor oneof = 8;
  }
  message OneofDescriptor { optional string name = 1; }
  message FieldDescriptor {
    optional string name = 1;
    optional string extendee = 2;
    optional int32 number = 3;
    optional int32 label = 4;
    optional int32 type = 5;
    optional string type_name = 6;
    optional string default_value = 7;
    optional FieldOptions options = 8;
    optional int32 oneof_index = 9;
    optional string json_name = 10;
    optional bool proto3_optional = 17;
  }
  message EnumDescriptor {
    optional string name = 1;
    repeated EnumValueDescriptor value = 2;
    optional EnumOptions options = 3;
  }
  message EnumValueDescriptor {
    optional string name = 1;
    optional int32 number = 2;
    optional EnumValueOptions options = 3;
  }
  message ServiceDescriptor {
    optional string name = 1;
    repeated MethodDescriptor method = 2;
  }
  message MethodDescriptor {
    optional string name = 1;
    optional string input_type = 2;
    optional string output_type = 3;
    optional MethodOptions options = 4;
    optional bool client_streaming = 5;
    optional bool server_streaming = 6;
  }
  message FileOptions { optional Features features = 50; }
  message MessageOptions { optional bool deprecated = 3; optional bool map_entry = 7; optional Features features = 12; }
  message FieldOptions { optional bool packed = 2; optional bool deprecated = 3; optional Features features = 21; }
  message EnumOptions { optional bool deprecated = 3; }
  message EnumValueOptions { optional bool deprecated = 1; }
  message MethodOptions {
    optional bool deprecated = 33;
    optional int32 idempotency_level = 34;
    optional HttpRule http = 72295728;
  }
  message HttpRule { optional string get = 2; }
  message Features {
    optional int32 field_presence = 1;
    optional int32 repeated_field_encoding = 3;
    optional int32 message_encoding = 5;
  }
  message SourceCodeInfo { repeated Location location = 1; }
  message Location {
    repeated int32 path = 1 [packed = true];
    optional string leading_comments = 3;
    optional string trailing_comments = 4;
  }`,
  { keepCase: false },
);
const FILE_DESCRIPTOR_SET = root.lookupType('FileDescriptorSet');

/** protobufjs gives what is left out the default of its type. */
export interface FileDescriptor {
  readonly name: string;
  readonly package: string;
  readonly message: readonly MessageDescriptor[];
  readonly enumType: readonly EnumDescriptor[];
  readonly service: readonly ServiceDescriptor[];
  readonly extension: readonly FieldDescriptor[];
  readonly options: { readonly features: Features | null } | null;
  readonly sourceCodeInfo: { readonly location: readonly Location[] } | null;
  readonly syntax: string;
  readonly edition: number;
}

export interface MessageDescriptor {
  readonly name: string;
  readonly field: readonly FieldDescriptor[];
  readonly message: readonly MessageDescriptor[];
  readonly enumType: readonly EnumDescriptor[];
  readonly extension: readonly FieldDescriptor[];
  readonly options: {
    readonly deprecated: boolean;
    readonly mapEntry: boolean;
    readonly features: Features | null;
  } | null;
  readonly oneof: readonly { readonly name: string }[];
}

export interface FieldDescriptor {
  readonly name: string;
  readonly extendee: string;
  readonly number: number;
  readonly label: number;
  readonly type: number;
  readonly typeName: string;
  readonly defaultValue: string;
  readonly options: FieldOptions | null;
  readonly oneofIndex: number;
  readonly jsonName: string;
  readonly proto3Optional: boolean;
}

export interface FieldOptions {
  readonly packed: boolean;
  readonly deprecated: boolean;
  readonly features: Features | null;
}

export interface EnumDescriptor {
  readonly name: string;
  readonly value: readonly {
    readonly name: string;
    readonly number: number;
    readonly options: { readonly deprecated: boolean } | null;
  }[];
  readonly options: { readonly deprecated: boolean } | null;
}

export interface ServiceDescriptor {
  readonly name: string;
  readonly method: readonly MethodDescriptor[];
}

export interface MethodDescriptor {
  readonly name: string;
  readonly inputType: string;
  readonly outputType: string;
  readonly options: {
    readonly deprecated: boolean;
    readonly idempotencyLevel: number;
    readonly http: { readonly get: string } | null;
  } | null;
  readonly clientStreaming: boolean;
  readonly serverStreaming: boolean;
}

/** Numbers as descriptor.proto has them; 0 where nothing is said. */
export interface Features {
  readonly fieldPresence: number;
  readonly repeatedFieldEncoding: number;
  readonly messageEncoding: number;
}

interface Location {
  readonly path: readonly number[];
  readonly leadingComments: string;
  readonly trailingComments: string;
}

/** @throws anything, when the bytes are no FileDescriptorSet */
export function decodeDescriptorSet(bytes: Uint8Array): readonly FileDescriptor[] {
  const set = FILE_DESCRIPTOR_SET.decode(bytes) as protobuf.Message & { readonly file: readonly FileDescriptor[] };
  return set.file;
}

/** Puts FileDescriptorProtos together to a FileDescriptorSet. */
export function joinDescriptors(files: Iterable<Uint8Array>): Uint8Array {
  const writer = protobuf.Writer.create();
  for (const file of files) writer.uint32(0x0a).bytes(file);
  return writer.finish();
}
