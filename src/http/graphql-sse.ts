import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { SkeinError } from '../../kernel/errors.ts';
import type { Caller } from '../identity/caller.ts';
import type { Lifetime } from '../lifetimes.ts';
import type { Operations, ReadyOperation } from '../operations.ts';
import { type ErrorScope, type PublicResult, toPublicError } from '../public-errors.ts';
import { type EventStream, openEventStream, pumpResults } from './event-stream.ts';
import { queryOf } from './request-target.ts';

/** Streams a caller may hold reserved or open in single connection mode, and operations on one of them. */
const MAX_STREAMS_PER_CALLER = 100;
const MAX_OPERATIONS_PER_STREAM = 100;
/** A reserved stream that nobody opens is forgotten. */
const RESERVATION_MS = 30_000;
/** How long the head of an answer waits for a result, and for headers that come with it. */
const OPEN_LATEST_MS = 1_000;

/**
 * GraphQL over Server-Sent Events (https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md), both modes, with
 * what a gateway needs beside the protocol: back-pressure, bounds, streams that belong to the caller who reserved them.
 */
export interface GraphqlSse {
  /** Distinct connections mode: the answer to this request is the operation's stream. */
  serve(operation: ReadyOperation, lifetime: Lifetime, response: ServerResponse): Promise<void>;
  /** Distinct connections mode: an operation that may not run, told as the protocol tells everything. */
  refuse(errors: readonly unknown[], scope: ErrorScope, response: ServerResponse): Promise<void>;
  /** Single connection mode: PUT reserves a stream and answers its token. */
  reserve(caller: Caller, response: ServerResponse): void;
  /** Single connection mode: whether the request names a reserved stream. */
  tokenOf(request: IncomingMessage): string | undefined;
  /** Single connection mode: GET opens the reserved stream. */
  open(token: string, caller: Caller, response: ServerResponse): void;
  /** Single connection mode: POST runs an operation on the stream; the answer is 202. */
  run(
    token: string,
    caller: Caller,
    id: unknown,
    operation: ReadyOperation,
    lifetime: Lifetime,
    response: ServerResponse,
  ): void;
  /** Single connection mode: DELETE ends one operation of the stream. */
  cancel(token: string, caller: Caller, id: string | null, response: ServerResponse): void;
  /** Ends open streams that have no operation under way; the others end with their operations. */
  drain(): void;
}

interface Reservation {
  readonly token: string;
  readonly caller: Caller;
  stream: EventStream | undefined;
  readonly operations: Map<string, Lifetime>;
  readonly waiting: ((stream: EventStream) => void)[];
  expiry: NodeJS.Timeout | undefined;
}

