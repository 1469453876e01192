import { CancellationSource } from '../kernel/cancellation.ts';
import { type ErrorCode, SkeinError } from '../kernel/errors.ts';
import type { Clock, IdGenerator, Log } from '../kernel/ports.ts';
import { NO_CLIENT } from '../sources/call-context.ts';
import type { CallContext } from '../sources/source.ts';
import { accountOf, type Caller, callerScope } from './identity/caller.ts';

/** The life of one request or stream: everything it started ends with it. */
export interface Lifetime extends CallContext {
  /** Set before it makes its first call, or never. */
  onCall: CallContext['onCall'];
  /** Undefined: nobody's. */
  readonly caller: Caller | undefined;
  readonly isStream: boolean;
  /** Ids of the caller's grants that it takes. */
  grants: readonly string[];
  /** Ends it early: aborts the calls under way and tells listeners why. Later calls do nothing. */
  stop(code: ErrorCode, message?: string): void;
  /** Why it was stopped. */
  readonly stopped: SkeinError | undefined;
  /** Called once when it is stopped; at once if it is already. */
  onStop(listener: (reason: SkeinError) => void): void;
  /** It ended by itself. Always called, whatever the end. */
  close(): void;
}

export interface LifetimeOptions {
  /** It is a subscription's: it may last for hours. Default: no. */
  readonly isStream?: boolean | undefined;
  /** What it comes through, for usage records. Default: `graphql`. */
  readonly door?: string | undefined;
  /** Milliseconds after which it is stopped with DEADLINE_EXCEEDED. */
  readonly timeoutMs: number;
  /** Sent by the client, if it is fit to be an id. */
  readonly requestId?: string | undefined;
  /** Headers of the client's request that sources may see. Default: none. */
  readonly headers?: CallContext['headers'] | undefined;
  /** Default: nobody's. */
  readonly caller?: Caller | undefined;
  /** Adds a header to the client's answer, as long as that has not begun. Default: nothing happens. */
  readonly returnHeader?: CallContext['returnHeader'] | undefined;
}

/** All requests and streams under way, so that a shutdown can wait for them and end them. */
export interface Lifetimes {
  open(options: LifetimeOptions): Lifetime;
  readonly size: number;
  /** How many of them are streams. */
  readonly streams: number;
  /** Stops those that are under way and fit. */
  stopWhere(fits: (lifetime: Lifetime) => boolean, code: ErrorCode, message?: string): void;
  /** Stops all of them, and at once each that is opened later. */
  stopAll(code: ErrorCode): void;
  /** Resolves when none is under way. */
  whenIdle(): Promise<void>;
}

export interface LifetimesDeps {
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly log: Log;
}

/** Node fires timers beyond 24.8 days at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export function createLifetimes({ clock, ids, log }: LifetimesDeps): Lifetimes {
  const open = new Set<Lifetime>();
  const streams = new Set<Lifetime>();
  let stoppedWith: ErrorCode | undefined;
  const idle = new Set<() => void>();
  return {
    get size() {
      return open.size;
    },
    get streams() {
      return streams.size;
    },
    open({ timeoutMs, requestId, headers, caller, returnHeader, isStream = false, door = 'graphql' }) {
      const id = requestId !== undefined && /^[\w.:/+=-]{1,128}$/.test(requestId) ? requestId : ids.next();
      const client = {
        headers: headers ?? NO_CLIENT.headers,
        caller,
        isStream,
        account: caller === undefined ? undefined : accountOf(caller, door),
        returnHeader: returnHeader ?? NO_CLIENT.returnHeader,
      };
      const lifetime = new OpenLifetime(id, log, clock.now() + timeoutMs, timeoutMs, client, (self) => {
        open.delete(self);
        streams.delete(self);
        if (open.size === 0) {
          for (const resolve of idle) resolve();
          idle.clear();
        }
      });
      open.add(lifetime);
      if (isStream) streams.add(lifetime);
      if (stoppedWith !== undefined) lifetime.stop(stoppedWith);
      return lifetime;
    },
    stopWhere(fits, code, message) {
      for (const lifetime of [...open]) if (fits(lifetime)) lifetime.stop(code, message);
    },
    stopAll(code) {
      stoppedWith = code;
      for (const lifetime of [...open]) lifetime.stop(code);
    },
    whenIdle() {
      if (open.size === 0) return Promise.resolve();
      return new Promise((resolve) => idle.add(resolve));
    },
  };
}

type Client = Pick<Lifetime, 'headers' | 'returnHeader' | 'caller' | 'isStream' | 'account'>;

const NONE: readonly string[] = [];

class OpenLifetime implements Lifetime {
  readonly requestId: string;
  readonly log: Log;
  readonly deadlineAt: number;
  readonly headers: CallContext['headers'];
  readonly caller: Caller | undefined;
  readonly isStream: boolean;
  readonly account: CallContext['account'];
  readonly returnHeader: CallContext['returnHeader'];
  onCall: CallContext['onCall'] = undefined;
  grants: readonly string[] = NONE;
  stopped: SkeinError | undefined;
  readonly cancellation = new CancellationSource();
  private readonly timer: NodeJS.Timeout;
  private readonly onClose: (self: Lifetime) => void;
  private listeners: ((reason: SkeinError) => void)[] = [];
  private closed = false;

  constructor(
    requestId: string,
    log: Log,
    deadlineAt: number,
    timeoutMs: number,
    client: Client,
    onClose: (self: Lifetime) => void,
  ) {
    this.requestId = requestId;
    this.log = log;
    this.deadlineAt = deadlineAt;
    this.headers = client.headers;
    this.caller = client.caller;
    this.isStream = client.isStream;
    this.account = client.account;
    this.returnHeader = client.returnHeader;
    this.onClose = onClose;
    this.timer = setTimeout(() => this.stop('DEADLINE_EXCEEDED'), Math.min(timeoutMs, LONGEST_TIMER_MS));
  }

  /** Few requests are asked for it. */
  get callerScope(): string {
    return this.caller === undefined ? NO_CLIENT.callerScope : callerScope(this.caller);
  }

  stop(code: ErrorCode, message?: string): void {
    if (this.closed || this.stopped !== undefined) return;
    this.stopped = new SkeinError(code, message);
    const listeners = this.listeners;
    this.listeners = [];
    for (const listener of listeners) listener(this.stopped);
    this.cancellation.cancel(this.stopped);
  }

  onStop(listener: (reason: SkeinError) => void): void {
    if (this.stopped !== undefined) listener(this.stopped);
    else this.listeners.push(listener);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.timer);
    this.listeners = [];
    this.onClose(this);
  }
}
