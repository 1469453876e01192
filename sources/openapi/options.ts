import { z } from 'zod';
import {
  documentTls,
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

/**
 * Credentials for a security scheme of the document, in the form its type asks for: where they go — header, query,
 * cookie — the document says.
 */
const credential = z.union([
  /** `apiKey`: the key. `http bearer`, `oauth2`, `openIdConnect`: the token. */
  z.string(),
  /** `http basic`. */
  z.strictObject({ username: z.string(), password: z.string() }),
]);

/** A REST API by its OpenAPI document. */
export const openapiOptions = z.strictObject({
  kind: z.literal('openapi'),
  /** File of the OpenAPI document (2.0, 3.0 or 3.1), YAML or JSON, beside skein.yaml; or an http(s) URL. */
  document: z.string().min(1),
  /** Where the API answers. The document's own `servers` are never called. */
  endpoint: httpEndpoint,
  headers,
  forwardHeaders,
  returnHeaders,
  /** By name of a security scheme of the document. Operations that ask for it are sent its credential. */
  security: z.record(z.string(), credential).default({}),
  errors,
  timeoutMs,
  maxResponseBytes,
  upstream,
  tls: tls.optional(),
  documentTls,
  include,
  exclude,
  /** By operationId, or `GET /path` where an operation has none. */
  operations,
});
export type OpenapiOptions = z.infer<typeof openapiOptions>;
