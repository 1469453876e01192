import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { Durations } from '../../../kernel/durations.ts';
import { SkeinError } from '../../../kernel/errors.ts';
import type { ModelCallRecord } from '../../../sources/ai/meter.ts';
import type { UpstreamState } from '../../../sources/upstream/resilience/contracts.ts';
import { createCallContext } from '../../../test/utils/call-context.ts';
import { readPrometheus } from '../../../test/utils/prometheus.ts';
import type { GatewayState, StateGraph } from './gateway-state.ts';
import { createMetrics, type Metrics } from './metrics.ts';

const read = async (metrics: Metrics) => readPrometheus(await metrics.text());
const CONTROL = {
  store: { reachable: false, answeredAt: 5_000, lagMs: 1_500 },
  ...{ graphsLeaving: 1, failedBuilds: 2, tenantsFailing: 3 },
  webhooks: { delivered: 4, failed: 5, givenUp: 6 },
};
const IDLE = { requests: 0, streams: 0, webSockets: 0, isDraining: false };

const FAILED = { model: 'big', provider: 'far', outcome: 'UPSTREAM_FAILED', latencyMs: 100 };
const CALL: ModelCallRecord = {
  ...{ kind: 'chat', asked: 'default', model: 'small', provider: 'stub', modelId: 'small-1' },
  usage: {
    ...{ inputTokens: 10, outputTokens: 5, totalTokens: 15, cachedInputTokens: 4, reasoningTokens: 2 },
    raw: undefined,
  },
  ...{ isEstimated: false, costNanoUsd: 2_500n, price: undefined, latencyMs: 300, firstTokenMs: 40 },
  ...{ outcome: 'ok', errorCode: undefined },
  attempts: [FAILED, { model: 'small', provider: 'stub', outcome: 'ok', latencyMs: 200 }],
};

function upstreamState(more: Partial<UpstreamState> = {}): UpstreamState {
  return {
    ...{
      endpoints: [],
      active: 0,
      queued: 0,
      maxActive: undefined,
      retries: 0,
      retriesRefused: 0,
      hedges: 0,
      refused: 0,
    },
    attempts: { ok: 0, busy: 0, unsent: 0, failed: 0, 'given-up': 0 },
    durations: new Durations(),
    ...more,
  };
}

function graphWith(names: readonly string[], state = upstreamState()): StateGraph {
  const kept = {
    entries: 2,
    bytes: 300,
    maxBytes: 1_000,
    evictions: 4,
    errors: 0,
    kind: 'memory',
    health: 'up',
  } as const;
  const counts = { hits: 5, misses: 3, stale: 2, staleOnError: 1, renewed: 0, kept: 3, invalidations: 1 };
  return {
    registry: { current: () => ({ number: 7 }) },
    generationsInUse: () => [6, 7],
    states: () => names.map((name) => ({ name, inGraph: true })),
    sources: () => [...names, 'goods/other'].map((name) => ({ name, upstream: () => state })),
    cacheState: () => ({ store: kept, sources: names.map((source) => ({ source, ...counts })) }),
    models: { upstreams: () => ({ stub: state }) },
  } as unknown as StateGraph;
}

it('before anything has happened, a scrape can be read, and nothing is said of what there is not', async () => {
  const scrape = await read(createMetrics());
  expect(scrape.value('skein_requests_in_flight')).toBe(0);
  expect(scrape.value('skein_configuration_taken')).toBe(1);
  expect(scrape.families.get('skein_store_reachable')?.samples).toEqual([]);
  expect(scrape.value('process_cpu_seconds_total')).toBeGreaterThan(0);
  expect(scrape.families.get('nodejs_eventloop_lag_p99_seconds')?.type).toBe('gauge');
});

