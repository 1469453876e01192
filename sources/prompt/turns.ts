import { SkeinError } from '../../kernel/errors.ts';
import type { CallContext } from '../source.ts';

/** Who waits beyond that is sent away. */
const MOST_WAITING = 10_000;

/** So many at a time; the others wait in their order. */
export class Turns {
  readonly #most: number;
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** @throws SkeinError the reason of the cancellation, when it comes before the turn; UPSTREAM_BUSY when too many wait */
  async take<T>({ cancellation }: CallContext, work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#most) await this.#wait(cancellation);
    else this.#running += 1;
    try {
      return await work();
    } finally {
      const [next] = this.#waiting;
      // Whoever is next takes the place over.
      if (next === undefined) this.#running -= 1;
      else {
        this.#waiting.delete(next);
        next();
      }
    }
  }

  #wait(cancellation: CallContext['cancellation']): Promise<void> {
    if (this.#waiting.size >= MOST_WAITING) throw new SkeinError('UPSTREAM_BUSY');
    if (cancellation.reason !== undefined) throw cancellation.reason;
    return new Promise((resolve, reject) => {
      const begin = () => {
        cancellation.unwatch(watch);
        resolve();
      };
      const watch = {
        abort: () => {
          this.#waiting.delete(begin);
          cancellation.unwatch(watch);
          reject(cancellation.reason ?? new SkeinError('CLIENT_CLOSED_REQUEST'));
        },
      };
      this.#waiting.add(begin);
      cancellation.watch(watch);
    });
  }
}
