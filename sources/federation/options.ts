import { z } from 'zod';
import { batch, subscriptions } from '../graphql/options.ts';
import {
  endpointTls,
  errors,
  forwardHeaders,
  headers,
  httpEndpoint,
  maxResponseBytes,
  returnHeaders,
  timeoutMs,
  upstream,
} from '../options.ts';

export const federationOptions = z
  .strictObject({
    kind: z.literal('federation').describe('A subgraph, or a supergraph.'),
    endpoint: httpEndpoint.optional().describe('Where the subgraph answers, an http(s) URL.'),
    document: z
      .string()
      .min(1)
      .optional()
      .describe(
        'The subgraph’s SDL: a file beside skein.yaml or given with the source. Default: the subgraph is asked for `_service { sdl }`.',
      ),
    supergraph: z
      .string()
      .min(1)
      .optional()
      .describe(
        'In the place of `endpoint`: a supergraph’s SDL, a file beside skein.yaml or given with the source. Its subgraphs become sources named `<source>.<subgraph>`.',
      ),
    endpoints: z
      .record(z.string().describe('Name of a subgraph.'), httpEndpoint.describe('Where it answers, an http(s) URL.'))
      .default({})
      .describe('With `supergraph`: addresses of subgraphs by name; the ones in the file are used for the rest.'),
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
  })
  .refine(({ endpoint, supergraph }) => (endpoint === undefined) !== (supergraph === undefined), {
    error: 'needs an endpoint (of a subgraph) or a supergraph file, and not both',
  })
  .describe(
    'An Apollo Federation subgraph (v1 or v2), or a whole supergraph. All federation sources are composed together: their types are shared by federation’s rules.',
  );
export type FederationOptions = z.infer<typeof federationOptions>;