it('names, units and helps keep to the conventions of Prometheus', async () => {
  const { families } = await read(createMetrics());
  const own = [...families.values()].filter(({ name }) => name.startsWith('skein_'));
  expect(own.length).toBeGreaterThan(40);
  for (const { name, type, help } of own) {
    expect(name).toMatch(/^skein_[a-z]+(_[a-z]+)*$/);
    expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
    if (type === 'histogram') expect(name).toMatch(/_seconds$/);
    expect(help).toMatch(/\.$/);
  }
});

it('docs/operating.md has every metric with its labels, and no other', async () => {
  const metrics = createMetrics();
  const graphs = [{ tenant: 'default', graph: graphWith(['a'], upstreamState({ maxActive: 1 })) }];
  const usage = { written: 1, waiting: 2, lost: 3 };
  const rateStore = { health: 'up', errors: 0 } as const;
  metrics.watch(() => ({ ...IDLE, graphs, usage, rateStore, control: CONTROL }));
  // Each has a series, so that its labels are seen.
  metrics.http.observe('graphql', 200, 1);
  const operations = metrics.operations.through('graphql');
  operations.refused([new SkeinError('FORBIDDEN')]);
  operations.ended('query' as never, { errors: [{ message: '', extensions: { code: 'FORBIDDEN' } }] }, 1);
  metrics.meter({ record() {} }).record(CALL, createCallContext({}).context);
  const { families } = await read(metrics);
  const text = await readFile('docs/operating.md', 'utf8');
  const rows = [...text.matchAll(/^\| `(skein_\w+)` \| (counter|gauge|histogram) \| (.*?) \|/gm)];
  const told = rows.map(([, name, type, labels]) => [
    name,
    type,
    [...(labels ?? '').matchAll(/`(\w+)`/g)].map((of) => of[1]),
  ]);
  const there = [...families.values()]
    .filter(({ name }) => name.startsWith('skein_'))
    .map(({ name, type, samples }) => [name, type, labelsOf(samples[0]?.labels ?? { none: true })]);
  expect(told.map(([name]) => name).sort()).toEqual(there.map(([name]) => name).sort());
  expect(new Map(told.map((row) => [row[0], row]))).toEqual(new Map(there.map((row) => [row[0], row])));
});

const labelsOf = (labels: object) => Object.keys(labels).filter((name) => name !== 'le');

it('calls of models are counted with their attempts, tokens and cost, and handed on', async () => {
  const metrics = createMetrics();
  const handed: ModelCallRecord[] = [];
  const meter = metrics.meter({ record: (call) => void handed.push(call) });
  const { context } = createCallContext({});
  meter.record(CALL, context);
  meter.record(
    { ...CALL, outcome: 'cached', usage: undefined, costNanoUsd: undefined, firstTokenMs: undefined, attempts: [] },
    context,
  );
  const paid = { model: 'big', provider: 'far', outcome: 'failed', isFollowed: true } as const;
  meter.record({ ...CALL, ...paid, attempts: [FAILED] }, context);
  expect(handed).toHaveLength(3);
  const scrape = await read(metrics);
  const of = { model: 'small', provider: 'stub' };
  expect(scrape.value('skein_model_calls_total', { ...of, outcome: 'ok' })).toBe(1);
  expect(scrape.value('skein_model_calls_total', { ...of, outcome: 'cached' })).toBe(1);
  expect(scrape.value('skein_model_attempts_total', { ...of, outcome: 'ok' })).toBe(1);
  expect(scrape.value('skein_model_attempts_total', { model: 'big', outcome: 'UPSTREAM_FAILED' })).toBe(1);
  const tokens = ['input', 'cached_input', 'cache_write', 'output', 'reasoning'];
  expect(tokens.map((name) => scrape.value('skein_model_tokens_total', { ...of, class: name }))).toEqual([
    10, 4, 0, 5, 2,
  ]);
  expect(scrape.value('skein_model_cost_usd_total', of)).toBe(0.0000025);
  // What was paid for an attempt that another one followed is money, and no call.
  expect(scrape.value('skein_model_cost_usd_total', { model: 'big' })).toBe(0.0000025);
  expect(scrape.value('skein_model_tokens_total', { model: 'big', class: 'input' })).toBe(10);
  expect(scrape.all('skein_model_calls_total').map(({ labels }) => labels.model)).toEqual(['small', 'small']);
  expect(scrape.value('skein_model_call_duration_seconds_count', of)).toBe(2);
  expect(scrape.value('skein_model_first_token_seconds_bucket', { ...of, le: '0.05' })).toBe(1);
  expect(scrape.value('skein_model_first_token_seconds_bucket', { ...of, le: '0.025' })).toBe(0);
});

