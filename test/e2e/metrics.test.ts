import { createClient } from 'graphql-ws';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createEventReader } from '../utils/event-reader.ts';
import { type MetricsGateway, startMetricsGateway } from '../utils/metrics-gateway.ts';
import type { Scrape } from '../utils/prometheus.ts';

let gateway: MetricsGateway;
beforeEach(async () => {
  gateway = await startMetricsGateway();
});
afterEach(() => gateway.close());

const EVENTS = { accept: 'text/event-stream' };
const STREAM = 'subscription { sayStream(text: "Hi") { text } }';
const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  gateway
    .send(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
    .then(async (response) => {
      await response.text();
      return response.status;
    });
const chat = { model: 'default', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 9 };
/** The last request is counted when its answer has left, which may be a moment after it was read. */
const settled = (name: string, labels: Record<string, string>, value: number) =>
  expect.poll(async () => (await gateway.scrape()).value(name, labels)).toBe(value);
const requests = (scrape: Scrape) =>
  Object.fromEntries(
    scrape.all('skein_http_requests_total').map(({ labels, value }) => [`${labels.door} ${labels.status}`, value]),
  );
const operations = (scrape: Scrape) =>
  Object.fromEntries(
    scrape
      .all('skein_operation_duration_seconds_count')
      .map(({ labels: { door, type, outcome }, value }) => [`${door} ${type} ${outcome}`, value]),
  );

it('is for operators alone, in the format of Prometheus', async () => {
  const statusOf = async (key: string) => (await gateway.send('/metrics', {}, key)).status;
  expect([await statusOf('wrong'), await statusOf('user-key')]).toEqual([401, 403]);
  const response = await gateway.send('/metrics', {}, 'operator-key');
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(response.headers.get('cache-control')).toBe('no-store');
  const text = await response.text();
  expect(text).not.toMatch(/user-key|operator-key|127\.0\.0\.1/);
});

it('counts what comes through every door, exactly', async () => {
  for (let at = 0; at < 3; at += 1) await gateway.ask('{ hello }');
  await (await gateway.send(`/graphql?query=${encodeURIComponent('{ hello }')}`)).text();
  await gateway.ask(STREAM, { headers: EVENTS });
  await gateway.ask('{ nothingLikeIt }');
  await gateway.ask('{ hello', {});
  const client = createClient({
    url: `${gateway.origin.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: 'Bearer user-key' },
    lazy: false,
    onNonLazyError: () => {},
  });
  for await (const { data } of client.iterate({ query: '{ hello }' })) expect(data).toEqual({ hello: 'hi' });
  for await (const event of client.iterate({ query: STREAM })) expect(event.errors).toBeUndefined();
  await settled('skein_websocket_connections', {}, 1);
  await client.dispose();
  await settled('skein_websocket_connections', {}, 0);
  expect(await post('/rest/prompts/say', { text: 'Hi' })).toBe(200);
  expect(await post('/rest/prompts/say', { text: 'Hi' }, EVENTS)).toBe(200);
  expect(await post('/v1/chat/completions', chat)).toBe(200);
  expect(await post('/v1/chat/completions', { ...chat, stream: true })).toBe(200);
  expect(await post('/v1/messages', chat)).toBe(200);
  expect(await post('/v1/messages', { ...chat, model: 'nobody' })).toBe(404);
  await (await gateway.send('/readyz')).text();
  await (await gateway.send('/nowhere')).text();

  await settled('skein_http_requests_total', { door: 'none', status: '404' }, 1);
  const scrape = await gateway.scrape();
  const { 'own 200': own, ...counted } = requests(scrape);
  expect(own).toBeGreaterThan(1);
  expect(counted).toEqual({
    ...{ 'graphql 200': 7, 'graphql-ws 101': 1, 'rest 200': 2, 'none 404': 1 },
    ...{ 'openai 200': 2, 'anthropic 200': 1, 'anthropic 404': 1 },
  });
  expect(operations(scrape)).toEqual({
    ...{ 'graphql query ok': 4, 'graphql subscription ok': 1 },
    ...{ 'graphql-ws query ok': 1, 'graphql-ws subscription ok': 1 },
    ...{ 'rest mutation ok': 1, 'rest subscription ok': 1 },
  });
  const refused = scrape.all('skein_operations_refused_total').map(({ labels, value }) => [labels.code, value]);
  expect(refused.sort()).toEqual([
    ['GRAPHQL_PARSE_FAILED', 1],
    ['GRAPHQL_VALIDATION_FAILED', 1],
  ]);
  const events = scrape.all('skein_subscription_events_total').map(({ labels, value }) => [labels.door, value]);
  const [ofSse] = events.find(([door]) => door === 'graphql')?.slice(1) ?? [];
  expect(ofSse).toBeGreaterThan(1);
  expect(events).toEqual([
    ['graphql', ofSse],
    ['graphql-ws', ofSse],
    ['rest', ofSse],
  ]);
  const model = { model: 'small', provider: 'stub' };
  expect(scrape.value('skein_model_calls_total', { ...model, outcome: 'ok' })).toBe(7);
  expect(scrape.value('skein_model_tokens_total', { ...model, class: 'input' })).toBe(35);
  expect(scrape.value('skein_model_tokens_total', { ...model, class: 'output' })).toBe(14);
  expect(scrape.value('skein_model_cost_usd_total', model)).toBeCloseTo((35 * 1_000 + 14 * 2_000) / 1e6, 12);
  expect(scrape.value('skein_model_first_token_seconds_count', model)).toBe(4);
  const hello = { tenant: 'default', kind: 'source', upstream: 'well' };
  expect(scrape.value('skein_upstream_attempts_total', { ...hello, outcome: 'ok' })).toBe(5);
  expect(scrape.value('skein_upstream_calls_limit', hello)).toBe(5);
  expect(scrape.value('skein_upstream_attempts_total', { kind: 'provider', upstream: 'stub', outcome: 'ok' })).toBe(7);
  expect(scrape.value('skein_http_request_duration_seconds_count', { door: 'graphql' })).toBe(7);
});

it('tells of an upstream that fails, of its open breaker, and of a source that is not there', async () => {
  gateway.illStatus = 500;
  for (let at = 0; at < 5; at += 1) await gateway.ask('{ ill }');
  await gateway.ask('{ ill hello }');
  const scrape = await gateway.scrape();
  const ill = { kind: 'source', upstream: 'ill' };
  expect(scrape.value('skein_upstream_attempts_total', { ...ill, outcome: 'failed' })).toBe(3);
  expect(scrape.value('skein_upstream_refused_total', ill)).toBe(3);
  expect(scrape.value('skein_upstream_attempt_duration_seconds_count', ill)).toBe(3);
  expect(scrape.value('skein_upstream_endpoints', { ...ill, state: 'open' })).toBe(1);
  expect(scrape.value('skein_upstream_endpoints', { ...ill, state: 'up' })).toBe(0);
  const errors = (code: string) => scrape.value('skein_operation_errors_total', { door: 'graphql', code });
  expect([errors('UPSTREAM_FAILED'), errors('UPSTREAM_UNAVAILABLE')]).toEqual([3, 3]);
  expect(operations(scrape)).toEqual({ 'graphql query partial': 6 });
  const inGraph = scrape.all('skein_source_in_graph').map(({ labels, value }) => [labels.source, value]);
  expect(Object.fromEntries(inGraph)).toMatchObject({ well: 1, ill: 1, kept: 1, gone: 0 });
  expect(scrape.value('skein_graph_generation', { tenant: 'default' })).toBe(1);
});

it('tells of answers that are kept, of limits that refuse, and of what is under way', async () => {
  for (let at = 0; at < 3; at += 1) await gateway.ask('{ kept }');
  for (let at = 0; at < 3; at += 1) await gateway.ask('{ hello }', { key: 'limited-key' });
  const scrape = await gateway.scrape();
  expect(scrape.value('skein_cache_lookups_total', { source: 'kept', result: 'hit' })).toBe(2);
  expect(scrape.value('skein_cache_lookups_total', { source: 'kept', result: 'miss' })).toBe(1);
  expect(scrape.value('skein_cache_entries')).toBe(1);
  expect(scrape.value('skein_cache_bytes')).toBeGreaterThan(0);
  expect(scrape.value('skein_rate_limit_refusals_total')).toBe(2);
  expect(scrape.value('skein_operations_refused_total', { door: 'graphql', code: 'RATE_LIMITED' })).toBe(2);
  expect(requests(scrape)['graphql 429']).toBe(2);
  expect([scrape.value('skein_requests_in_flight'), scrape.value('skein_streams_open')]).toEqual([0, 0]);
});

it('a stream that its client leaves is canceled, and nothing is left open', async () => {
  const response = await gateway.send('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...EVENTS },
    body: JSON.stringify({ query: STREAM.replace('Hi', 'silence') }),
  });
  const reader = createEventReader(response);
  await settled('skein_streams_open', {}, 1);
  await reader.close();
  await settled('skein_streams_open', {}, 0);
  await settled('skein_operation_duration_seconds_count', { type: 'subscription', outcome: 'canceled' }, 1);
});

it('what clients make up is no label', async () => {
  for (let at = 0; at < 50; at += 1) {
    const made = `made-up-${at}`;
    await (await gateway.send(`/${made}?${made}`)).text();
    await (await gateway.send(`/v1/${made}`)).text();
    await (await gateway.send(`/rest/${made}`)).text();
    await (await gateway.send('/graphql', { method: ['PATCH', 'PROPFIND', 'DELETE'][at % 3] as string })).text();
    await (await gateway.send('/graphql', {}, made)).text();
    await post('/v1/chat/completions', { ...chat, model: made });
    await gateway.ask(`query ${made.replaceAll('-', '_')} { ${made.replaceAll('-', '_')} }`);
  }
  await settled('skein_http_requests_total', { door: 'openai', status: '404' }, 100);
  const scrape = await gateway.scrape();
  expect(scrape.all('skein_http_requests_total').length).toBeLessThan(12);
  expect(scrape.all('skein_model_calls_total')).toEqual([]);
  const series = [...scrape.families.values()].flatMap(({ samples }) => samples);
  expect(series.length).toBeLessThan(500);
  expect(JSON.stringify(series)).not.toMatch(/made.up|PROPFIND|PATCH/);
});
