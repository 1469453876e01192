import type { LookupFunction } from 'node:net';
import { type Message, MessageType, parseMessage, stringifyMessage } from 'graphql-ws';
import { type RawData, WebSocket } from 'ws';
import type { Abortable } from '../../kernel/cancellation.ts';
import { SkeinError } from '../../kernel/errors.ts';
import type { CallContext } from '../source.ts';
import { abortError } from '../upstream/abort.ts';
import type { HttpHeaders } from '../upstream/http.ts';
import { logFailure } from '../upstream/http-call.ts';
import { connectOptions, type Tls } from '../upstream/tls-files.ts';
import { badStatusOf, type CallScope, statusError } from './answer.ts';
import { closeError, socketError } from './socket-errors.ts';

export interface SocketSettings {
  readonly url: string;
  /** Of the upgrade. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of `connection_init`. */
  readonly initPayload: Record<string, unknown> | undefined;
  readonly request: { readonly query: string; readonly variables: Readonly<Record<string, unknown>> };
  /** Until the service has acknowledged the connection. */
  readonly timeoutMs: number;
  readonly maxMessageBytes: number;
  /** Default: 15 seconds. */
  readonly pingEveryMs?: number;
  readonly onHeaders: (headers: HttpHeaders) => void;
  readonly tls?: Tls | undefined;
  /** How the host's name becomes an address. Default: the system's way. */
  readonly lookup?: LookupFunction | undefined;
  /** Called once, when the subscription has ended or could not begin. */
  readonly onEnd?: (() => void) | undefined;
}

/** A service that is silent for longer than this is asked whether it is there; one that stays silent is given up. */
const PING_EVERY_MS = 15_000;
/** How long a service gets to close a socket that we have closed. */
const CLOSE_MS = 1_000;
/** What may wait for the reader before the socket is paused. */
const MAX_WAITING = 16;
const HIGH_WATER_BYTES = 65_536;
/** One socket, one subscription. */
const ID = '1';

interface Waiter {
  resolve(payload: unknown): void;
  reject(error: SkeinError): void;
}

/**
 * One subscription on a socket of its own, from the handshake on. Nothing of the operation is sent before the service has
 * acknowledged the connection. It ends once: complete, failed or closed; then it listens to nothing. The messages are graphql-ws's; its client is not used, for it opens a socket again that was
 * closed, and queues without bound.
 */
export class SubscriptionSocket implements Abortable {
  /** Settled when the connection is acknowledged, or that did not come to be. */
  readonly opened: Promise<void>;
  readonly #settings: SocketSettings;
  readonly #scope: CallScope;
  readonly #context: CallContext;
  readonly #socket: WebSocket;
  readonly #opening: NodeJS.Timeout;
  #pings: NodeJS.Timeout | undefined;
  #isAlive = true;
  #isAcknowledged = false;
  #settleOpening: (failure?: SkeinError) => void = () => {};
  #hasEnded = false;
  #failure: SkeinError | undefined;
  #waiting: { readonly payload: unknown; readonly bytes: number }[] = [];
  #waitingBytes = 0;
  #waiter: Waiter | undefined;

