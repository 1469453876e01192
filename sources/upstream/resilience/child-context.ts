import { type Abortable, CancellationSource } from '../../../kernel/cancellation.ts';
import { SkeinError } from '../../../kernel/errors.ts';
import type { CallContext } from '../../source.ts';

/**
 * The context of one attempt of two: it ends with its request, or before it. What the attempt returns to the client is
 * kept back until it is known to count. Needs one `end`.
 */
export class ChildContext implements Abortable {
  readonly context: CallContext;
  readonly #parent: CallContext;
  readonly #cancellation = new CancellationSource();
  #headers: [name: string, value: string][] = [];
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
      onFreshness,
      validators,
      returnHeader: (name, value) => this.#returnHeader(name, value),
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
    for (const [name, value] of this.#headers) this.#parent.returnHeader(name, value);
    this.#headers = [];
  }

  end(): void {
    this.#parent.cancellation.unwatch(this);
  }

  #returnHeader(name: string, value: string): void {
    if (this.#counts) this.#parent.returnHeader(name, value);
    else this.#headers.push([name, value]);
  }
}
