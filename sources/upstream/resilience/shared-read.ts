import { type Abortable, CancellationSource } from '../../../kernel/cancellation.ts';
import { SkeinError } from '../../../kernel/errors.ts';
import type { CallContext, CallDetails } from '../../source.ts';
import { abortError } from '../abort.ts';

/** One read and all that wait for it. It goes on as long as one of them does. */
export class SharedRead<R> {
  readonly #cancellation = new CancellationSource();
  readonly #callers = new Set<Caller<R>>();
  /** For callers to come. */
  readonly #headers: [name: string, value: string][] = [];
  readonly #context: CallContext;
  readonly #onOver: () => void;
  /** Which transports go by that look at it once. */
  readonly startDeadlineAt: number;
  #deadlineAt = Number.NEGATIVE_INFINITY;
  #isOver = false;

  /** `first` lends its headers, its request id and its log. `onOver` is called once, when there is nothing to join. */
  constructor(first: CallContext, onOver: () => void) {
    this.#onOver = onOver;
    this.startDeadlineAt = first.deadlineAt;
    const { requestId, log, headers, callerScope, onFreshness, validators, onCall } = first;
    const latest = (): number => this.#deadlineAt;
    this.#context = {
      cancellation: this.#cancellation,
      get deadlineAt() {
        return latest();
      },
      requestId,
      log,
      headers,
      callerScope,
      onFreshness,
      validators,
      returnHeader: (name, value) => this.#returnHeader(name, value),
      onCall,
    };
  }

  join(context: CallContext, details: CallDetails): Promise<R> {
    this.#deadlineAt = Math.max(this.#deadlineAt, context.deadlineAt);
    for (const [name, value] of this.#headers) context.returnHeader(name, value);
    return new Promise((resolve, reject) => {
      this.#callers.add(new Caller<R>(context, details, resolve, reject, (caller) => this.#leave(caller)));
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

  #end(): readonly Caller<R>[] {
    const callers = [...this.#callers];
    this.#callers.clear();
    for (const caller of callers) caller.unwatch();
    this.#close();
    return callers;
  }

  #leave(caller: Caller<R>): void {
    if (!this.#callers.delete(caller) || this.#callers.size > 0) return;
    this.#close();
    this.#cancellation.cancel(caller.context.cancellation.reason ?? new SkeinError('CLIENT_CLOSED_REQUEST'));
  }

  #close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onOver();
  }

  #returnHeader(name: string, value: string): void {
    this.#headers.push([name, value]);
    for (const { context } of this.#callers) context.returnHeader(name, value);
  }
}

class Caller<R> implements Abortable {
  readonly context: CallContext;
  readonly resolve: (answer: R) => void;
  readonly reject: (error: unknown) => void;
  readonly #details: CallDetails;
  readonly #onGone: (caller: Caller<R>) => void;

  constructor(
    context: CallContext,
    details: CallDetails,
    resolve: (answer: R) => void,
    reject: (error: unknown) => void,
    onGone: (caller: Caller<R>) => void,
  ) {
    this.context = context;
    this.#details = details;
    this.resolve = resolve;
    this.reject = reject;
    this.#onGone = onGone;
    context.cancellation.watch(this);
  }

  /** Its client went away, or its deadline passed: it waits no longer, whatever becomes of the read. */
  abort(): void {
    this.unwatch();
    this.#onGone(this);
    this.reject(abortError(this.context, this.#details));
  }

  unwatch(): void {
    this.context.cancellation.unwatch(this);
  }
}
