import { z } from 'zod';
import {
  errors,
  exclude,
  forwardHeaders,
  headers,
  httpEndpoint,
  include,
  maxResponseBytes,
  operations,
  returnHeaders,
  timeoutMs,
  tls,
  upstream,
} from '../options.ts';

/** How subscriptions reach the service. */
export const subscriptions = z
  .strictObject({
    /** `sse`: GraphQL over SSE, distinct connections. `ws`: the graphql-transport-ws protocol. */
    protocol: z.enum(['sse', 'ws']).default('sse'),
    /** Where, if not at the endpoint. */
    endpoint: z.url({ protocol: /^(https?|wss?)$/, error: 'must be an http, https, ws or wss URL' }).optional(),
    /** Payload of `connection_init`, for `ws`. Forwarded headers join it under `headers`. */
    connectionParams: z.record(z.string(), z.json()).default({}),
  })
  .prefault({});

/** `true`: calls of one request that are made at the same time go upstream in one HTTP request, as a JSON array. */
export const batch = z.boolean().default(false);

/** A GraphQL service by its SDL or by introspection. */
export const graphqlOptions = z.strictObject({
  kind: z.literal('graphql'),
  /** Where the service answers. */
  endpoint: httpEndpoint,
  /** File of the SDL, beside skein.yaml. Default: the service is introspected when the graph is built. */
  document: z.string().min(1).optional(),
  headers,
  forwardHeaders,
  returnHeaders,
  subscriptions,
  batch,
  errors,
  timeoutMs,
  maxResponseBytes,
  upstream,
  tls: tls.optional(),
  include,
  exclude,
  /** By root field name. */
  operations,
});
export type GraphqlOptions = z.infer<typeof graphqlOptions>;
