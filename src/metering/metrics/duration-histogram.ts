import { Histogram } from 'prom-client';
import { DURATION_BOUNDS_MS, type DurationCounts } from '../../../kernel/durations.ts';
import type { Labels, MetricDefinition, Register } from './series.ts';

export interface DurationSeries {
  readonly labels: Labels;
  readonly durations: DurationCounts;
}

/** In seconds, as Prometheus has times; exact, where a division would leave 0.0025000000000000001. */
const BOUNDS = DURATION_BOUNDS_MS.map((ms) => Number((ms / 1_000).toFixed(6)));

/**
 * A histogram of durations that are counted elsewhere. prom-client's own looks labels up at each observation, which takes
 * about ten times as long as to count.
 */
class DurationHistogram extends Histogram {
  readonly #definition: MetricDefinition;
  readonly #read: () => Iterable<DurationSeries>;

  constructor(registry: Register, definition: MetricDefinition, read: () => Iterable<DurationSeries>) {
    const { name, help, labelNames = [] } = definition;
    super({ name, help, labelNames: [...labelNames], buckets: BOUNDS, registers: [registry] });
    this.#definition = definition;
    this.#read = read;
  }

  /** What the registry asks for, and `get()` of prom-client as well. */
  async getForPromString() {
    const { name, help } = this.#definition;
    const values: object[] = [];
    for (const { labels, durations } of this.#read()) {
      const { counts, sumMs } = durations;
      let count = 0;
      const add = (part: string, value: number, own: Labels = {}) =>
        values.push({ metricName: `${name}_${part}`, value, labels: own, sharedLabels: labels });
      for (let at = 0; at < BOUNDS.length; at += 1) {
        count += counts[at] ?? 0;
        add('bucket', count, { le: String(BOUNDS[at]) });
      }
      count += counts[BOUNDS.length] ?? 0;
      add('bucket', count, { le: '+Inf' });
      add('sum', sumMs / 1_000);
      add('count', count);
    }
    return { name, help, type: 'histogram', aggregator: 'sum', values };
  }
}

/** Reads at each scrape. */
export function registerDurations(
  registry: Register,
  definition: MetricDefinition,
  read: () => Iterable<DurationSeries>,
): void {
  new DurationHistogram(registry, definition, read);
}
