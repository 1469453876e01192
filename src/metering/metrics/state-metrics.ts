import { readVersion } from '../../read-version.ts';
import type { ControlState, Snapshot } from './gateway-state.ts';
import { type Register, registerSamples, type Sample } from './series.ts';

const NO_LABELS = {};

/** How the gateway itself stands: what is under way, its graphs, its store. */
export function registerStateMetrics(
  registry: Register,
  snapshot: () => Snapshot,
  configuration: { readonly isTaken: boolean; readonly refusals: number },
): void {
  const one = (kind: 'counter' | 'gauge', name: string, help: string, read: (state: Snapshot) => number | undefined) =>
    registerSamples(registry, kind, { name, help }, () => {
      const value = read(snapshot());
      return value === undefined ? [] : [[NO_LABELS, value]];
    });
  const control = (
    kind: 'counter' | 'gauge',
    name: string,
    help: string,
    read: (of: ControlState) => number | undefined,
  ) => one(kind, name, help, ({ control: state }) => (state === undefined ? undefined : read(state)));

  const version = readVersion();
  registerSamples(
    registry,
    'gauge',
    { name: 'skein_build_info', help: 'Always 1; the version that runs.', labelNames: ['version'] },
    () => [[{ version }, 1]],
  );
  one(
    'gauge',
    'skein_rate_limit_store_up',
    'Whether limits are counted together with other instances: 1, or 0 while each counts its share.',
    ({ rateStore }) => (rateStore === undefined ? undefined : Number(rateStore.health === 'up')),
  );
  one(
    'counter',
    'skein_rate_limit_store_errors_total',
    'Calls of the store of limits that failed or took too long.',
    ({ rateStore }) => rateStore?.errors,
  );

  one('gauge', 'skein_requests_in_flight', 'Requests that are under way, streams apart.', ({ requests }) => requests);
  one('gauge', 'skein_streams_open', 'Subscriptions, and answers of models that stream.', ({ streams }) => streams);
  one('gauge', 'skein_websocket_connections', 'WebSockets that are open.', ({ webSockets }) => webSockets);
  one('gauge', 'skein_draining', 'Whether it takes no new work: 1, or 0.', ({ isDraining }) => Number(isDraining));

  registerSamples(
    registry,
    'gauge',
    {
      name: 'skein_graph_generation',
      help: 'Number of the graph that serves, which counts up with each change; 0 where there is none.',
      labelNames: ['tenant'],
    },
    () => snapshot().graphs.map(({ tenant, generation }) => [{ tenant }, generation]),
  );
  registerSamples(
    registry,
    'gauge',
    {
      name: 'skein_graph_generations_in_use',
      help: 'Graphs that are in memory: the one that serves, and those that still have requests or streams.',
      labelNames: ['tenant'],
    },
    () => snapshot().graphs.map(({ tenant, generationsInUse }) => [{ tenant }, generationsInUse]),
  );
  registerSamples(
    registry,
    'gauge',
    {
      name: 'skein_source_in_graph',
      help: 'Whether a source of the configuration is in the graph: 1, or 0 when it is left out.',
      labelNames: ['tenant', 'source'],
    },
    function* () {
      for (const { tenant, sources } of snapshot().graphs)
        for (const { name, inGraph } of sources) yield [{ tenant, source: name }, Number(inGraph)] satisfies Sample;
    },
  );
  one(
    'gauge',
    'skein_graphs',
    'Graphs of tenants that serve.',
    ({ graphs, graphsLeftOut }) => graphs.length + graphsLeftOut,
  );
  one(
    'gauge',
    'skein_metrics_graphs_left_out',
    'Graphs that have no series of their own here, because there are so many.',
    ({ graphsLeftOut }) => graphsLeftOut,
  );
  control(
    'gauge',
    'skein_graphs_leaving',
    'Graphs of tenants that do not serve any more, and wait for their last requests and streams.',
    ({ graphsLeaving }) => graphsLeaving,
  );
  control(
    'gauge',
    'skein_graph_tenants_failing',
    'Tenants whose graph cannot be built as it is configured.',
    ({ tenantsFailing }) => tenantsFailing,
  );
  one(
    'counter',
    'skein_graph_failed_builds_total',
    'Changes of graphs that could not be taken; each is tried again.',
    ({ control: state }) => configuration.refusals + (state?.failedBuilds ?? 0),
  );
  one(
    'gauge',
    'skein_configuration_taken',
    'Whether skein.yaml as it is now is what serves: 1, or 0 when it was refused.',
    () => Number(configuration.isTaken),
  );

  control('gauge', 'skein_store_reachable', 'Whether the store answers: 1, or 0.', ({ store }) =>
    Number(store.reachable),
  );
  control(
    'gauge',
    'skein_store_last_answer_timestamp_seconds',
    'When the store last answered, in seconds since 1970.',
    ({ store }) => store.answeredAt / 1_000,
  );
  control(
    'gauge',
    'skein_store_feed_lag_seconds',
    'How old the newest change was when it came to be known here, by the clock of who wrote it.',
    ({ store }) => (store.lagMs === undefined ? undefined : store.lagMs / 1_000),
  );

  one(
    'counter',
    'skein_usage_records_written_total',
    'Usage records that the store has.',
    ({ usage }) => usage?.written,
  );
  one('gauge', 'skein_usage_records_waiting', 'Usage records that wait for the store.', ({ usage }) => usage?.waiting);
  one(
    'counter',
    'skein_usage_records_lost_total',
    'Usage records that were lost: calls are not accounted for.',
    ({ usage }) => usage?.lost,
  );
  registerSamples(
    registry,
    'counter',
    {
      name: 'skein_webhook_deliveries_total',
      help: 'Events that were sent to webhooks. `failed`: it is tried again. `given_up`: it is not.',
      labelNames: ['outcome'],
    },
    () => {
      const webhooks = snapshot().control?.webhooks;
      if (webhooks === undefined) return [];
      const { delivered, failed, givenUp } = webhooks;
      return Object.entries({ delivered, failed, given_up: givenUp }).map(([outcome, count]) => [{ outcome }, count]);
    },
  );
}
