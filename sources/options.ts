import { z } from 'zod';
import { upstreamOptions } from './upstream/resilience/options.ts';

/** Options that several kinds of source share. Each kind's own stand in its folder. */

/** A GraphQL name that does not begin with two underscores. */
export const graphqlName = z
  .string()
  .regex(/^(?!__)[A-Za-z_][A-Za-z0-9_]*$/, 'must be a GraphQL name: letters, digits and _, not beginning with a digit');

const headerName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'must be a header name');

/** Per operation of a document: how it shows in the graph. */
export const operationOptions = z.strictObject({
  /** Name of the field in the graph. Default: made from the operation's own name. */
  name: graphqlName.optional(),
  /** Where the field goes. Default: by the protocol (GET → query, server stream → subscription, …). */
  as: z.enum(['query', 'mutation', 'subscription']).optional(),
  /** Left out of the graph. */
  hide: z.boolean().optional(),
  /** REST: the answer becomes `{ body headers { … } }`, with the response headers that the document declares. */
  responseHeaders: z.boolean().optional(),
});
export type OperationOptions = z.infer<typeof operationOptions>;

export const operations = z.record(z.string(), operationOptions).default({});

/** How long one call may take, in milliseconds. */
export const timeoutMs = z.int().min(1).max(600_000).default(10_000);

/** The largest answer that is read, in bytes. */
export const maxResponseBytes = z.int().min(1).default(10_485_760);

/** How calls are spread over addresses, sent again, bounded and ended. */
export const upstream = upstreamOptions;

/** How connections are secured. Certificates and keys are files in PEM, beside skein.yaml. */
export const tls = z.strictObject({
  /** Authorities that the server's certificate is judged by. Default: those of the system. */
  ca: z.string().optional(),
  /** The gateway's own certificate, with `key`. */
  certificate: z.string().optional(),
  key: z.string().optional(),
  /** Name in the server's certificate, where it is not the endpoint's. */
  serverName: z.string().optional(),
});

/**
 * How the connection for a document by URL is secured. Default: as to the endpoint, if the document is at its origin; or else
 * as the system has it.
 */
export const documentTls = tls.optional();

/** Headers sent with every call, e.g. an Authorization for the upstream. */
export const headers = z.record(headerName, z.string()).default({});

/**
 * Headers of the client's request that go on to the upstream: a name, or a name with another one to send it under and
 * a value for when the client has none. They win over `headers`. The header that holds a caller's key for the gateway
 * is never sent on.
 */
export const forwardHeaders = z
  .array(
    z.union([
      headerName,
      z.strictObject({ name: headerName, as: headerName.optional(), default: z.string().optional() }),
    ]),
  )
  .default([]);

/** Headers of the upstream's answers that go into the client's, e.g. `x-ratelimit-remaining`. */
export const returnHeaders = z.array(headerName).default([]);

/**
 * What clients may read of an upstream's error answer: nothing beyond status and code, its message, or its whole body
 * as well.
 */
export const errors = z.enum(['hidden', 'message', 'body']).default('hidden');
export type ErrorExposure = z.infer<typeof errors>;

/** `*` stands for anything but `/` and `.`, `**` for anything. */
const patterns = z.array(z.string().min(1));

/** Which operations a filter means: those that fit one pattern of each list that is given. */
const operationFilter = z.strictObject({
  /** Names of operations as `operations` has them, e.g. `list*`. */
  operations: patterns.optional(),
  /** Tags of an OpenAPI document, services of a proto or WSDL. */
  tags: patterns.optional(),
  /** Paths of an OpenAPI document, e.g. `/v1/**`. */
  paths: patterns.optional(),
});
export type OperationFilter = z.infer<typeof operationFilter>;

/** Only these operations come into the graph. */
export const include = operationFilter.optional();
/** These do not; it wins over `include`. */
export const exclude = operationFilter.optional();

/** An http or https address; a trailing slash is of no meaning. */
export const httpEndpoint = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' });