it('the state of upstreams, caches and graphs is what it is at the scrape', async () => {
  const metrics = createMetrics();
  const durations = new Durations();
  durations.observe(30);
  const endpoint = { active: 0, calls: 0, failures: 0, lastFailure: undefined, lastFailureAt: undefined };
  const breakers = ['closed', 'closed', 'open', 'half-open'] as const;
  const endpoints = breakers.map((breaker, at) => ({
    ...{ ...endpoint, address: `http://secret-host-${at}`, breaker },
    health: at === 1 ? ('down' as const) : ('up' as const),
  }));
  const attempts = { ok: 5, busy: 1, unsent: 2, failed: 3, 'given-up': 4 };
  const state = upstreamState({ endpoints, attempts, durations, active: 6, queued: 7, maxActive: 8, retries: 9 });
  metrics.watch(() => ({ ...IDLE, graphs: [{ tenant: 'default', graph: graphWith(['a'], state) }] }));
  const scrape = await read(metrics);
  const a = { tenant: 'default', kind: 'source', upstream: 'a' };
  const states = ['up', 'down', 'open', 'half_open'];
  expect(states.map((name) => scrape.value('skein_upstream_endpoints', { ...a, state: name }))).toEqual([1, 1, 1, 1]);
  expect(scrape.value('skein_upstream_attempts_total', { ...a, outcome: 'given_up' })).toBe(4);
  expect(scrape.value('skein_upstream_attempt_duration_seconds_sum', a)).toBe(0.03);
  expect(scrape.value('skein_upstream_calls_limit', { kind: 'provider', upstream: 'stub' })).toBe(8);
  expect(scrape.value('skein_upstream_retries_total', a)).toBe(9);
  expect(scrape.value('skein_cache_lookups_total', { source: 'a', result: 'hit' })).toBe(5);
  expect(scrape.value('skein_cache_bytes', { tenant: 'default' })).toBe(300);
  expect(scrape.value('skein_graph_generations_in_use')).toBe(2);
  // What another tenant has given is told with theirs, and addresses are for /status.
  expect(scrape.all('skein_upstream_retries_total').map(({ labels }) => labels.upstream)).toEqual(['a', 'stub']);
  expect(await metrics.text()).not.toMatch(/secret-host|goods/);
});

it('the control plane is told as it stands, and refused configurations among the builds that failed', async () => {
  const metrics = createMetrics();
  metrics.watch(() => ({ ...IDLE, graphs: [], usage: { written: 1, waiting: 2, lost: 3 }, control: CONTROL }));
  metrics.configurationTaken(false);
  const scrape = await read(metrics);
  const names = [
    ...['skein_store_reachable', 'skein_store_last_answer_timestamp_seconds', 'skein_store_feed_lag_seconds'],
    ...['skein_graphs_leaving', 'skein_graph_failed_builds_total', 'skein_graph_tenants_failing'],
    ...['skein_usage_records_written_total', 'skein_usage_records_waiting', 'skein_usage_records_lost_total'],
  ];
  expect(names.map((name) => scrape.value(name))).toEqual([0, 5, 1.5, 1, 3, 3, 1, 2, 3]);
  expect(scrape.value('skein_webhook_deliveries_total', { outcome: 'given_up' })).toBe(6);
  expect(scrape.value('skein_configuration_taken')).toBe(0);
  metrics.configurationTaken(true);
  expect((await read(metrics)).value('skein_configuration_taken')).toBe(1);
});

