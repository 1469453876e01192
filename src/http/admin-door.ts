import type { IncomingMessage, ServerResponse } from 'node:http';
import { type GraphQLSchema, getOperationAST, type ValidationRule } from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import type { Actor } from '../../admin/actor.ts';
import type { AdminContext } from '../../admin/stores/context.ts';
import { SkeinError } from '../../kernel/errors.ts';
import type { IdGenerator, Log } from '../../kernel/ports.ts';
import type { AdminIdentity } from '../control/admin-identity.ts';
import { credentialsOf } from '../identity/credentials.ts';
import { toPublicError } from '../public-errors.ts';
import type { Door } from './graphql-door.ts';

export interface AdminDoorDeps {
  readonly schema: GraphQLSchema;
  readonly identify: AdminIdentity;
  contextOf(actor: Actor): AdminContext;
  /** Resolves when this instance goes by what was written, or after a while: who changes something may use it at once. */
  settled(): Promise<unknown>;
  readonly rules: readonly ValidationRule[];
  readonly ids: IdGenerator;
  readonly log: Log;
}

/** Documents come with sources: they are larger than what apps send. */
const MOST_BYTES = 16 * 1_048_576;

/** `/admin/graphql`: administrators first show who they are; then Yoga reads, runs and answers. */
export function createAdminDoor({ schema, identify, contextOf, settled, rules, ids, log }: AdminDoorDeps): Door {
  const limits: Plugin = {
    onValidate({ addValidationRule }) {
      for (const rule of rules) addValidationRule(rule);
    },
  };
  const settling: Plugin = {
    onExecute({ args, executeFn, setExecuteFn }) {
      const type = getOperationAST(args.document, args.operationName)?.operation;
      if (type !== 'mutation') return;
      setExecuteFn(async (given) => {
        const result: unknown = await executeFn(given);
        await settled();
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
        const requestId = ids.next();
        const { message, extensions, path, locations } = toPublicError(error, { requestId, log });
        return Object.assign(new Error(message), {
          extensions,
          path,
          locations,
          toJSON: () => ({ message, path, locations, extensions }),
        });
      },
    },
    maxRequestBodySize: MOST_BYTES,
    graphiql: false,
    landingPage: false,
    cors: false,
    logging: false,
  } as Parameters<typeof createYoga<AdminContext & { readonly requestId: string }>>[0]);

  return async (request: IncomingMessage, response: ServerResponse) => {
    const requestId = ids.next();
    response.setHeader('x-request-id', requestId);
    response.setHeader('cache-control', 'no-store');
    if (Number(request.headers['content-length'] ?? 0) > MOST_BYTES)
      throw new SkeinError('PAYLOAD_TOO_LARGE', `A request may have ${MOST_BYTES} bytes.`);
    const actor = await identify(credentialsOf(request), requestId);
    await yoga(request, response, { ...contextOf(actor), requestId });
  };
}
