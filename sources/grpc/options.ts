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

export const grpcOptions = z
  .strictObject({
    kind: z.literal('grpc').describe('A gRPC service.'),
    document: z
      .string()
      .min(1)
      .optional()
      .describe(
        'The .proto, or a compiled FileDescriptorSet (`.pb`, `.binpb`, `.desc`, `.protoset`): a file beside skein.yaml or given with the source. Default: the server is asked by reflection when the graph is built.',
      ),
    endpoint: z
      .string()
      .regex(/^(\[[0-9a-fA-F:]+\]|[^\s:/]+):\d{1,5}$/, 'must be host:port, e.g. 127.0.0.1:50051')
      .refine((endpoint) => Number(endpoint.slice(endpoint.lastIndexOf(':') + 1)) <= 65_535, 'has a port above 65535')
      .describe('Where the service answers: `host:port`.'),
    tls: z
      .union([z.boolean(), tls])
      .meta({ description: 'How connections are secured: as the system has it, or with these files.' })
      .default(false)
      .describe('How connections are secured. Default: not at all.'),
    service: z.string().optional().describe('Full name of the service, where there are several. Default: all of them.'),
    includeDirs: z
      .array(z.string())
      .default([])
      .describe('Folders to look for imported .proto files in. Default: the folder of the document.'),
    headers: headers.describe('Metadata sent with every call.'),
    forwardHeaders: forwardHeaders.describe('Headers of the client’s request that go on as metadata.'),
    returnHeaders: returnHeaders.describe('Metadata of answers that become headers of the client’s.'),
    errors,
    timeoutMs,
    maxResponseBytes,
    upstream,
    include,
    exclude,
    operations: operations.describe(
      'How methods show in the graph, by name, e.g. `GetStock`; or `Service.GetStock` where several have it.',
    ),
  })
  .describe('A gRPC service by its .proto file, its descriptor set, or by asking the server itself.');
export type GrpcOptions = z.infer<typeof grpcOptions>;
