import { z } from 'zod';
import { batch, subscriptions } from '../graphql/options.ts';
import {
  errors,
  forwardHeaders,
  headers,
  httpEndpoint,
  maxResponseBytes,
  returnHeaders,
  timeoutMs,
  tls,
  upstream,
} from '../options.ts';

/**
 * An Apollo Federation subgraph (v1 or v2), or a whole supergraph. All federation sources are composed together: their
 * types are shared by federation's rules.
 */
export const federationOptions = z
  .strictObject({
    kind: z.literal('federation'),
    /** Where the subgraph answers. */
    endpoint: httpEndpoint.optional(),
    /** File of the subgraph's SDL, beside skein.yaml. Default: the subgraph is asked for `_service { sdl }`. */
    document: z.string().min(1).optional(),
    /** File of a supergraph SDL, beside skein.yaml: its subgraphs become sources named `<source>.<subgraph>`. */
    supergraph: z.string().min(1).optional(),
    /** With `supergraph`: addresses of subgraphs by name; the ones in the file are used for the rest. */
    endpoints: z.record(z.string(), httpEndpoint).default({}),
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
  })
  .refine(({ endpoint, supergraph }) => (endpoint === undefined) !== (supergraph === undefined), {
    error: 'needs an endpoint (of a subgraph) or a supergraph file, and not both',
  });
export type FederationOptions = z.infer<typeof federationOptions>;
