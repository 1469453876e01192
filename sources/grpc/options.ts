import { z } from 'zod';
import {
  errors,
  exclude,
  forwardHeaders,
  headers,
  include,
  maxResponseBytes,
  operations,
  returnHeaders,
  timeoutMs,
  tls,
  upstream,
} from '../options.ts';

/** A gRPC service by its .proto file, its descriptor set, or by asking the server itself. */
export const grpcOptions = z.strictObject({
  kind: z.literal('grpc'),
  /**
   * The .proto file, or a file of a compiled FileDescriptorSet (`.pb`, `.binpb`, `.desc`, `.protoset`), beside
   * skein.yaml. Default: the server is asked by reflection when the graph is built.
   */
  document: z.string().min(1).optional(),
  /** `host:port`. */
  endpoint: z
    .string()
    .regex(/^(\[[0-9a-fA-F:]+\]|[^\s:/]+):\d{1,5}$/, 'must be host:port, e.g. 127.0.0.1:50051')
    .refine((endpoint) => Number(endpoint.slice(endpoint.lastIndexOf(':') + 1)) <= 65_535, 'has a port above 65535'),
  /** `true` for TLS as the system has it. Default: none. */
  tls: z.union([z.boolean(), tls]).default(false),
  /** Full name of the service, where there are several. Default: all of them. */
  service: z.string().optional(),
  /** Folders to look for imported .proto files in. Default: the folder of the document. */
  includeDirs: z.array(z.string()).default([]),
  /** Metadata sent with every call. */
  headers,
  /** Headers of the client's request that go on as metadata. */
  forwardHeaders,
  /** Metadata of answers that become headers of the client's. */
  returnHeaders,
  errors,
  timeoutMs,
  maxResponseBytes,
  upstream,
  include,
  exclude,
  /** By method name, e.g. `GetStock`; or `Service.GetStock` where several have it. */
  operations,
});
export type GrpcOptions = z.infer<typeof grpcOptions>;
