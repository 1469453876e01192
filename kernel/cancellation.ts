import type { SkeinError } from './errors.ts';

/** Anything that can be ended early: a call under way, a stream. */
export interface Abortable {
  abort(): void;
}

/**
 * One cancellation for a request, shared by all of its calls. It does what an AbortSignal does, at a fraction of the
 * cost: Node keeps every signal with a listener alive for itself, which made most of the garbage of a request.
 */
export interface Cancellation {
  /** Why it was cancelled; undefined while the request goes on. */
  readonly reason: SkeinError | undefined;
  /** Calls `call.abort()` when the request is cancelled. Each `watch` needs its `unwatch`. */
  watch(call: Abortable): void;
  unwatch(call: Abortable): void;
  /** The same for libraries that take nothing else; made when it is first asked for. */
  readonly signal: AbortSignal;
}

/** A cancellation and the means to cause it. */
export class CancellationSource implements Cancellation {
  #reason: SkeinError | undefined;
  #calls: Set<Abortable> | undefined;
  #controller: AbortController | undefined;

  get reason(): SkeinError | undefined {
    return this.#reason;
  }

  /** Aborts everything that watches. Only the first reason counts. */
  cancel(reason: SkeinError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
    for (const call of [...(this.#calls ?? [])]) call.abort();
  }

  watch(call: Abortable): void {
    this.#calls ??= new Set();
    this.#calls.add(call);
  }

  unwatch(call: Abortable): void {
    this.#calls?.delete(call);
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }
}
