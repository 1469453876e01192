import { z } from 'zod';
import {
  documentTls,
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

const credential = z
  .union([
    z.string().describe('For `apiKey`: the key. For `http bearer`, `oauth2` and `openIdConnect`: the token.'),
    z
      .strictObject({
        username: z.string().describe('Name of the user.'),
        password: z.string().describe('The password.'),
      })
      .describe('For `http basic`.'),
  ])
  .meta({
    id: 'Credential',
    members: ['secret', 'basic'],
    description:
      'Credentials in the form that the type of their security scheme asks for. Where they go — header, query, cookie — the document says.',
  });

export const openapiOptions = z
  .strictObject({
    kind: z.literal('openapi').describe('A REST API.'),
    document: z
      .string()
      .min(1)
      .describe(
        'The OpenAPI document (2.0, 3.0 or 3.1), YAML or JSON: a file beside skein.yaml or given with the source, or an http(s) URL.',
      ),
    endpoint: httpEndpoint.describe(
      'Where the API answers, an http(s) URL. The document’s own `servers` are never called.',
    ),
    headers,
    forwardHeaders,
    returnHeaders,
    security: z
      .record(z.string().describe('Name of a security scheme of the document.'), credential)
      .default({})
      .describe(
        'Credentials by name of a security scheme of the document. Operations that ask for it are sent its credential.',
      ),
    errors,
    timeoutMs,
    maxResponseBytes,
    upstream,
    tls: endpointTls,
    documentTls,
    include,
    exclude,
    operations: operations.describe(
      'How operations show in the graph, by operationId, or `GET /path` where an operation has none.',
    ),
  })
  .describe('A REST API by its OpenAPI document.');
export type OpenapiOptions = z.infer<typeof openapiOptions>;
