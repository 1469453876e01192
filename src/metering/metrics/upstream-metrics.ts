import type { EndpointState, UpstreamState } from '../../../sources/upstream/resilience/contracts.ts';
import { registerDurations } from './duration-histogram.ts';
import type { Snapshot } from './gateway-state.ts';
import { type Labels, type Register, registerSamples, type Sample } from './series.ts';

/** What stands between sources or providers and their services. Endpoints are counted, not named: they come and go. */
export function registerUpstreamMetrics(registry: Register, snapshot: () => Snapshot): void {
  const labelNames = ['tenant', 'kind', 'upstream'] as const;
  function* upstreams(): Iterable<readonly [Labels, UpstreamState]> {
    for (const { tenant, upstreams: own } of snapshot().graphs)
      for (const { kind, name, state } of own) yield [{ tenant, kind, upstream: name }, state];
  }
  const each = (kind: 'counter' | 'gauge', name: string, help: string, read: (state: UpstreamState) => number) =>
    registerSamples(registry, kind, { name, help, labelNames }, function* () {
      for (const [labels, state] of upstreams()) yield [labels, read(state)] satisfies Sample;
    });
  const byLabel = (
    kind: 'counter' | 'gauge',
    { name, help, label }: { readonly name: string; readonly help: string; readonly label: string },
    read: (state: UpstreamState) => Readonly<Record<string, number>>,
  ) =>
    registerSamples(registry, kind, { name, help, labelNames: [...labelNames, label] }, function* () {
      for (const [labels, state] of upstreams())
        for (const [value, count] of Object.entries(read(state)))
          yield [{ ...labels, [label]: value }, count] satisfies Sample;
    });

  byLabel(
    'counter',
    {
      name: 'skein_upstream_attempts_total',
      help: 'Calls that were sent, retries and hedges among them. `busy`: it has not begun. `unsent`: it was not reached.',
      label: 'outcome',
    },
    ({ attempts }) => ({
      ...{ ok: attempts.ok, busy: attempts.busy, unsent: attempts.unsent, failed: attempts.failed },
      given_up: attempts['given-up'],
    }),
  );
  registerDurations(
    registry,
    {
      name: 'skein_upstream_attempt_duration_seconds',
      help: 'Time that calls which were sent took to be answered; of streams, to be opened.',
      labelNames,
    },
    function* () {
      for (const [labels, { durations }] of upstreams()) yield { labels, durations };
    },
  );
  each('counter', 'skein_upstream_retries_total', 'Calls that were sent again.', ({ retries }) => retries);
  each(
    'counter',
    'skein_upstream_retries_refused_total',
    'Calls that were not sent again because too many were.',
    ({ retriesRefused }) => retriesRefused,
  );
  each(
    'counter',
    'skein_upstream_hedges_total',
    'Calls that were sent a second time, to be faster.',
    (of) => of.hedges,
  );
  each(
    'counter',
    'skein_upstream_refused_total',
    'Calls that were not sent: no endpoint was left, or too many waited.',
    ({ refused }) => refused,
  );
  each('gauge', 'skein_upstream_calls_active', 'Calls that are under way.', ({ active }) => active);
  each('gauge', 'skein_upstream_calls_queued', 'Calls that wait for their turn.', ({ queued }) => queued);
  registerSamples(
    registry,
    'gauge',
    { name: 'skein_upstream_calls_limit', help: 'How many calls may be under way, where that is bounded.', labelNames },
    function* () {
      for (const [labels, { maxActive }] of upstreams())
        if (maxActive !== undefined) yield [labels, maxActive] satisfies Sample;
    },
  );
  byLabel(
    'gauge',
    {
      name: 'skein_upstream_endpoints',
      help: 'Endpoints. `up`: may be asked. `down`: by its health check. `open`, `half_open`: its breaker leaves it alone, or tries it.',
      label: 'state',
    },
    ({ endpoints }) => countStates(endpoints),
  );
}

function countStates(endpoints: readonly EndpointState[]): Readonly<Record<string, number>> {
  const counts = { up: 0, down: 0, open: 0, half_open: 0 };
  for (const { health, breaker } of endpoints)
    counts[health === 'down' ? 'down' : breaker === 'closed' ? 'up' : breaker === 'open' ? 'open' : 'half_open'] += 1;
  return counts;
}
