import { z } from 'zod';
import { choiceOf } from '../kernel/choice-of.ts';
import { upstreamOptions } from './upstream/resilience/options.ts';

/** Options that several kinds of source share. Each kind's own stand in its folder. */

/** A GraphQL name that does not begin with two underscores. */
export const graphqlName = z
  .string()
  .regex(/^(?!__)[A-Za-z_][A-Za-z0-9_]*$/, 'must be a GraphQL name: letters, digits and _, not beginning with a digit');

const headerName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'must be a header name');

export const operationOptions = z
  .strictObject({
    name: graphqlName
      .optional()
      .describe('Name of the field in the graph. Default: made from the operation’s own name.'),
    as: choiceOf({
      query: 'A field of `Query`.',
      mutation: 'A field of `Mutation`.',
      subscription: 'A field of `Subscription`.',
    })
      .optional()
      .describe('Where the field goes. Default: by the protocol (GET → query, server stream → subscription, …).'),
    hide: z.boolean().optional().describe('Leaves it out of the graph.'),
    responseHeaders: z
      .boolean()
      .optional()
      .describe(
        'REST: the answer becomes `{ body headers { … } }`, with the response headers that the document declares.',
      ),
  })
  .describe('How an operation of a document shows in the graph.');
export type OperationOptions = z.infer<typeof operationOptions>;

export const operations = z
  .record(z.string().describe('The operation, as the document calls it.'), operationOptions)
  .meta({ id: 'Operation', key: 'operation' })
  .default({})
  .describe('How operations show in the graph, by name.');

export const timeoutMs = z
  .int()
  .min(1)
  .max(600_000)
  .default(10_000)
  .describe('How long one call may take, in milliseconds.');

export const maxResponseBytes = z
  .int()
  .min(1)
  .default(10_485_760)
  .describe('The largest answer that is read, in bytes.');

export const upstream = upstreamOptions;

export const tls = z
  .strictObject({
    ca: z
      .string()
      .optional()
      .describe('Authorities that the server’s certificate is judged by. Default: those of the system.'),
    certificate: z.string().optional().describe('The gateway’s own certificate, with `key`.'),
    key: z.string().optional().describe('The key of the certificate.'),
    serverName: z.string().optional().describe('Name in the server’s certificate, where it is not the endpoint’s.'),
  })
  .meta({
    id: 'Tls',
    description: 'How connections are secured. Certificates and keys are files in PEM, beside skein.yaml.',
  });

export const endpointTls = tls
  .optional()
  .describe('How connections to the endpoint are secured. Default: as the system has it.');

export const documentTls = tls
  .optional()
  .describe(
    'How the connection for a document by URL is secured. Default: as to the endpoint, if the document is at its origin; or else as the system has it.',
  );

export const headers = z
  .record(headerName.describe('Name of a header.'), z.string().describe('What it says.'))
  .meta({ id: 'Header', description: 'A header that is sent with every call.' })
  .default({})
  .describe('Headers sent with every call, e.g. an Authorization for the upstream.');

export const forwardHeaders = z
  .array(
    z
      .union([
        headerName,
        z.strictObject({
          name: headerName.describe('Name of the client’s header.'),
          as: headerName.optional().describe('What it is sent under. Default: its own name.'),
          default: z.string().optional().describe('What is sent where the client has none. Default: nothing.'),
        }),
      ])
      .meta({ id: 'ForwardHeader', short: 'name', description: 'A header of the client’s request that goes on.' }),
  )
  .default([])
  .describe(
    'Headers of the client’s request that go on to the upstream, under their own name or another. They win over `headers`. The header that holds a caller’s key for the gateway is never sent on.',
  );

export const returnHeaders = z
  .array(headerName)
  .default([])
  .describe('Headers of the upstream’s answers that go into the client’s, e.g. `x-ratelimit-remaining`.');

export const errors = choiceOf({
  hidden: 'Nothing beyond status and code.',
  message: 'Its message.',
  body: 'Its message and its whole body.',
})
  .meta({ id: 'ErrorExposure', description: 'What clients may read of an upstream’s error answer.' })
  .default('hidden')
  .describe('What clients may read of an upstream’s error answer.');
export type ErrorExposure = z.infer<typeof errors>;

const patterns = z.array(z.string().min(1));

const operationFilter = z
  .strictObject({
    operations: patterns.optional().describe('Names of operations as `operations` has them, e.g. `list*`.'),
    tags: patterns.optional().describe('Tags of an OpenAPI document, services of a proto or WSDL.'),
    paths: patterns.optional().describe('Paths of an OpenAPI document, e.g. `/v1/**`.'),
  })
  .meta({
    id: 'OperationFilter',
    description:
      'Which operations are meant: those that fit one pattern of each list that is given. `*` stands for anything but `/` and `.`, `**` for anything.',
  });
export type OperationFilter = z.infer<typeof operationFilter>;

export const include = operationFilter.optional().describe('Only these operations come into the graph. Default: all.');
export const exclude = operationFilter
  .optional()
  .describe('These operations stay out of the graph; it wins over `include`. Default: none.');

/** An http or https address; a trailing slash is of no meaning. */
export const httpEndpoint = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' });
