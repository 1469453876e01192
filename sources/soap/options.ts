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

/** A SOAP service by its WSDL 1.1. */
export const soapOptions = z.strictObject({
  kind: z.literal('soap'),
  /** File of the WSDL, beside skein.yaml, or an http(s) URL. Imports are read from beside it. */
  document: z.string().min(1),
  /** Where the service answers. The addresses in the document are never called. */
  endpoint: httpEndpoint,
  /** Name of the port, where the document has several. Default: the first one with a SOAP binding; 1.2 before 1.1. */
  port: z.string().optional(),
  /** Username token of WS-Security, sent as plain text: for https. */
  security: z.strictObject({ username: z.string(), password: z.string() }).optional(),
  /** HTTP headers sent with every call. */
  headers,
  forwardHeaders,
  returnHeaders,
  errors,
  timeoutMs,
  maxResponseBytes,
  upstream,
  tls: tls.optional(),
  documentTls,
  include,
  exclude,
  /** By operation name. Operations are mutations, unless they are declared a query here or named `get…`, `list…`, `find…`, … */
  operations,
});
export type SoapOptions = z.infer<typeof soapOptions>;
