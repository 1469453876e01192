import { type Abortable, CancellationSource } from '../../../kernel/cancellation.ts';
import { SkeinError } from '../../../kernel/errors.ts';
import type { CallContext, CallDetails } from '../../source.ts';
import { abortError } from '../abort.ts';

/** One read and all that wait for it. It goes on as long as one of them does. */
export class SharedRead<R> {
  /** Which transports go by that look at it once. */
  readonly startDeadlineAt: number;
  readonly #cancellation = new CancellationSource();
  /** Its deadline is a plain property that changes: an object with an accessor costs microseconds to make. */
  readonly #context: CallContext & { deadlineAt: number };
  readonly #onOver: () => void;
  /** Mostly there is one caller, which needs no set. */
  #first: Caller<R> | undefined;
  #others: Set<Caller<R>> | undefined;
  /** What the callers to come are told as well. */
  #told: ((context: CallContext) => void)[] | undefined;
  #isOver = false;

  /** `first` lends its headers, its request id and its log. `onOver` is called once, when there is nothing to join. */
  constructor(first: CallContext, onOver: () => void) {
    this.#onOver = onOver;
    this.startDeadlineAt = first.deadlineAt;
    const { deadlineAt, requestId, log, headers, callerScope, onFreshness, validators, onCall } = first;
    this.#context = {
      cancellation: this.#cancellation,
      deadlineAt,
      requestId,
      log,
      headers,
      callerScope,
      onFreshness:
        onFreshness === undefined ? undefined : (freshness) => this.#tell((caller) => caller.onFreshness?.(freshness)),
      validators,
      returnHeader: (name, value) => this.#tell((caller) => caller.returnHeader(name, value)),
      onCall,
    };
  }

  join(context: CallContext, details: CallDetails): Promise<R> {
    this.#context.deadlineAt = Math.max(this.#context.deadlineAt, context.deadlineAt);
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
      reading = read(this.#context);
    } catch (error) {
      reading = Promise.reject(error);
    }
    reading.then(
      (answer) => {
        for (const caller of this.#end()) caller.resolve(answer);
      },
      (error: unknown) => {
        for (const caller of this.#end()) caller.reject(error);
      },
    );
  }

  /** A caller went away. */
  leave(caller: Caller<R>): void {
    if (caller === this.#first) this.#first = undefined;
    else this.#others?.delete(caller);
    if (this.#first !== undefined || (this.#others?.size ?? 0) > 0) return;
    this.#close();
    this.#cancellation.cancel(caller.context.cancellation.reason ?? new SkeinError('CLIENT_CLOSED_REQUEST'));
  }

  #end(): readonly Caller<R>[] {
    const callers = this.#present();
    this.#first = undefined;
    this.#others = undefined;
    for (const caller of callers) caller.unwatch();
    this.#close();
    return callers;
  }

  #present(): readonly Caller<R>[] {
    const first = this.#first === undefined ? [] : [this.#first];
    return this.#others === undefined ? first : [...first, ...this.#others];
  }

  #close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onOver();
  }

  #tell(tell: (context: CallContext) => void): void {
    this.#told ??= [];
    this.#told.push(tell);
    for (const { context } of this.#present()) tell(context);
  }
}

class Caller<R> implements Abortable {
  readonly context: CallContext;
  readonly resolve: (answer: R) => void;
  readonly reject: (error: unknown) => void;
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
    this.resolve = resolve;
    this.reject = reject;
    this.#read = read;
    context.cancellation.watch(this);
  }

  /** Its client went away, or its deadline passed: it waits no longer, whatever becomes of the read. */
  abort(): void {
    this.unwatch();
    this.#read.leave(this);
    this.reject(abortError(this.context, this.#details));
  }

  unwatch(): void {
    this.context.cancellation.unwatch(this);
  }
}
