import { z } from 'zod';
import { headers, httpEndpoint, maxResponseBytes, operations, timeoutMs } from '../options.ts';

/** A REST API by its OpenAPI document. */
export const openapiOptions = z.strictObject({
  kind: z.literal('openapi'),
  /** File of the OpenAPI document, YAML or JSON, beside skein.yaml; or an http(s) URL. */
  document: z.string().min(1),
  /** Where the API answers. The document's own `servers` are never called. */
  endpoint: httpEndpoint,
  headers,
  timeoutMs,
  maxResponseBytes,
  /** By operationId, or `GET /path` where an operation has none. */
  operations,
});
export type OpenapiOptions = z.infer<typeof openapiOptions>;
