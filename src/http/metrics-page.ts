import type { Keyring } from '../identity/keyring.ts';
import { METRICS_MEDIA_TYPE, type Metrics } from '../metering/metrics/metrics.ts';
import type { Door } from './graphql-door.ts';
import { mustBeOperator } from './status.ts';

export interface MetricsPageDeps {
  readonly keyring: Pick<Keyring, 'identify'>;
  readonly metrics: Pick<Metrics, 'text'>;
}

/** `/metrics`, for operators: names of tenants, sources and models are in it. Errors are thrown, as `/status` does. */
export function createMetricsPage({ keyring, metrics }: MetricsPageDeps): Door {
  return async (request, response) => {
    await mustBeOperator(keyring, request);
    const text = await metrics.text();
    response.writeHead(200, { 'content-type': METRICS_MEDIA_TYPE, 'cache-control': 'no-store' }).end(text);
  };
}
