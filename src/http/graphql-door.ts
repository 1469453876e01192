import type { IncomingMessage, ServerResponse } from 'node:http';
import { createYoga } from 'graphql-yoga';
import { SkeinError } from '../../kernel/errors.ts';
import type { IdGenerator, Log } from '../../kernel/ports.ts';
import type { CallContext } from '../../sources/source.ts';
import type { Caller } from '../identity/caller.ts';
import { credentialsOf } from '../identity/credentials.ts';
import type { Keyring } from '../identity/keyring.ts';
import type { Lifetime, LifetimeOptions, Lifetimes } from '../lifetimes.ts';
import { isRefused, type OperationParams, type Operations, type ReadyOperation } from '../operations.ts';
import { returnRate } from '../policy/rates/headers.ts';
import { readBody, readForm } from './body.ts';
import { clientHeaders, headerReturner } from './client-headers.ts';
import type { GraphqlSse } from './graphql-sse.ts';
import { EVENT_STREAM, isJson, negotiate, PLAIN_JSON, RESPONSE_JSON } from './media-types.ts';
import { isMultipart, readMultipartParams } from './multipart-request.ts';
import { queryOf } from './request-target.ts';
import { sendErrors, sendResult, sendText } from './respond.ts';
import { useOperations, type YogaServerContext } from './use-operations.ts';

export interface GraphqlDoorDeps {
  readonly operations: Operations;
  readonly keyring: Keyring;
  readonly lifetimes: Lifetimes;
  readonly sse: GraphqlSse;
  readonly ids: IdGenerator;
  readonly log: Log;
  readonly limits: { readonly bodyBytes: number; readonly requestTimeoutMs: number; readonly streamTimeoutMs: number };
}

export type Door = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * `/graphql` over HTTP. Identity comes first, for every method. Then POSTs take the short way, event streams go to
 * GraphQL over SSE, and what is left, GET, is read and answered by Yoga.
 */
