import { z } from 'zod';

/** Options that several kinds of source share. Each kind's own stand in its folder. */

/** A GraphQL name that does not begin with two underscores. */
export const graphqlName = z
  .string()
  .regex(/^(?!__)[A-Za-z_][A-Za-z0-9_]*$/, 'must be a GraphQL name: letters, digits and _, not beginning with a digit');

/** Per operation of a document: how it shows in the graph. */
export const operationOptions = z.strictObject({
  /** Name of the field in the graph. Default: made from the operation's own name. */
  name: graphqlName.optional(),
  /** Where the field goes. Default: by the protocol (GET → query, server stream → subscription, …). */
  as: z.enum(['query', 'mutation', 'subscription']).optional(),
  /** Left out of the graph. */
  hide: z.boolean().optional(),
});
export type OperationOptions = z.infer<typeof operationOptions>;

export const operations = z.record(z.string(), operationOptions).default({});

/** How long one call may take, in milliseconds. */
export const timeoutMs = z.int().min(1).max(600_000).default(10_000);

/** The largest answer that is read, in bytes. */
export const maxResponseBytes = z.int().min(1).default(10_485_760);

/** Headers sent with every call, e.g. an Authorization for the upstream. */
export const headers = z
  .record(z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'must be a header name'), z.string())
  .default({});

/** An http or https address; a trailing slash is of no meaning. */
export const httpEndpoint = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' });
