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

export const soapOptions = z
  .strictObject({
    kind: z.literal('soap').describe('A SOAP service.'),
    document: z
      .string()
      .min(1)
      .describe(
        'The WSDL: a file beside skein.yaml or given with the source, or an http(s) URL. Imports are read from beside it.',
      ),
    endpoint: httpEndpoint.describe(
      'Where the service answers, an http(s) URL. The addresses in the document are never called.',
    ),
    port: z
      .string()
      .optional()
      .describe(
        'Name of the port, where the document has several. Default: the first one with a SOAP binding; 1.2 before 1.1.',
      ),
    security: z
      .strictObject({
        username: z.string().describe('Name of the user.'),
        password: z.string().describe('The password.'),
      })
      .optional()
      .describe('Username token of WS-Security, sent as plain text: for https. Default: none.'),
    headers: headers.describe('HTTP headers sent with every call.'),
    forwardHeaders,
    returnHeaders,
    errors,
    timeoutMs,
    maxResponseBytes,
    upstream,
    tls: endpointTls,
    documentTls,
    include,
    exclude,
    operations: operations.describe(
      'How operations show in the graph, by name. They are mutations, unless they are declared a query here or named `get…`, `list…`, `find…`, …',
    ),
  })
  .describe('A SOAP service by its WSDL 1.1.');
export type SoapOptions = z.infer<typeof soapOptions>;
