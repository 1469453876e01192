import { SkeinError } from '../../../kernel/errors.ts';
import { discard, type Send, type Sent } from './attempts.ts';
import { ChildContext } from './child-context.ts';
import type { CallRun, PooledEndpoint } from './contracts.ts';

/** Where a second attempt goes, and what it occupies. */
export interface SecondPlace<T> {
  readonly endpoint: PooledEndpoint<T>;
  readonly now: number;
  leave(): void;
}

/** A read that is sent a second time when its answer takes long. The first good answer counts, the other attempt is cancelled. */
export class HedgedCall<T, R> {
  readonly result: Promise<Sent<R>>;
  readonly #run: CallRun<T, R>;
  readonly #send: Send<T>;
  readonly #underWay = new Set<ChildContext>();
  readonly #timer: NodeJS.Timeout;
  #second: SecondPlace<T> | undefined;
  #isOver = false;
  #resolve: (sent: Sent<R>) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  /** `second` is asked once, after `afterMs`; undefined when there shall be no second attempt. */
  constructor(
    run: CallRun<T, R>,
    send: Send<T>,
    first: { readonly endpoint: PooledEndpoint<T>; readonly now: number },
    afterMs: number,
    second: () => SecondPlace<T> | undefined,
  ) {
    this.#run = run;
    this.#send = send;
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#timer = setTimeout(() => {
      if (run.context.cancellation.reason !== undefined) return;
      this.#second = second();
      if (this.#second !== undefined) this.#start(this.#second.endpoint, this.#second.now);
    }, afterMs);
    this.#start(first.endpoint, first.now);
  }

  #start(endpoint: PooledEndpoint<T>, now: number): void {
    const child = new ChildContext(this.#run.context);
    this.#underWay.add(child);
    this.#send(this.#run, endpoint, child.context, now)
      .then(
        (sent) => this.#settle(child, sent),
        (error: unknown) => this.#settle(child, undefined, error),
      )
      // Of no effect once there is a result.
      .catch((error: unknown) => this.#reject(error));
  }

  #settle(child: ChildContext, sent: Sent<R> | undefined, error?: unknown): void {
    child.end();
    this.#underWay.delete(child);
    const outcome = sent?.judgement.outcome;
    const mayOtherAnswer = this.#underWay.size > 0 && outcome !== 'ok' && outcome !== 'given-up';
    if (this.#isOver || mayOtherAnswer) {
      // One of two that does not count: the other has, or takes over, the call's own place.
      this.#second?.leave();
      if (sent !== undefined) discard(this.#run, sent);
      return;
    }
    this.#isOver = true;
    clearTimeout(this.#timer);
    child.choose();
    for (const other of this.#underWay) other.cancel(new SkeinError('CLIENT_CLOSED_REQUEST', LATE));
    if (sent === undefined) this.#reject(error);
    else this.#resolve(sent);
  }
}

const LATE = 'Another attempt of the same call answered first.';
