import { Registry } from 'prom-client';
import type { Meter } from '../../../sources/ai/meter.ts';
import type { Rates } from '../../policy/rates/rates.ts';
import { registerCacheMetrics } from './cache-metrics.ts';
import { type GatewayState, type Snapshot, takeSnapshot } from './gateway-state.ts';
import { createHttpMetrics, type HttpMetrics } from './http-metrics.ts';
import { createRateMetrics } from './metered-rates.ts';
import { createModelMetrics } from './model-metrics.ts';
import { createOperationMetrics, type OperationMetrics } from './operation-metrics.ts';
import { processRegistry } from './process-metrics.ts';
import type { Register } from './series.ts';
import { registerStateMetrics } from './state-metrics.ts';
import { registerUpstreamMetrics } from './upstream-metrics.ts';

/** What one gateway counts, and what is read of it at a scrape. */
export interface Metrics {
  readonly http: HttpMetrics;
  readonly operations: OperationMetrics;
  /** Counts calls of models on their way to another meter. */
  meter(next: Meter): Meter;
  rates(rates: Rates): Rates;
  /** Whether the configuration that there is now could be taken. */
  configurationTaken(isTaken: boolean): void;
  /** From now on this is how the gateway stands. */
  watch(read: () => GatewayState): void;
  /** Everything, as Prometheus reads it. Who asks while it is being written is given the same. */
  text(): Promise<string>;
}

/** Text format of Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/). */
export const METRICS_MEDIA_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

const SLICE_MS = 5;
const NOTHING: GatewayState = { requests: 0, streams: 0, webSockets: 0, isDraining: false, graphs: [] };

export function createMetrics(): Metrics {
  const registry = new Registry();
  let read = (): GatewayState => NOTHING;
  let last: Snapshot = takeSnapshot(NOTHING);
  const snapshot = () => last;
  let scraping: Promise<string> | undefined;
  const scrape = () => {
    last = takeSnapshot(read());
    return textOf([registry, processRegistry()]);
  };
  const http = createHttpMetrics(registry);
  const operations = createOperationMetrics(registry);
  const rates = createRateMetrics(registry);
  const meter = createModelMetrics(registry);
  const configuration = { isTaken: true, refusals: 0 };
  registerStateMetrics(registry, snapshot, configuration);
  registerUpstreamMetrics(registry, snapshot);
  registerCacheMetrics(registry, snapshot);
  return {
    ...{ http, operations, rates, meter },
    configurationTaken(isTaken) {
      configuration.isTaken = isTaken;
      if (!isTaken) configuration.refusals += 1;
    },
    watch(given) {
      read = given;
    },
    text() {
      scraping ??= scrape().finally(() => {
        scraping = undefined;
        last = takeSnapshot(NOTHING);
      });
      return scraping;
    },
  };
}

/** Requests come in between: many sources make megabytes of text. */
async function textOf(registries: readonly Register[]): Promise<string> {
  const parts: string[] = [];
  let beganAt = performance.now();
  for (const registry of registries)
    for (const { name } of registry.getMetricsAsArray()) {
      parts.push(await registry.getSingleMetricAsString(name));
      if (performance.now() - beganAt < SLICE_MS) continue;
      await new Promise((resolve) => setImmediate(resolve));
      beganAt = performance.now();
    }
  return `${parts.join('\n\n')}\n`;
}
