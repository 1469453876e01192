import type { Candidate } from './balance.ts';
import type { Breaker, EndpointHealth, PooledEndpoint } from './contracts.ts';
import { hashText } from './hashing.ts';

/** An endpoint of a pool. Tells when its last call has ended, so that it can be closed once it has left. */
export class PoolMember<T> implements PooledEndpoint<T>, Candidate {
  readonly address: string;
  readonly transport: T;
  readonly breaker: Breaker;
  readonly seed: number;
  weight = 1;
  due = 0;
  health: EndpointHealth = 'unknown';
  calls = 0;
  failures = 0;
  lastFailure: string | undefined;
  lastFailureAt: number | undefined;
  #active = 0;
  #onIdle: (() => void) | undefined;

  constructor(address: string, transport: T, breaker: Breaker) {
    this.address = address;
    this.transport = transport;
    this.breaker = breaker;
    this.seed = hashText(address);
  }

  get active(): number {
    return this.#active;
  }

  set active(count: number) {
    this.#active = count;
    if (count === 0) this.#onIdle?.();
  }

  /** Calls back whenever no call is under way; at once if none is. */
  whenIdle(onIdle: () => void): void {
    this.#onIdle = onIdle;
    if (this.#active === 0) onIdle();
  }
}