export function createGraphqlSse(operations: Operations): GraphqlSse {
  const reservations = new Map<string, Reservation>();
  let draining = false;

  const find = (token: string, caller: Caller): Reservation => {
    const reservation = reservations.get(token);
    if (reservation === undefined || !isSame(reservation.caller, caller))
      throw new SkeinError('NOT_FOUND', 'There is no such event stream.');
    return reservation;
  };
  const forget = (reservation: Reservation) => {
    clearTimeout(reservation.expiry);
    reservations.delete(reservation.token);
    for (const lifetime of reservation.operations.values()) lifetime.stop('CLIENT_CLOSED_REQUEST');
  };

  return {
    async serve(operation, lifetime, response) {
      const running = operation.type === 'subscription' ? undefined : operations.execute(operation, lifetime);
      // Headers that sources return come before a result. A subscription opens at once, whatever its source does.
      if (running !== undefined) await settlesSoon(running);
      const stream = openEventStream(response);
      stream.onClose(() => lifetime.stop('CLIENT_CLOSED_REQUEST'));
      await pumpOperation(operations, operation, lifetime, stream, (result) => result, running);
      await stream.send('complete', undefined, lifetime.cancellation.signal);
      stream.end();
      lifetime.close();
    },

    async refuse(errors, scope, response) {
      const stream = openEventStream(response);
      await stream.send('next', { errors: errors.map((error) => toPublicError(error, scope)) });
      await stream.send('complete', undefined);
      stream.end();
    },

    reserve(caller, response) {
      let held = 0;
      for (const reservation of reservations.values()) if (isSame(reservation.caller, caller)) held += 1;
      if (held >= MAX_STREAMS_PER_CALLER)
        throw new SkeinError('BAD_REQUEST', `No more than ${MAX_STREAMS_PER_CALLER} event streams can be reserved.`);
      const token = randomUUID();
      const reservation: Reservation = {
        token,
        caller,
        stream: undefined,
        operations: new Map(),
        waiting: [],
        expiry: undefined,
      };
      reservation.expiry = setTimeout(() => forget(reservation), RESERVATION_MS);
      reservation.expiry.unref();
      reservations.set(token, reservation);
      response.writeHead(201, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }).end(token);
    },

    tokenOf(request) {
      const header = request.headers['x-graphql-event-stream-token'];
      if (typeof header === 'string') return header;
      return request.url?.includes('?') === true ? (queryOf(request).get('token') ?? undefined) : undefined;
    },

    open(token, caller, response) {
      const reservation = find(token, caller);
      if (reservation.stream !== undefined) {
        throw new SkeinError('CONFLICT', 'The event stream is open already.');
      }
      clearTimeout(reservation.expiry);
      const stream = openEventStream(response);
      reservation.stream = stream;
      stream.onClose(() => forget(reservation));
      for (const resolve of reservation.waiting.splice(0)) resolve(stream);
    },

    run(token, caller, id, operation, lifetime, response) {
      const reservation = find(token, caller);
      if (typeof id !== 'string' || id === '')
        throw new SkeinError('BAD_REQUEST', '"extensions.operationId" must be a string.');
      if (reservation.operations.has(id)) {
        throw new SkeinError('CONFLICT', 'An operation with this id is under way.');
      }
      if (reservation.operations.size >= MAX_OPERATIONS_PER_STREAM) {
        throw new SkeinError(
          'BAD_REQUEST',
          `No more than ${MAX_OPERATIONS_PER_STREAM} operations can share an event stream.`,
        );
      }
      reservation.operations.set(id, lifetime);
      response.writeHead(202).end();
      void (async () => {
        const stream = reservation.stream ?? (await whenOpen(reservation, lifetime));
        if (stream !== undefined) {
          await pumpOperation(operations, operation, lifetime, stream, (payload) => ({ id, payload }));
          await stream.send('complete', { id }, lifetime.cancellation.signal);
        }
        reservation.operations.delete(id);
        lifetime.close();
        if (draining && reservation.operations.size === 0) reservation.stream?.end();
      })();
    },

    cancel(token, caller, id, response) {
      const reservation = find(token, caller);
      if (id === null)
        throw new SkeinError('BAD_REQUEST', 'The query parameter "operationId" names the operation to end.');
      reservation.operations.get(id)?.stop('CLIENT_CLOSED_REQUEST');
      response.writeHead(200).end();
    },

    drain() {
      draining = true;
      for (const reservation of [...reservations.values()]) {
        if (reservation.operations.size > 0) continue;
        reservation.stream?.end();
        forget(reservation);
      }
    },
  };
}

/** A key whose name or grants have changed since is another object, but the same caller. */
function isSame(one: Caller, other: Caller): boolean {
  return one.id === other.id && one.tenant === other.tenant;
}

function whenOpen(reservation: Reservation, lifetime: Lifetime): Promise<EventStream | undefined> {
  return new Promise((resolve) => {
    reservation.waiting.push(resolve);
    lifetime.onStop(() => {
      const at = reservation.waiting.indexOf(resolve);
      if (at !== -1) reservation.waiting.splice(at, 1);
      resolve(undefined);
    });
  });
}

/** Waits for a result, but not for long. */
function settlesSoon(running: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(resolve, OPEN_LATEST_MS);
    void running.finally(() => {
      clearTimeout(late);
      resolve();
    });
  });
}

async function pumpOperation(
  operations: Operations,
  operation: ReadyOperation,
  lifetime: Lifetime,
  stream: EventStream,
  wrap: (result: PublicResult) => unknown,
  running?: Promise<PublicResult>,
): Promise<void> {
  const send = (result: PublicResult) => stream.send('next', wrap(result), lifetime.cancellation.signal);
  try {
    if (operation.type !== 'subscription') {
      return await send(await (running ?? operations.execute(operation, lifetime)));
    }
    const results = await operations.subscribe(operation, lifetime);
    if (Symbol.asyncIterator in results) await pumpResults(results, stream, lifetime.cancellation.signal, wrap);
    else await send(results);
  } catch (error) {
    // Such as a value that JSON cannot write. The stream has begun: this is the only way left to tell.
    await send({ errors: [toPublicError(error, lifetime)] });
  }
}
