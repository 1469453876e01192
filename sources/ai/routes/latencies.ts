const MAX_SAMPLES = 50;
const MAX_AGE_MS = 5 * 60_000;

interface Window {
  readonly samples: { readonly at: number; readonly ms: number }[];
  median: number | undefined;
}

/**
 * How long models take to their first token of late: the median of the last fifty calls of the last five minutes. A failure
 * counts as endless. What has not been asked for that long is unknown again, and so gets another chance.
 */
export class Latencies {
  readonly #windows = new Map<string, Window>();

  record(model: string, ms: number, now: number): void {
    let window = this.#windows.get(model);
    if (window === undefined) {
      window = { samples: [], median: undefined };
      this.#windows.set(model, window);
    }
    window.samples.push({ at: now, ms });
    if (window.samples.length > MAX_SAMPLES) window.samples.shift();
    window.median = undefined;
  }

  median(model: string, now: number): number | undefined {
    const window = this.#windows.get(model);
    if (window === undefined) return undefined;
    const { samples } = window;
    while (samples[0] !== undefined && samples[0].at <= now - MAX_AGE_MS) {
      samples.shift();
      window.median = undefined;
    }
    if (samples.length === 0) return undefined;
    window.median ??= medianOf(samples.map(({ ms }) => ms));
    return window.median;
  }
}

function medianOf(values: number[]): number | undefined {
  values.sort((one, other) => (one === other ? 0 : one - other));
  return values[Math.floor((values.length - 1) / 2)];
}
