import { type Abortable, CancellationSource } from '../../../kernel/cancellation.ts';
import { SkeinError } from '../../../kernel/errors.ts';
import type { CallContext } from '../../source.ts';

/**
 * The context of one attempt of two: it ends with its request, or before it. What the attempt tells of its answer is
 * kept back until it is known to count. Needs one `end`.
 */
export class ChildContext implements Abortable {
  readonly context: CallContext;
  readonly #parent: CallContext;
  readonly #cancellation = new CancellationSource();
  /** What its request is told when it counts. */
  #kept: ((parent: CallContext) => void)[] | undefined;
  #counts = false;

  constructor(parent: CallContext) {
    this.#parent = parent;
    const { deadlineAt, requestId, log, headers, callerScope, onFreshness, validators, onCall } = parent;
    this.context = {
      cancellation: this.#cancellation,
      deadlineAt,
      requestId,
      log,
      headers,
      callerScope,
      onFreshness:
        onFreshness === undefined ? undefined : (freshness) => this.#tell((to) => to.onFreshness?.(freshness)),
      validators,
      returnHeader: (name, value) => this.#tell((to) => to.returnHeader(name, value)),
      onCall,
    };
    if (parent.cancellation.reason === undefined) parent.cancellation.watch(this);
    else this.abort();
  }

  /** Called by the request's cancellation. */
  abort(): void {
    this.cancel(this.#parent.cancellation.reason ?? new SkeinError('CLIENT_CLOSED_REQUEST'));
  }

  cancel(reason: SkeinError): void {
    this.#cancellation.cancel(reason);
  }

  /** Its answer is the one that counts. */
  choose(): void {
    this.#counts = true;
    for (const tell of this.#kept ?? []) tell(this.#parent);
    this.#kept = undefined;
  }

  end(): void {
    this.#parent.cancellation.unwatch(this);
  }

  #tell(tell: (parent: CallContext) => void): void {
    if (this.#counts) {
      tell(this.#parent);
    } else {
      this.#kept ??= [];
      this.#kept.push(tell);
    }
  }
}
