import { z } from 'zod';
import { headers, httpEndpoint, maxResponseBytes, operations, timeoutMs } from '../options.ts';

/** A GraphQL service by its SDL or by introspection. */
export const graphqlOptions = z.strictObject({
  kind: z.literal('graphql'),
  /** Where the service answers. */
  endpoint: httpEndpoint,
  /** File of the SDL, beside skein.yaml. Default: the service is introspected when the graph is built. */
  document: z.string().min(1).optional(),
  headers,
  timeoutMs,
  maxResponseBytes,
  /** By root field name. */
  operations,
});
export type GraphqlOptions = z.infer<typeof graphqlOptions>;