  constructor(settings: SocketSettings, scope: CallScope, context: CallContext) {
    this.#settings = settings;
    this.#scope = scope;
    this.#context = context;
    this.opened = new Promise((resolve, reject) => {
      this.#settleOpening = (failure) => (failure === undefined ? resolve() : reject(failure));
    });
    // Who does not wait for it reads the failure with the first event.
    this.opened.catch(() => {});
    const { url, headers, maxMessageBytes, timeoutMs } = settings;
    const socket = new WebSocket(url, 'graphql-transport-ws', {
      headers,
      maxPayload: maxMessageBytes,
      perMessageDeflate: false,
      followRedirects: false,
      ...(settings.tls === undefined ? {} : connectOptions(settings.tls)),
      ...(settings.lookup === undefined ? {} : { lookup: settings.lookup }),
    });
    this.#socket = socket;
    this.#opening = setTimeout(() => this.#fail(this.#error('UPSTREAM_TIMEOUT')), timeoutMs);
    context.cancellation.watch(this);
    socket.on('upgrade', (response) => {
      if (!this.#hasEnded) settings.onHeaders(response.headers);
    });
    socket.on('unexpected-response', (request, response) => {
      response.resume();
      request.destroy();
      const badStatus = badStatusOf({ status: response.statusCode ?? 0, headers: response.headers });
      if (this.#hasEnded) return;
      if (badStatus === undefined) this.#fail(this.#error('UPSTREAM_BAD_RESPONSE'));
      else this.#end(statusError(badStatus, scope, context));
    });
    socket.on('open', () => this.#send({ type: MessageType.ConnectionInit, ...payloadOf(settings.initPayload) }));
    socket.on('message', (data) => this.#read(data));
    socket.on('pong', () => {
      this.#isAlive = true;
    });
    socket.on('error', (error) => this.#fail(socketError(error, this.#isOpen, scope)));
    socket.on('close', (code, reason) => this.#fail(closeError(code, String(reason), this.#isOpen, scope)));
  }

  /** The payload of the next event; undefined when the subscription is complete. One at a time. */
  next(): Promise<unknown> {
    const first = this.#waiting.shift();
    if (first !== undefined) {
      this.#waitingBytes -= first.bytes;
      if (this.#socket.isPaused && !this.#isFull) this.#socket.resume();
      return Promise.resolve(first.payload);
    }
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) return Promise.reject(failure);
    if (this.#hasEnded) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
  }

  abort(): void {
    this.#waiting = [];
    this.#fail(abortError(this.#context, this.#details));
  }

  /** Nobody reads any more. */
  close(): void {
    this.#waiting = [];
    this.#end();
  }

  /** The source is not used any more. */
  terminate(): void {
    this.#fail(this.#error('UPSTREAM_UNREACHABLE'));
    this.#socket.terminate();
  }

  get #isOpen(): boolean {
    return this.#socket.readyState !== WebSocket.CONNECTING && this.#isAcknowledged;
  }

  get #isFull(): boolean {
    return this.#waiting.length >= MAX_WAITING || this.#waitingBytes >= HIGH_WATER_BYTES;
  }

  get #details(): { source: string; operation: string } {
    return { source: this.#scope.source, operation: this.#scope.operation };
  }

  #error(code: 'UPSTREAM_TIMEOUT' | 'UPSTREAM_UNREACHABLE' | 'UPSTREAM_BAD_RESPONSE', reason?: unknown): SkeinError {
    return new SkeinError(code, undefined, { details: this.#details, cause: reason });
  }

  #send(message: Message): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(stringifyMessage(message));
  }

  #read(data: RawData): void {
    if (this.#hasEnded) return;
    this.#isAlive = true;
    try {
      const text = String(data);
      this.#take(parseMessage(text), text.length);
    } catch (error) {
      this.#fail(this.#error('UPSTREAM_BAD_RESPONSE', error));
    }
  }

  #take(message: Message, bytes: number): void {
    switch (message.type) {
      case MessageType.ConnectionAck:
        this.#subscribe();
        break;
      case MessageType.Ping:
        // A service that asks and does not read would have its answers kept for ever.
        if (this.#socket.bufferedAmount > HIGH_WATER_BYTES)
          throw new Error('The service does not read answers to pings.');
        this.#send({ type: MessageType.Pong, ...payloadOf(message.payload) });
        break;
      case MessageType.Next:
        this.#expectAcknowledged();
        this.#push(message.payload, bytes);
        break;
      case MessageType.Error:
        this.#expectAcknowledged();
        // The operation was refused: that is its one event, and its end.
        this.#push({ errors: message.payload }, bytes);
        this.#end();
        break;
      case MessageType.Complete:
        this.#expectAcknowledged();
        this.#end();
        break;
    }
  }

  #expectAcknowledged(): void {
    if (!this.#isAcknowledged) throw new Error('The service speaks of a subscription that it was not sent yet.');
  }

  #subscribe(): void {
    if (this.#isAcknowledged) throw new Error('The connection was acknowledged twice.');
    this.#isAcknowledged = true;
    this.#settleOpening();
    clearTimeout(this.#opening);
    this.#send({ id: ID, type: MessageType.Subscribe, payload: this.#settings.request });
    this.#pings = setInterval(() => this.#ping(), this.#settings.pingEveryMs ?? PING_EVERY_MS);
  }

  #ping(): void {
    // A socket that waits for our own reader says nothing of the service.
    if (this.#socket.isPaused) return;
    if (!this.#isAlive) {
      this.#fail(this.#error('UPSTREAM_TIMEOUT', new Error('The service does not answer pings.')));
      this.#socket.terminate();
      return;
    }
    this.#isAlive = false;
    this.#socket.ping();
  }

  #push(payload: unknown, bytes: number): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter !== undefined) {
      waiter.resolve(payload);
      return;
    }
    this.#waiting.push({ payload, bytes });
    this.#waitingBytes += bytes;
    if (this.#isFull) this.#socket.pause();
  }

  #fail(error: SkeinError): void {
    if (this.#hasEnded) return;
    logFailure(this.#context, error);
    this.#end(error);
  }

  /** Ends it, with `failure` behind the events that wait, and closes the socket. */
  #end(failure?: SkeinError): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearTimeout(this.#opening);
    clearInterval(this.#pings);
    this.#context.cancellation.unwatch(this);
    // Of no effect once it is open.
    this.#settleOpening(failure ?? this.#error('UPSTREAM_UNREACHABLE'));
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter === undefined) this.#failure = failure;
    else if (failure === undefined) waiter.resolve(undefined);
    else waiter.reject(failure);
    this.#closeSocket();
    this.#settings.onEnd?.();
  }

  #closeSocket(): void {
    const socket = this.#socket;
    if (socket.readyState === WebSocket.CONNECTING) socket.terminate();
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.resume();
    socket.close(1000);
    const late = setTimeout(() => socket.terminate(), CLOSE_MS);
    late.unref();
    socket.once('close', () => clearTimeout(late));
  }
}

function payloadOf(payload: Record<string, unknown> | undefined): { payload?: Record<string, unknown> } {
  return payload === undefined ? {} : { payload };
}