it('who asks while a scrape is being written is given the same', async () => {
  const metrics = createMetrics();
  let reads = 0;
  metrics.watch(() => {
    reads += 1;
    return { ...IDLE, graphs: [] };
  });
  const [one, other] = await Promise.all([metrics.text(), metrics.text()]);
  expect([one === other, reads]).toEqual([true, 1]);
  await metrics.text();
  expect(reads).toBe(2);
});

it('limits that are counted in the process have no store', async () => {
  const metrics = createMetrics();
  expect((await read(metrics)).value('skein_rate_limit_store_up')).toBeUndefined();
  metrics.watch(() => ({ ...IDLE, graphs: [], rateStore: { health: 'down', errors: 3 } }));
  const scrape = await read(metrics);
  expect(scrape.value('skein_rate_limit_store_up')).toBe(0);
  expect(scrape.value('skein_rate_limit_store_errors_total')).toBe(3);
});

it('series stay bounded, whatever clients, tenants and models are called', async () => {
  const metrics = createMetrics();
  const lean = {
    ...graphWith(['a', 'b', 'c', 'd']),
    sources: () => [],
    models: undefined,
    cacheState: () => undefined,
  };
  const graphs = Array.from({ length: 3_000 }, (_, at) => ({ tenant: `t${at}`, graph: lean }));
  metrics.watch((): GatewayState => ({ ...IDLE, graphs }));
  const meter = metrics.meter({ record() {} });
  const own = createCallContext({}).context;
  const foreign = { ...own, account: { tenant: 'ten_1', door: 'graphql' } };
  for (let at = 0; at < 2_000; at += 1) {
    const model = `m${at}${'"\\\n'.repeat(40)}`;
    meter.record({ ...CALL, model, attempts: [{ ...FAILED, outcome: `code ${at}` }] }, foreign);
  }
  meter.record(CALL, own);
  for (let at = 0; at < 2_000; at += 1) metrics.http.observe('none', at, 1);
  const operations = metrics.operations.through('graphql');
  for (let at = 0; at < 500; at += 1) {
    operations.refused([new SkeinError('FORBIDDEN'), { extensions: { code: `code ${at}` } }]);
    operations.refused([{ extensions: { code: `code ${at}` } }]);
    operations.ended('query' as never, { errors: [{ message: 'x', extensions: { code: `code ${at}` } }] }, 1);
  }
  const scrape = await read(metrics);
  expect(scrape.all('skein_model_calls_total')).toHaveLength(201);
  // Tenants do not crowd out the models of skein.yaml.
  expect(scrape.value('skein_model_calls_total', { model: 'small' })).toBe(1);
  expect(scrape.value('skein_model_calls_total', { model: 'other' })).toBe(1_801);
  expect(new Set(scrape.all('skein_model_attempts_total').map(({ labels }) => labels.outcome))).toEqual(
    new Set(['INTERNAL_SERVER_ERROR', 'ok', 'UPSTREAM_FAILED']),
  );
  expect(scrape.all('skein_http_requests_total').length).toBeLessThanOrEqual(501);
  expect(scrape.all('skein_operations_refused_total').map(({ labels, value }) => [labels.code, value])).toEqual([
    ['FORBIDDEN', 500],
    ['INTERNAL_SERVER_ERROR', 500],
  ]);
  expect(scrape.all('skein_operation_errors_total')).toHaveLength(1);
  expect(scrape.all('skein_graph_generation')).toHaveLength(125);
  expect(scrape.value('skein_graphs')).toBe(3_000);
  expect(scrape.value('skein_metrics_graphs_left_out')).toBe(2_875);
  const longest = Math.max(...scrape.all('skein_model_calls_total').map(({ labels }) => labels.model?.length ?? 0));
  expect(longest).toBe(100);
});
