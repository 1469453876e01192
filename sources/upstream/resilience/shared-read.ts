import { type Abortable, type Cancellation, CancellationSource } from '../../../kernel/cancellation.ts';
import { SkeinError } from '../../../kernel/errors.ts';
import type { Log } from '../../../kernel/ports.ts';
import type { CallContext, CallDetails, Freshness, Validators } from '../../source.ts';
import { abortError } from '../abort.ts';
import type { TableEntry } from './read-table.ts';

type Tell = (context: CallContext) => void;

/**
 * One read and all that wait for it. It goes on as long as one of them does. It is its own context: each read makes
 * one, and nearly all have a single caller.
 */
export class SharedRead<R> implements CallContext, TableEntry {
  readonly key: string;
  next: this | undefined;
  /** Which transports go by that look at it once. */
  readonly startDeadlineAt: number;
  /** The latest of its callers'. */
  deadlineAt: number;
  readonly cancellation: ReadCancellation = new ReadCancellation();
  readonly requestId: string;
  readonly log: Log;
  readonly headers: CallContext['headers'];
  readonly callerScope: string;
  readonly validators: Validators | undefined;
  readonly onFreshness: CallContext['onFreshness'];
  readonly onCall: CallContext['onCall'];
  readonly #onOver: (read: SharedRead<R>) => void;
  #first: Caller<R> | undefined;
  #others: Set<Caller<R>> | undefined;
  /** What the callers to come are told as well. */
  #told: Tell[] | undefined;
  #isOver = false;

  /** `first` lends its headers, its request id and its log. `onOver` is called once, when there is nothing to join. */
  constructor(key: string, first: CallContext, onOver: (read: SharedRead<R>) => void) {
    this.key = key;
    this.startDeadlineAt = first.deadlineAt;
    this.deadlineAt = first.deadlineAt;
    this.requestId = first.requestId;
    this.log = first.log;
    this.headers = first.headers;
    this.callerScope = first.callerScope;
    this.validators = first.validators;
    this.onFreshness =
      first.onFreshness === undefined
        ? undefined
        : (freshness: Freshness) => this.#tell((caller) => caller.onFreshness?.(freshness));
    this.onCall = first.onCall;
    this.#onOver = onOver;
  }

  returnHeader(name: string, value: string): void {
    this.#tell((caller) => caller.returnHeader(name, value));
  }

  join(context: CallContext, details: CallDetails): Promise<R> {
    if (context.deadlineAt > this.deadlineAt) this.deadlineAt = context.deadlineAt;
    if (this.#told !== undefined) for (const tell of this.#told) tell(context);
    return new Promise((resolve, reject) => {
      const caller = new Caller<R>(this, context, details, resolve, reject);
      if (this.#first === undefined) {
        this.#first = caller;
      } else {
        this.#others ??= new Set();
        this.#others.add(caller);
      }
    });
  }

  start(read: (context: CallContext) => Promise<R>): void {
    let reading: Promise<R>;
    try {
      reading = read(this);
    } catch (error) {
      reading = Promise.reject(error);
    }
    reading.then(
      (answer) => {
        this.#close();
        this.#first?.succeed(answer);
        if (this.#others !== undefined) for (const caller of this.#others) caller.succeed(answer);
      },
      (error: unknown) => {
        this.#close();
        this.#first?.fail(error);
        if (this.#others !== undefined) for (const caller of this.#others) caller.failWith(this.requestId, error);
      },
    );
  }

  /** A caller went away. */
  leave(caller: Caller<R>): void {
    if (caller === this.#first) this.#first = undefined;
    else this.#others?.delete(caller);
    if (this.#first !== undefined || (this.#others?.size ?? 0) > 0) return;
    this.#close();
    this.cancellation.cancel(caller.context.cancellation.reason ?? new SkeinError('CLIENT_CLOSED_REQUEST'));
  }

  #close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onOver(this);
  }

  #tell(tell: Tell): void {
    this.#told ??= [];
    this.#told.push(tell);
    if (this.#first !== undefined) tell(this.#first.context);
    if (this.#others !== undefined) for (const { context } of this.#others) tell(context);
  }
}

/** A read is mostly one call at a time: it is watched by that, without a set. */
class ReadCancellation implements Cancellation {
  #only: Abortable | undefined;
  #source: CancellationSource | undefined;

  get reason(): SkeinError | undefined {
    return this.#source?.reason;
  }

  get signal(): AbortSignal {
    this.#source ??= new CancellationSource();
    return this.#source.signal;
  }

  cancel(reason: SkeinError): void {
    this.#source ??= new CancellationSource();
    this.#source.cancel(reason);
    this.#only?.abort();
  }

  watch(call: Abortable): void {
    if (this.#only === undefined) {
      this.#only = call;
    } else {
      this.#source ??= new CancellationSource();
      this.#source.watch(call);
    }
  }

  unwatch(call: Abortable): void {
    if (this.#only === call) this.#only = undefined;
    else this.#source?.unwatch(call);
  }
}

class Caller<R> implements Abortable {
  readonly context: CallContext;
  readonly #resolve: (answer: R) => void;
  readonly #reject: (error: unknown) => void;
  readonly #details: CallDetails;
  readonly #read: SharedRead<R>;

  constructor(
    read: SharedRead<R>,
    context: CallContext,
    details: CallDetails,
    resolve: (answer: R) => void,
    reject: (error: unknown) => void,
  ) {
    this.context = context;
    this.#details = details;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#read = read;
    context.cancellation.watch(this);
  }

  succeed(answer: R): void {
    this.context.cancellation.unwatch(this);
    this.#resolve(answer);
  }

  fail(error: unknown): void {
    this.context.cancellation.unwatch(this);
    this.#reject(error);
  }

  /** The call told the log of the request that began it: who looks for this one finds that one. */
  failWith(sharedWith: string, error: unknown): void {
    const { requestId, log } = this.context;
    const { source, operation } = this.#details;
    const code = error instanceof SkeinError ? error.code : undefined;
    log.warn({ requestId, source, operation, code, sharedWith }, 'A call that requests had in common failed.');
    this.fail(error);
  }

  /** Its client went away, or its deadline passed: it waits no longer, whatever becomes of the read. */
  abort(): void {
    this.#read.leave(this);
    this.fail(abortError(this.context, this.#details));
  }
}
