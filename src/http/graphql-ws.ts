import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ExecutionArgs, type FormattedExecutionResult, GraphQLError, type GraphQLFormattedError } from 'graphql';
import { CloseCode, type ConnectionInitMessage, makeServer } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { SkeinError } from '../../kernel/errors.ts';
import type { IdGenerator, Log } from '../../kernel/ports.ts';
import type { CallContext } from '../../sources/source.ts';
import type { Caller } from '../identity/caller.ts';
import { type Credentials, credentialsOf, NOT_VALID, withAuthorization } from '../identity/credentials.ts';
import type { Keyring } from '../identity/keyring.ts';
import type { Lifetime, Lifetimes } from '../lifetimes.ts';
import { isRefused, type Operations, type PreparedOperation, type ReadyOperation } from '../operations.ts';
import { toPublicError } from '../public-errors.ts';
import { socketHeaders } from './client-headers.ts';
import { carryProtocol, closeReason, type Peer } from './ws-transport.ts';

/** Operations one socket may have under way. */
const MAX_OPERATIONS_PER_SOCKET = 100;
/** How long a client gets to take the last words of an operation that was stopped, and to close its socket. */
const LAST_WORDS_MS = 1_000;
/** A "complete" message holds nothing but an id. */
const MAX_COMPLETE_BYTES = 4_096;

const KEY_MISSING = 'An API key is required: send {"Authorization": "Bearer <key>"} as the payload of connection_init.';
const KEY_WRONG = 'The API key is not valid: "Authorization" must be "Bearer <key>" with a key of this gateway.';
/** Clients come again after it (RFC 6455, section 7.4). */
const TRY_AGAIN_LATER = 1013;
const GOING_AWAY = 1001;

export interface GraphqlWsDeps {
  readonly operations: Operations;
  readonly keyring: Keyring;
  readonly lifetimes: Lifetimes;
  readonly ids: IdGenerator;
  readonly log: Log;
  readonly limits: { readonly bodyBytes: number; readonly requestTimeoutMs: number; readonly streamTimeoutMs: number };
}

export interface GraphqlWs {
  /** Whether it is a WebSocket from now on. While `isDraining`, it takes no new operations. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, isDraining: () => boolean): boolean;
  /** Sockets that are open. */
  readonly size: number;
  /** Closes every socket with 1001, "going away". */
  close(): Promise<void>;
}

interface Running {
  readonly operation: ReadyOperation;
  readonly lifetime: Lifetime;
}

interface Session {
  readonly isDraining: () => boolean;
  /** Asked again for each operation: what they stand for may have changed since the socket was opened. */
  credentials?: Credentials;
  /** What sources may see of the client's headers. There is no answer to return any with. */
  headers?: CallContext['headers'];
  /** By the payload of the subscribe message: an id may come again before its first operation has ended. */
  readonly lives: Map<object, { readonly id: string; readonly lifetime: Lifetime }>;
  /** Operations whose token is still verified, or whose limits are still counted. */
  readonly waiting: Set<{ readonly id: string; isEnded: boolean }>;
}

/**
 * `/graphql` over WebSocket (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md). The key comes with the
 * upgrade's Authorization header, or as `Authorization` in the payload of `connection_init`, which is all browsers can do.
 * For the same reason an object `headers` in that payload may add to the headers that sources can forward.
 */
