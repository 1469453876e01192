import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ExecutionArgs, type FormattedExecutionResult, GraphQLError, type GraphQLFormattedError } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { SkeinError } from '../../kernel/errors.ts';
import type { IdGenerator, Log } from '../../kernel/ports.ts';
import type { Caller, Keyring } from '../identity/keyring.ts';
import type { Lifetime, Lifetimes } from '../lifetimes.ts';
import { isRefused, type Operations, type ReadyOperation } from '../operations.ts';
import { toPublicError } from '../public-errors.ts';

/** Operations one socket may have under way. */
const MAX_OPERATIONS_PER_SOCKET = 100;

export interface GraphqlWsDeps {
  readonly operations: Operations;
  readonly keyring: Keyring;
  readonly lifetimes: Lifetimes;
  readonly ids: IdGenerator;
  readonly log: Log;
  readonly limits: { readonly bodyBytes: number; readonly requestTimeoutMs: number; readonly streamTimeoutMs: number };
}

export interface GraphqlWs {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Closes every socket with 1001, "going away". */
  close(): Promise<void>;
}

interface Running {
  readonly operation: ReadyOperation;
  readonly lifetime: Lifetime;
}

/**
 * `/graphql` over WebSocket (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md). The key comes with the
 * upgrade's Authorization header, or as `Authorization` in the payload of `connection_init`, which is all browsers can do.
 */
export function createGraphqlWs({ operations, keyring, lifetimes, ids, log, limits }: GraphqlWsDeps): GraphqlWs {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: limits.bodyBytes,
    handleProtocols: (protocols) => (protocols.has('graphql-transport-ws') ? 'graphql-transport-ws' : false),
  });
  const callers = new WeakMap<WebSocket, Caller>();
  const running = new WeakMap<WebSocket, Map<string, Lifetime>>();

  const disposable = useServer(
    {
      connectionInitWaitTimeout: 10_000,
      onConnect: ({ connectionParams, extra }) => {
        try {
          callers.set(
            extra.socket,
            keyring.identify(authorizationOf(connectionParams) ?? extra.request.headers.authorization),
          );
          running.set(extra.socket, new Map());
          return true;
        } catch {
          // graphql-ws closes the socket with 4403, "Forbidden": the protocol's word for a refused connection_init.
          return false;
        }
      },
      onSubscribe: ({ extra }, id, payload) => {
        const caller = callers.get(extra.socket) as Caller;
        const lives = running.get(extra.socket) as Map<string, Lifetime>;
        const requestId = ids.next();
        const refuse = (errors: readonly unknown[]) =>
          errors.map((error) => asGraphqlError(toPublicError(error, { requestId, log })));
        if (lives.size >= MAX_OPERATIONS_PER_SOCKET) {
          const message = `No more than ${MAX_OPERATIONS_PER_SOCKET} operations can share a socket.`;
          return refuse([new SkeinError('BAD_REQUEST', message)]);
        }
        const operation = operations.prepare(payload, caller);
        if (isRefused(operation)) return refuse(operation.errors);
        const timeoutMs = operation.type === 'subscription' ? limits.streamTimeoutMs : limits.requestTimeoutMs;
        const lifetime = lifetimes.open({ timeoutMs, requestId });
        lives.set(id, lifetime);
        return executionArgs({ operation, lifetime }, payload.operationName);
      },
      execute: (args) => {
        const { operation, lifetime } = (args as ExecutionArgs).contextValue as Running;
        return operations.execute(operation, lifetime) as never;
      },
      subscribe: (args) => {
        const { operation, lifetime } = (args as ExecutionArgs).contextValue as Running;
        return operations.subscribe(operation, lifetime) as never;
      },
      // Results are public already: errors are plain objects, not GraphQLErrors to be formatted.
      onNext: (_context, _id, _payload, _args, result) => result as FormattedExecutionResult,
      onComplete: ({ extra }, id) => {
        const lives = running.get(extra.socket);
        lives?.get(id)?.close();
        lives?.delete(id);
      },
      onClose: ({ extra }) => {
        for (const lifetime of running.get(extra.socket)?.values() ?? []) {
          lifetime.stop('CLIENT_CLOSED_REQUEST');
          lifetime.close();
        }
      },
    },
    server,
  );

  return {
    upgrade(request, socket, head) {
      server.handleUpgrade(request, socket, head, (webSocket) => server.emit('connection', webSocket, request));
    },
    async close() {
      await disposable.dispose();
    },
  };
}

function authorizationOf(params: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const value = params?.Authorization ?? params?.authorization;
  return typeof value === 'string' ? value : undefined;
}

function executionArgs(running: Running, operationName: string | null | undefined): ExecutionArgs {
  const { generation, plan } = running.operation;
  return {
    schema: generation.schema,
    document: plan.document,
    operationName: operationName ?? null,
    contextValue: running,
  };
}

function asGraphqlError({ message, locations, extensions }: GraphQLFormattedError): GraphQLError {
  const error = new GraphQLError(message, { extensions: extensions ?? null });
  return Object.defineProperty(error, 'locations', { value: locations });
}