export function createGraphqlDoor(deps: GraphqlDoorDeps): Door {
  const { operations, keyring, lifetimes, sse, ids, log, limits } = deps;
  const yoga = createYoga<YogaServerContext>({
    graphqlEndpoint: '/graphql',
    plugins: [useOperations(operations)],
    // Errors are made public by the operations, pages and cross-origin answers are not Yoga's to give.
    maskedErrors: false,
    graphiql: false,
    landingPage: false,
    cors: false,
    logging: false,
    maxRequestBodySize: false,
  } as Parameters<typeof createYoga<YogaServerContext>>[0]);
  /** Not as a server of its own: that would show clients where in the code it has failed. */
  const askYoga = (
    { url, headers: { accept = '*/*', 'content-type': type } }: IncomingMessage,
    context: YogaServerContext,
  ) => yoga.fetch(`http://localhost${url}`, { headers: { accept, ...(type && { 'content-type': type }) } }, context);

  const openLifetime = (scope: Scope, caller: Caller, response: ServerResponse, time: LifetimeTime): Lifetime => {
    const { requestId, headers } = scope;
    const client = { requestId, headers, caller, returnHeader: headerReturner(response) };
    const lifetime = lifetimes.open({ ...time, ...client });
    response.once('close', () => {
      if (!response.writableFinished) lifetime.stop('CLIENT_CLOSED_REQUEST');
      lifetime.close();
    });
    return lifetime;
  };
  /** What is being written is out of its hands: a client that does not take its answer must not hold up a shutdown. */
  const openAnswer = (scope: Scope, caller: Caller, response: ServerResponse, time: LifetimeTime): Lifetime => {
    const lifetime = openLifetime(scope, caller, response, time);
    lifetime.onStop(() => {
      if (response.headersSent) lifetime.close();
    });
    return lifetime;
  };
  const ofRequest: LifetimeTime = {
    get timeoutMs() {
      return limits.requestTimeoutMs;
    },
  };
  const timeOf = (operation: ReadyOperation): LifetimeTime =>
    operation.type === 'subscription' ? { timeoutMs: limits.streamTimeoutMs, isStream: true } : ofRequest;

  /** The short way: parameters from a JSON body or from the query string of an event stream. */
  const runOperation = async (
    params: OperationParams,
    caller: Caller,
    scope: Scope,
    request: IncomingMessage,
    response: ServerResponse,
  ) => {
    const accepted = negotiate(request.headers.accept, [PLAIN_JSON, RESPONSE_JSON, EVENT_STREAM]);
    if (accepted === undefined) throw new SkeinError('NOT_ACCEPTABLE');
    const prepared = operations.prepare(params, caller);
    const operation = prepared instanceof Promise ? await prepared : prepared;
    // It may have gone while its limits were counted: nothing would be heard of that any more.
    if (response.destroyed) throw new SkeinError('CLIENT_CLOSED_REQUEST');
    returnRate(operation.rate, headerReturner(response));
    const token = sse.tokenOf(request);
    if (isRefused(operation)) {
      // A client that only takes events hears of its mistake as an event.
      if (accepted === EVENT_STREAM && token === undefined) await sse.refuse(operation.errors, scope, response);
      else sendErrors(response, operation.errors, scope, accepted === EVENT_STREAM ? RESPONSE_JSON : accepted);
      return;
    }
    if (request.method === 'GET' && operation.type === 'mutation') {
      response.setHeader('allow', 'POST');
      throw new SkeinError('METHOD_NOT_ALLOWED', 'A mutation cannot be sent with GET.');
    }
    if (token !== undefined) {
      // Its answer says only that the operation was taken: there is nothing to return headers with.
      const { requestId, headers } = scope;
      const lifetime = lifetimes.open({ ...timeOf(operation), requestId, headers, caller });
      try {
        sse.run(token, caller, operationIdOf(params), operation, lifetime, response);
      } catch (error) {
        lifetime.close();
        throw error;
      }
      return;
    }
    const takesEvents = accepted === EVENT_STREAM || (request.headers.accept?.includes(EVENT_STREAM) ?? false);
    if (operation.type === 'subscription' ? takesEvents : accepted === EVENT_STREAM) {
      await sse.serve(operation, openLifetime(scope, caller, response, timeOf(operation)), response);
      return;
    }
    if (operation.type === 'subscription') {
      throw new SkeinError(
        'NOT_ACCEPTABLE',
        'A subscription is answered as text/event-stream (Accept header) or over WebSocket.',
      );
    }
    const lifetime = openAnswer(scope, caller, response, timeOf(operation));
    sendResult(
      response,
      await operations.execute(operation, lifetime),
      accepted === EVENT_STREAM ? PLAIN_JSON : accepted,
    );
    if (lifetime.stopped !== undefined) lifetime.close();
  };

  const serve = async (scope: Scope, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const identified = keyring.identify(credentialsOf(request));
    const caller = identified instanceof Promise ? await identified : identified;
    // It may have gone while its token was verified: nothing would be heard of that any more.
    if (response.destroyed) throw new SkeinError('CLIENT_CLOSED_REQUEST');
    if (request.method === 'POST') {
      if (request.headers['content-encoding'] !== undefined && request.headers['content-encoding'] !== 'identity') {
        throw new SkeinError('UNSUPPORTED_MEDIA_TYPE', 'Request bodies are taken without content encoding.');
      }
      const body = await readBody(request, limits.bodyBytes);
      if (isJson(request.headers['content-type']))
        return runOperation(parseParams(body), caller, scope, request, response);
      if (isMultipart(request.headers['content-type'])) {
        const params = await readMultipartParams(body, request.headers['content-type']);
        return runOperation(params, caller, scope, request, response);
      }
      const params = paramsOfQuery(readForm(body, request.headers['content-type']));
      return runOperation(params, caller, scope, request, response);
    } else if (request.method === 'PUT') {
      return sse.reserve(caller, response);
    } else if (request.method === 'DELETE') {
      return sse.cancel(requireToken(sse, request), caller, queryOf(request).get('operationId'), response);
    } else if (request.method === 'GET' && request.headers.accept?.includes(EVENT_STREAM) === true) {
      const token = sse.tokenOf(request);
      if (token !== undefined && !queryOf(request).has('query')) return sse.open(token, caller, response);
      return runOperation(paramsOfQuery(queryOf(request)), caller, scope, request, response);
    } else if (request.method === 'GET' && !queryOf(request).has('query')) {
      // Yoga would refuse it without a look at what may stand in the place of a document.
      return runOperation(paramsOfQuery(queryOf(request)), caller, scope, request, response);
    } else if (request.method !== 'GET') {
      response.setHeader('allow', 'GET, POST, PUT, DELETE');
      throw new SkeinError('METHOD_NOT_ALLOWED');
    }
    if (negotiate(request.headers.accept, [PLAIN_JSON, RESPONSE_JSON]) === undefined)
      throw new SkeinError('NOT_ACCEPTABLE');
    const lifetime = openAnswer(scope, caller, response, ofRequest);
    await sendAnswer(response, await askYoga(request, { caller, lifetime }));
    if (lifetime.stopped !== undefined) lifetime.close();
  };

  return async (request, response) => {
    const requestId = requestIdOf(request) ?? ids.next();
    response.setHeader('x-request-id', requestId);
    const scope = { requestId, log, headers: clientHeaders(request.headers) };
    try {
      await serve(scope, request, response);
    } catch (error) {
      const accepted = negotiate(request.headers.accept, [PLAIN_JSON, RESPONSE_JSON]) ?? PLAIN_JSON;
      if (error instanceof SkeinError && error.code === 'PAYLOAD_TOO_LARGE') response.setHeader('connection', 'close');
      sendErrors(response, [error], scope, accepted);
    }
  };
}

