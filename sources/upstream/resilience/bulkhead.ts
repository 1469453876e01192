import type { Abortable } from '../../../kernel/cancellation.ts';
import { SkeinError } from '../../../kernel/errors.ts';
import type { Clock } from '../../../kernel/ports.ts';
import type { CallContext, CallDetails } from '../../source.ts';
import { abortError } from '../abort.ts';
import type { UpstreamOptions } from './options.ts';

/** Bounds the calls that are under way to one source, so that a slow one cannot take all that the gateway has. */
export interface Bulkhead {
  /** Takes a place if one is free and nobody waits for it. Each place taken needs one `leave`. */
  tryEnter(): boolean;
  /**
   * Waits for a place, first come first served. Rejects, without a place, with UPSTREAM_BUSY when too many wait or it
   * took too long, and like any call when its request is cancelled.
   */
  enter(context: CallContext, details: CallDetails): Promise<void>;
  leave(): void;
  readonly active: number;
  readonly queued: number;
  readonly most: number;
}

export function createBulkhead(options: NonNullable<UpstreamOptions['concurrency']>, clock: Clock): Bulkhead {
  const { most, queueTimeoutMs } = options;
  const queue = new Set<Waiter>();
  let active = 0;

  return {
    most,
    get active() {
      return active;
    },
    get queued() {
      return queue.size;
    },
    tryEnter() {
      if (active >= most) return false;
      active += 1;
      return true;
    },
    enter(context, details) {
      if (context.cancellation.reason !== undefined) return Promise.reject(abortError(context, details));
      if (active < most) {
        active += 1;
        return Promise.resolve();
      }
      if (queue.size >= options.queue) return Promise.reject(busy(details));
      const leftMs = context.deadlineAt - clock.now();
      return new Promise((resolve, reject) => {
        queue.add(new Waiter(queue, context, details, Math.min(queueTimeoutMs, leftMs), leftMs, resolve, reject));
      });
    },
    leave() {
      const [next] = queue;
      // The place goes from hand to hand: nobody can come between.
      if (next === undefined) active -= 1;
      else next.admit();
    },
  };
}

function busy(details: CallDetails): SkeinError {
  return new SkeinError('UPSTREAM_BUSY', undefined, { details: { ...details } });
}

/** A call that waits. It leaves the queue once: admitted, late or given up. */
class Waiter implements Abortable {
  readonly #queue: Set<Waiter>;
  readonly #context: CallContext;
  readonly #details: CallDetails;
  readonly #resolve: () => void;
  readonly #reject: (error: SkeinError) => void;
  readonly #timer: NodeJS.Timeout;

  constructor(
    queue: Set<Waiter>,
    context: CallContext,
    details: CallDetails,
    waitMs: number,
    leftMs: number,
    resolve: () => void,
    reject: (error: SkeinError) => void,
  ) {
    this.#queue = queue;
    this.#context = context;
    this.#details = details;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#timer = setTimeout(() => this.#late(leftMs <= waitMs), Math.max(0, waitMs));
    context.cancellation.watch(this);
  }

  admit(): void {
    this.#leave();
    this.#resolve();
  }

  abort(): void {
    this.#leave();
    this.#reject(abortError(this.#context, this.#details));
  }

  #late(isDeadline: boolean): void {
    this.#leave();
    const details = { ...this.#details };
    this.#reject(isDeadline ? new SkeinError('DEADLINE_EXCEEDED', undefined, { details }) : busy(details));
  }

  #leave(): void {
    this.#queue.delete(this);
    clearTimeout(this.#timer);
    this.#context.cancellation.unwatch(this);
  }
}
