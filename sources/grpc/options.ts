import { z } from 'zod';
import { headers, maxResponseBytes, operations, timeoutMs } from '../options.ts';

/** A gRPC service by its .proto file. */
export const grpcOptions = z.strictObject({
  kind: z.literal('grpc'),
  /** The .proto file, beside skein.yaml. */
  document: z.string().min(1),
  /** `host:port`, without TLS. */
  endpoint: z
    .string()
    .regex(/^(\[[0-9a-fA-F:]+\]|[^\s:/]+):\d{1,5}$/, 'must be host:port, e.g. 127.0.0.1:50051')
    .refine((endpoint) => Number(endpoint.slice(endpoint.lastIndexOf(':') + 1)) <= 65_535, 'has a port above 65535'),
  /** Full name of the service, where the file defines several. Default: all of them. */
  service: z.string().optional(),
  /** Folders to look for imported .proto files in. Default: the folder of the document. */
  includeDirs: z.array(z.string()).default([]),
  /** Metadata sent with every call. */
  headers,
  timeoutMs,
  maxResponseBytes,
  /** By method name, e.g. `GetStock`. */
  operations,
});
export type GrpcOptions = z.infer<typeof grpcOptions>;
