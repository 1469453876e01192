import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { GraphQLError, type GraphQLSchema, getOperationAST, type ValidationRule } from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import type { Actor } from '../../admin/actor.ts';
import type { AdminContext } from '../../admin/stores/context.ts';
import { describeError, SkeinError } from '../../kernel/errors.ts';
import type { IdGenerator, Log } from '../../kernel/ports.ts';
import type { AdminIdentity } from '../control/admin-identity.ts';
import type { StoreHealth } from '../control/sync.ts';
import { credentialsOf } from '../identity/credentials.ts';
import { statusOf, toPublicError } from '../public-errors.ts';
import { useAdminDocuments } from './admin-documents.ts';
import { isStoreUnavailable, RETRY_AFTER, toAdminError, unlessSilent } from './admin-errors.ts';
import { readBody } from './body.ts';
import type { Door } from './graphql-door.ts';
import { isJson } from './media-types.ts';

export interface AdminDoorDeps {
  readonly schema: GraphQLSchema;
  readonly identify: AdminIdentity;
  contextOf(actor: Actor): AdminContext;
  /** Resolves when this instance goes by what was written, or after a while: who changes something may use it at once. */
  settled(): Promise<unknown>;
  /** How this instance stands to the store. */
  storeHealth(): StoreHealth;
  readonly rules: readonly ValidationRule[];
  readonly ids: IdGenerator;
  readonly log: Log;
}

/** Documents come with sources: they are larger than what apps send. */
const MOST_BYTES = 16 * 1_048_576;
const MOST_TOKENS = 10_000;
const MOST_ROOT_FIELDS = 100;
/** Codes that travel in a 200 answer: the document arrived, it was the wrong one. */
const DOCUMENT_CODES: ReadonlySet<unknown> = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_TOO_COMPLEX',
]);

/** `/admin/graphql`: administrators first show who they are; then Yoga reads, runs and answers. */
export function createAdminDoor(deps: AdminDoorDeps): Door {
  const { schema, identify, contextOf, settled, storeHealth, rules, ids, log } = deps;
  /** The request whose errors are shown: Yoga does not say. */
  const requests = new AsyncLocalStorage<string>();
  const limits = useAdminDocuments({ tokens: MOST_TOKENS, rootFields: MOST_ROOT_FIELDS, rules });
  const settling: Plugin = {
    onExecute({ args, executeFn, setExecuteFn }) {
      const type = getOperationAST(args.document, args.operationName)?.operation;
      setExecuteFn(async (given) => {
        const result = await unlessSilent(storeHealth, Promise.resolve(executeFn(given) as unknown));
        if (type === 'mutation') await settled();
        return result;
      });
    },
  };
  const yoga = createYoga<AdminContext & { readonly requestId: string }>({
    schema,
    graphqlEndpoint: '/admin/graphql',
    plugins: [limits, settling],
    maskedErrors: {
      maskError: (error) => {
        const requestId = requests.getStore() ?? ids.next();
        const told = toAdminError(error);
        if (isStoreUnavailable(told)) log.warn({ requestId, reason: describeError(told.cause) }, STORE_FAILED);
        const shown = toPublicError(isStoreUnavailable(told) ? told : error, { requestId, log });
        // The limits are not those of skein.yaml.
        const message = shown.message.replace(/ \(limits\.\w+\)/, '');
        const { nodes, source, positions, path } = error instanceof GraphQLError ? error : NOWHERE;
        const place = {
          nodes: nodes ?? null,
          source: source ?? null,
          positions: positions ?? null,
          path: path ?? null,
        };
        const status = statusOf([shown]);
        const extensions = { ...shown.extensions };
        // Elsewhere what is wrong with a field is told beside the others.
        if (isStoreUnavailable(told)) extensions.http = { status, headers: { 'retry-after': RETRY_AFTER } };
        else if (path === undefined) extensions.http = { status, spec: DOCUMENT_CODES.has(shown.extensions?.code) };
        return new GraphQLError(message, { ...place, extensions });
      },
    },
    maxRequestBodySize: false,
    graphiql: false,
    landingPage: false,
    cors: false,
    logging: false,
  } as Parameters<typeof createYoga<AdminContext & { readonly requestId: string }>>[0]);

  return async (request: IncomingMessage, response: ServerResponse) => {
    const requestId = ids.next();
    response.setHeader('x-request-id', requestId);
    response.setHeader('cache-control', 'no-store');
    try {
      const actor = await identify(credentialsOf(request), requestId);
      if (request.method === 'POST') {
        if (!isJson(request.headers['content-type']))
          throw new SkeinError(
            'UNSUPPORTED_MEDIA_TYPE',
            'Send the operation as JSON, with "content-type: application/json".',
          );
        const body = await readBody(request, MOST_BYTES);
        // Of bytes that are there already Yoga's server would list every one by its number: ten seconds for ten megabytes.
        (request as IncomingMessage & { body?: object }).body = readParams(body);
      }
      await requests.run(requestId, async () => yoga(request, response, { ...contextOf(actor), requestId }));
    } catch (error) {
      if (error instanceof SkeinError && error.code === 'PAYLOAD_TOO_LARGE') response.setHeader('connection', 'close');
      throw error;
    }
  };
}

const STORE_FAILED = 'the store did not answer what an administrator asked';
const NOWHERE = { nodes: undefined, source: undefined, positions: undefined, path: undefined };

/** @throws SkeinError BAD_REQUEST for what is no operation */
function readParams(body: Buffer): object {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw new SkeinError('BAD_REQUEST', 'The request body is not valid JSON.');
  }
  const { query, variables, operationName, extensions } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof query !== 'string') {
    throw new SkeinError('BAD_REQUEST', 'The request body must be a JSON object with a "query".');
  }
  return { query, variables, operationName, extensions };
}