export function createGraphqlWs({ operations, keyring, lifetimes, ids, log, limits }: GraphqlWsDeps): GraphqlWs {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: limits.bodyBytes,
    handleProtocols: (protocols) => (protocols.has('graphql-transport-ws') ? 'graphql-transport-ws' : false),
  });
  const sessions = new WeakMap<WebSocket, Session>();
  const sessionOf = (socket: WebSocket) => sessions.get(socket) as Session;

  const protocol = makeServer<ConnectionInitMessage['payload'], Peer>({
    connectionInitWaitTimeout: 10_000,
    onConnect: async ({ connectionParams, extra }) => {
      const session = sessionOf(extra.socket);
      const credentials = credentialsFrom(extra.request, connectionParams);
      try {
        await keyring.identify(credentials);
      } catch (error) {
        // graphql-ws would close it with the code for a refused connection_init in any case, but has less to say.
        extra.socket.close(...closingOf(error, credentials));
        return false;
      }
      session.credentials = credentials;
      session.headers = socketHeaders(extra.request.headers, connectionParams);
      return true;
    },
    onSubscribe: ({ extra }, id, payload) => {
      const { credentials = {}, headers, lives, waiting, isDraining } = sessionOf(extra.socket);
      const own = { id, isEnded: false };
      const requestId = ids.next();
      const refuse = (errors: readonly unknown[]) =>
        errors.map((error) => asGraphqlError(toPublicError(error, { requestId, log })));
      /** Asked again after each wait: for its token to be verified, for its limits to be counted. */
      const obstacle = (): SkeinError | undefined => {
        if (isDraining()) return new SkeinError('SHUTTING_DOWN');
        // Nothing would be heard of its end any more.
        if (own.isEnded || extra.socket.readyState !== extra.socket.OPEN)
          return new SkeinError('CLIENT_CLOSED_REQUEST');
        if (lives.size < MAX_OPERATIONS_PER_SOCKET) return undefined;
        const message = `No more than ${MAX_OPERATIONS_PER_SOCKET} operations can share a socket.`;
        return new SkeinError('BAD_REQUEST', message);
      };
      const begin = (caller: Caller) => {
        const stopped = obstacle();
        if (stopped !== undefined) return refuse([stopped]);
        const prepared = operations.prepare(payload, caller);
        if (!(prepared instanceof Promise)) return run(prepared, caller);
        return prepared.then((operation) => {
          const late = obstacle();
          return late === undefined ? run(operation, caller) : refuse([late]);
        });
      };
      const run = (operation: PreparedOperation, caller: Caller) => {
        if (isRefused(operation)) return refuse(operation.errors);
        const isStream = operation.type === 'subscription';
        const timeoutMs = isStream ? limits.streamTimeoutMs : limits.requestTimeoutMs;
        const lifetime = lifetimes.open({ timeoutMs, requestId, headers, caller, isStream, door: 'graphql-ws' });
        lives.set(payload, { id, lifetime });
        lifetime.onStop(() => {
          // A client that does not read would hold the operation, and a shutdown, forever.
          const late = setTimeout(() => lives.has(payload) && extra.socket.terminate(), LAST_WORDS_MS);
          late.unref();
        });
        return executionArgs({ operation, lifetime }, payload.operationName);
      };
      try {
        const caller = keyring.identify(credentials);
        const begun = caller instanceof Promise ? caller.then(begin).catch((error) => refuse([error])) : begin(caller);
        if (!(begun instanceof Promise)) return begun;
        waiting.add(own);
        return begun.finally(() => waiting.delete(own));
      } catch (error) {
        return refuse([error]);
      }
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
    onComplete: ({ extra }, _id, payload) => {
      const { lives } = sessionOf(extra.socket);
      // The message "complete" is sent after this: a shutdown that waits for the operation must wait for it, too.
      setImmediate(() => {
        lives.get(payload)?.lifetime.close();
        lives.delete(payload);
      });
    },
  });

  return {
    get size() {
      return server.clients.size;
    },
    upgrade(request, socket, head, isDraining) {
      let isOpen = false;
      server.handleUpgrade(request, socket, head, (webSocket) => {
        isOpen = true;
        const session: Session = { isDraining, lives: new Map(), waiting: new Set() };
        sessions.set(webSocket, session);
        webSocket.on('message', (data: Buffer) => stopCompleted(session, data));
        webSocket.once('close', () => stopAll(session));
        socket.on('drain', () => webSocket.resume());
        carryProtocol(protocol, { socket: webSocket, request }, log);
        // Broken frames are answered with a close code already.
        webSocket.on('error', (error) => log.debug({ err: error }, 'a WebSocket broke'));
      });
      return isOpen;
    },
    async close() {
      const late = setTimeout(() => {
        for (const client of server.clients) client.terminate();
      }, LAST_WORDS_MS);
      for (const client of server.clients) client.close(GOING_AWAY, 'Going away');
      await new Promise<void>((resolve) => server.close(() => resolve()));
      clearTimeout(late);
    },
  };
}

/** What a lost socket had under way ends at once, even if a source is slow to close its stream. */
function stopAll({ lives }: Session): void {
  for (const { lifetime } of lives.values()) {
    lifetime.stop('CLIENT_CLOSED_REQUEST');
    lifetime.close();
  }
  lives.clear();
}

/** Ends what the client says "complete" to: graphql-ws closes streams, but lets a query and its calls go on. */
function stopCompleted({ lives, waiting }: Session, data: Buffer): void {
  if (lives.size + waiting.size === 0 || data.length > MAX_COMPLETE_BYTES || !data.includes('"complete"')) return;
  try {
    const { type, id } = JSON.parse(data.toString()) as { type?: unknown; id?: unknown };
    if (type !== 'complete') return;
    for (const operation of waiting) if (operation.id === id) operation.isEnded = true;
    for (const life of lives.values()) if (life.id === id) life.lifetime.stop('CLIENT_CLOSED_REQUEST');
  } catch {
    // graphql-ws closes the socket on what is no JSON.
  }
}

function credentialsFrom(request: IncomingMessage, params: Readonly<Record<string, unknown>> | undefined): Credentials {
  const given = authorizationOf(params);
  return given === undefined ? credentialsOf(request) : withAuthorization(credentialsOf(request), given);
}

/** Code and reason for a socket that is not let in. Only a SkeinError is for clients to read. */
function closingOf(error: unknown, { authorization, apiKey }: Credentials): [code: number, reason: string] {
  if (authorization === undefined && apiKey === undefined) return [CloseCode.Forbidden, KEY_MISSING];
  if (!(error instanceof SkeinError)) return [CloseCode.InternalServerError, 'Something went wrong in the gateway.'];
  if (error.message === NOT_VALID) return [CloseCode.Forbidden, KEY_WRONG];
  return [error.code === 'IDENTITY_UNAVAILABLE' ? TRY_AGAIN_LATER : CloseCode.Forbidden, closeReason(error.message)];
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
