import { z } from 'zod';
import { choiceOf } from '../../kernel/choice-of.ts';
import {
  endpointTls,
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
  upstream,
} from '../options.ts';

export const subscriptions = z
  .strictObject({
    protocol: choiceOf({
      sse: 'GraphQL over SSE, distinct connections.',
      ws: 'The graphql-transport-ws protocol, over a WebSocket.',
    })
      .default('sse')
      .describe('How they are asked for.'),
    endpoint: z
      .url({ protocol: /^(https?|wss?)$/, error: 'must be an http, https, ws or wss URL' })
      .optional()
      .describe('Where they are served, an http, https, ws or wss URL. Default: at the endpoint.'),
    connectionParams: z
      .record(z.string(), z.json())
      .default({})
      .describe(
        'A map: payload of `connection_init`, for `ws`. Forwarded headers join it under `headers`. Default: empty.',
      ),
  })
  .meta({ id: 'GraphqlSubscriptions', description: 'How subscriptions reach the service.' })
  .prefault({})
  .describe('How subscriptions reach the service.');

export const batch = z
  .boolean()
  .default(false)
  .describe('Sends calls of one request that are made at the same time in one HTTP request, as a JSON array.');

export const graphqlOptions = z
  .strictObject({
    kind: z.literal('graphql').describe('A GraphQL service.'),
    endpoint: httpEndpoint.describe('Where the service answers, an http(s) URL.'),
    document: z
      .string()
      .min(1)
      .optional()
      .describe(
        'The SDL: a file beside skein.yaml or given with the source. Default: the service is introspected when the graph is built.',
      ),
    headers,
    forwardHeaders,
    returnHeaders,
    subscriptions,
    batch,
    errors,
    timeoutMs,
    maxResponseBytes,
    upstream,
    tls: endpointTls,
    include,
    exclude,
    operations: operations.describe('How root fields show in the graph, by name.'),
  })
  .describe('A GraphQL service by its SDL or by introspection.');
export type GraphqlOptions = z.infer<typeof graphqlOptions>;
