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
  /** Everything, as Prometheus reads it. */
  text(): Promise<string>;
}

/** Text format of Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/). */
export const METRICS_MEDIA_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

const NOTHING: GatewayState = { requests: 0, streams: 0, webSockets: 0, isDraining: false, graphs: [] };

export function createMetrics(): Metrics {
  const registry = new Registry();
  let read = (): GatewayState => NOTHING;
  let last: Snapshot = takeSnapshot(NOTHING);
  const snapshot = () => last;
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
    async text() {
      // All that is collected is read before anything else runs: one scrape, one moment.
      last = takeSnapshot(read());
      const own = registry.metrics();
      last = takeSnapshot(NOTHING);
      return `${await own}\n${await processRegistry().metrics()}`;
    },
  };
}
