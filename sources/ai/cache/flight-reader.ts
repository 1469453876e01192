import type { SkeinError } from '../../../kernel/errors.ts';
import type { CallContext } from '../../source.ts';
import type { ModelPart } from '../model.ts';
import type { Flight, Link } from './flight.ts';

/** One of those who wait for an answer: leaves when its request ends, and the others stay. */
export class FlightReader {
  readonly #flight: Flight;
  readonly #context: CallContext;
  /** What came before it. */
  readonly #early: ModelPart[];
  #at: Link;
  #isOver = false;
  /** Why its request ended; told once. */
  #left: SkeinError | undefined;
  #wake: (() => void) | undefined;

  constructor(flight: Flight, context: CallContext, early: readonly ModelPart[], at: Link) {
    this.#flight = flight;
    this.#context = context;
    this.#early = [...early].reverse();
    this.#at = at;
    context.cancellation.watch(this);
  }

  /** How far it has read, in characters. */
  get position(): number {
    return this.#at.position;
  }

  /** @throws SkeinError what the call failed with, or why the own request has ended */
  async next(): Promise<IteratorResult<ModelPart>> {
    for (;;) {
      if (this.#left === undefined && this.#context.cancellation.reason !== undefined) this.abort();
      const left = this.#left;
      if (left !== undefined) {
        this.#left = undefined;
        throw left;
      }
      if (this.#isOver) return { done: true, value: undefined };
      const value = this.#early.pop() ?? this.#step();
      if (value !== undefined) return { done: false, value };
      const { outcome } = this.#flight;
      if (outcome !== undefined) {
        this.#end();
        if ('error' in outcome) throw outcome.error;
        return { done: false, value: outcome.finish };
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#flight.read();
      });
    }
  }

  /** Nobody wants its parts any more. */
  leave(): void {
    if (this.#isOver) return;
    this.#end();
    this.#flight.leave(this, this.#context.cancellation.reason);
    this.wake();
  }

  /** Called by the cancellation of its request. */
  abort(): void {
    if (this.#isOver) return;
    this.#left = this.#context.cancellation.reason;
    this.leave();
  }

  wake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #step(): ModelPart | undefined {
    const { next } = this.#at;
    if (next === undefined) return undefined;
    this.#at = next;
    this.#flight.advanced();
    return next.part;
  }

  #end(): void {
    this.#isOver = true;
    this.#context.cancellation.unwatch(this);
  }
}