type LifetimeTime = Pick<LifetimeOptions, 'timeoutMs' | 'isStream'>;

interface Scope {
  readonly requestId: string;
  readonly log: Log;
  readonly headers: CallContext['headers'];
}

function requestIdOf(request: IncomingMessage): string | undefined {
  const id = request.headers['x-request-id'];
  return typeof id === 'string' && /^[\w.:/+=-]{1,128}$/.test(id) ? id : undefined;
}

async function sendAnswer(response: ServerResponse, answer: Response): Promise<void> {
  const allow = answer.headers.get('allow');
  if (allow !== null) response.setHeader('allow', allow);
  sendText(response, answer.status, await answer.text(), answer.headers.get('content-type') ?? PLAIN_JSON);
}

function parseParams(body: Buffer): OperationParams {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw new SkeinError('BAD_REQUEST', 'The request body is not valid JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new SkeinError('BAD_REQUEST', 'The request body must be a JSON object with a "query".');
  }
  return value;
}

function paramsOfQuery(query: URLSearchParams): OperationParams {
  const json = (name: string): unknown => {
    const text = query.get(name);
    if (text === null || text === '') return undefined;
    try {
      return JSON.parse(text);
    } catch {
      throw new SkeinError('BAD_REQUEST', `The parameter "${name}" is not valid JSON.`);
    }
  };
  return {
    query: query.get('query') ?? undefined,
    operationName: query.get('operationName') ?? undefined,
    variables: json('variables'),
    extensions: json('extensions'),
  };
}

function operationIdOf({ extensions }: OperationParams): unknown {
  return typeof extensions === 'object' && extensions !== null
    ? (extensions as { operationId?: unknown }).operationId
    : undefined;
}

function requireToken(sse: GraphqlSse, request: IncomingMessage): string {
  const token = sse.tokenOf(request);
  if (token === undefined)
    throw new SkeinError('BAD_REQUEST', 'The header x-graphql-event-stream-token names the event stream.');
  return token;
}
