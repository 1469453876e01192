import { SkeinError } from '../../kernel/errors.ts';

const LIMITED = 429;
/** How long a key is left alone when its provider does not say. */
const LIMITED_MS = 10_000;
/** A key that is not taken may be made good at the provider. */
const REFUSED_MS = 60_000;

/**
 * The keys of one provider, used in turn. One that has reached its limits, or is not taken, rests; calls go on with the
 * others. A provider's only key never rests: whether to ask again is for those to decide who know of other providers.
 */
export class KeyRing {
  readonly #keys: readonly string[];
  readonly #restsUntil: number[];
  /** The status that a key rests for. */
  readonly #statuses: number[];
  #next = 0;

  constructor(keys: readonly string[]) {
    this.#keys = keys;
    this.#restsUntil = keys.map(() => 0);
    this.#statuses = keys.map(() => 0);
  }

  get size(): number {
    return this.#keys.length;
  }

  /**
   * `undefined` where there are no keys at all.
   * @throws SkeinError UPSTREAM_REJECTED when all rest: with the time to wait, unless none of them is taken
   */
  take(now: number): string | undefined {
    const { length } = this.#keys;
    if (length <= 1) return this.#keys[0];
    for (let step = 0; step < length; step += 1) {
      const place = (this.#next + step) % length;
      if ((this.#restsUntil[place] ?? 0) > now) continue;
      this.#next = (place + 1) % length;
      return this.#keys[place];
    }
    const upstreamStatus = this.#statuses.find((status) => status === LIMITED) ?? this.#statuses.at(-1) ?? LIMITED;
    if (upstreamStatus !== LIMITED)
      throw new SkeinError('UPSTREAM_REJECTED', undefined, {
        details: { upstreamStatus },
        cause: new Error('The provider takes none of its keys.'),
      });
    const retryAfterMs = Math.min(...this.#restsUntil) - now;
    throw new SkeinError('UPSTREAM_REJECTED', undefined, {
      details: { upstreamStatus, retryAfterMs },
      cause: new Error('All keys of the provider have reached their limits.'),
    });
  }

  /** What came of a call with the key. True if another key may be asked at once. */
  judge(key: string | undefined, error: SkeinError, now: number): boolean {
    const place = key === undefined ? -1 : this.#keys.indexOf(key);
    if (place === -1 || this.#keys.length <= 1) return false;
    const { upstreamStatus: status, retryAfterMs } = error.extensions;
    if (status !== LIMITED && status !== 401 && status !== 403) return false;
    const restMs = status === LIMITED ? (retryAfterMs ?? LIMITED_MS) : REFUSED_MS;
    this.#restsUntil[place] = now + restMs;
    this.#statuses[place] = status;
    return this.#restsUntil.some((until) => until <= now);
  }
}
