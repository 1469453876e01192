import { Counter, Gauge, type PrometheusContentType, type Registry } from 'prom-client';
import { type DurationCounts, Durations } from '../../../kernel/durations.ts';
import { registerDurations } from './duration-histogram.ts';

export type Register = Registry<PrometheusContentType>;
export type Labels = Readonly<Record<string, string>>;

export interface MetricDefinition {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[] | undefined;
}

export type Sample = readonly [labels: Labels, value: number];

/** A number that counts up: to add to it is all that a request pays. */
export interface Cell {
  value: number;
}

/** A counter or gauge that is read where its value is, at each scrape; without samples it has no series, and not a 0. */
export function registerSamples(
  registry: Register,
  kind: 'counter' | 'gauge',
  definition: MetricDefinition,
  read: () => Iterable<Sample>,
): void {
  const { name, help, labelNames = [] } = definition;
  const config = { name, help, labelNames: [...labelNames], registers: [registry] };
  if (kind === 'counter')
    new Counter({
      ...config,
      collect() {
        this.reset();
        if (labelNames.length === 0) this.remove();
        for (const [labels, value] of read()) this.inc(labels, value);
      },
    });
  else
    new Gauge({
      ...config,
      collect() {
        this.reset();
        if (labelNames.length === 0) this.remove();
        for (const [labels, value] of read()) this.set(labels, value);
      },
    });
}

/** A counter with a cell for each combination of label values; who counts keeps the cell. */
export function createCounter(registry: Register, definition: MetricDefinition): (...values: string[]) => Cell {
  const find = createSeries(definition, () => ({ value: 0 }));
  registerSamples(registry, 'counter', definition, () => find.all().map(({ labels, of }) => [labels, of.value]));
  return find;
}

/** A histogram of durations, likewise. */
export function createDurations(registry: Register, definition: MetricDefinition): (...values: string[]) => Durations {
  const find = createSeries(definition, () => new Durations());
  const read = () => find.all().map(({ labels, of }) => ({ labels, durations: of as DurationCounts }));
  registerDurations(registry, definition, read);
  return find;
}

function createSeries<T>({ labelNames = [] }: MetricDefinition, create: () => T) {
  const series = new Map<string, { readonly labels: Labels; readonly of: T }>();
  const find = (...values: string[]): T => {
    const key = values.join('\n');
    let found = series.get(key);
    if (found === undefined) {
      const labels = Object.fromEntries(labelNames.map((name, at) => [name, values[at] ?? '']));
      found = { labels, of: create() };
      series.set(key, found);
    }
    return found.of;
  };
  return Object.assign(find, { all: () => [...series.values()] });
}
