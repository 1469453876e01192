import OpenAI from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLog, systemClock } from '../../kernel/ports.ts';
import { createCounters } from '../../src/policy/counters/create-counters.ts';
import { ratesOptions } from '../../src/policy/rates/options.ts';
import { createRates } from '../../src/policy/rates/rates.ts';
import { deferred } from '../utils/deferred.ts';
import { answerAs, eventsOf } from '../utils/surface-providers.ts';
import { type Surfaces, type SurfacesOptions, startSurfaces } from '../utils/surfaces.ts';
import { TEST_KEY } from '../utils/test-gateway.ts';
import { expectNoUnhandledRejection } from '../utils/unhandled.ts';

expectNoUnhandledRejection();
let surfaces: Surfaces;
const start = async (options: SurfacesOptions = {}) => {
  surfaces = await startSurfaces(options);
  surfaces.providers.openai.answer(answerAs('openai', 'text'));
};
afterEach(() => surfaces.close());

const PATHS = ['/v1/chat/completions', '/v1/responses', '/v1/messages'] as const;
const QUESTION = { model: 'openai', input: 'Hi', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 9 };
/** Each door takes its own fields of the question. */
const bodyOf = (path: string, more: object = {}) => {
  const { model, input, messages, max_tokens } = QUESTION;
  if (path === '/v1/responses') return JSON.stringify({ model, input, ...more });
  return JSON.stringify({ model, messages, ...(path === '/v1/messages' && { max_tokens }), ...more });
};
const post = (path: string, more: object = {}, headers: Record<string, string> = {}) =>
  fetch(surfaces.origin + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${TEST_KEY}`, 'content-type': 'application/json', ...headers },
    body: bodyOf(path, more),
  });

/** A provider that begins to answer, or does not, and then says nothing more. */
function fallSilent(begins: boolean): Promise<void> {
  const asked = deferred<void>();
  surfaces.providers.openai.answer((request, response) => {
    if (begins) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(eventsOf('openai', 'text', request).slice(0, 2).join(''));
    }
    asked.resolve();
  });
  return asked.promise;
}

it('the limits of a caller count requests, and clients are told in the words of their family', async () => {
  const counters = createCounters(ratesOptions.parse({}), { clock: systemClock, log: silentLog });
  const rates = createRates({ counters, log: silentLog });
  await start({ keyRates: [{ limit: 2, windowSeconds: 60 }], rates });
  const first = await post('/v1/chat/completions');
  expect([first.status, first.headers.get('x-ratelimit-limit-requests')]).toEqual([200, '2']);
  expect(first.headers.get('x-ratelimit-remaining-requests')).toBe('1');
  const second = await post('/v1/messages');
  expect(second.headers.get('anthropic-ratelimit-requests-remaining')).toBe('0');
  const error = await surfaces.openai.models.list().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(OpenAI.RateLimitError);
  if (!(error instanceof OpenAI.RateLimitError)) return;
  expect(Number(error.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(error.code).toBe('rate_limit_exceeded');
  const refused = await post('/v1/messages');
  expect([refused.status, await refused.json()]).toMatchObject([429, { error: { type: 'rate_limit_error' } }]);
  expect(surfaces.providers.openai.requests).toHaveLength(2);
});

it('a limit on a field of the graph holds for what does the same here, whichever address it has', async () => {
  const counters = createCounters(ratesOptions.parse({}), { clock: systemClock, log: silentLog });
  const rates = createRates({ counters, log: silentLog });
  await start({ keyRates: [{ limit: 1, windowSeconds: 60, field: 'Mutation.chat' }], rates });
  expect((await post('/v1/chat/completions')).status).toBe(200);
  expect((await post('/v1/messages')).status).toBe(429);
  expect((await post('/v1/responses')).status).toBe(429);
  expect((await surfaces.openai.models.list()).data.length).toBeGreaterThan(0);
  expect(surfaces.providers.openai.requests).toHaveLength(1);
});

it('a key may come as x-api-key, and requests have ids, their own or ours', async () => {
  await start();
  const own = await fetch(`${surfaces.origin}/v1/models`, {
    headers: { 'x-api-key': TEST_KEY, 'x-request-id': 'mine-1' },
  });
  expect([own.status, own.headers.get('x-request-id')]).toEqual([200, 'mine-1']);
  const ours = await post('/v1/messages', {}, { 'x-request-id': 'not fit' });
  expect(ours.headers.get('request-id')).toMatch(/^[\w-]{36}$/);
  expect(ours.headers.get('x-request-id')).toBe(ours.headers.get('request-id'));
});

it('pages of origins that are let in may ask, others may not', async () => {
  await start({ origins: ['https://app.example'] });
  const preflight = (origin: string) =>
    fetch(`${surfaces.origin}/v1/messages`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-api-key' },
    });
  const allowed = await preflight('https://app.example');
  expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([204, 'https://app.example']);
  expect(allowed.headers.get('access-control-allow-headers')).toContain('x-api-key');
  const answer = await post('/v1/messages', {}, { origin: 'https://app.example' });
  expect(answer.headers.get('access-control-expose-headers')).toMatch(/x-request-id.*request-id.*x-skein-model/);
  expect((await preflight('https://evil.example')).status).toBe(401);
});

describe.each(PATHS)('%s', (path) => {
  it('takes a question of ten megabytes to providers of its own and of another format', async () => {
    await start();
    const text = 'x'.repeat(10_000_000);
    const more = path === '/v1/responses' ? { input: text } : { messages: [{ role: 'user', content: text }] };
    for (const dialect of ['openai', 'openai-responses', 'anthropic'] as const) {
      surfaces.providers[dialect].answer(answerAs(dialect, 'text'));
      const response = await post(path, { ...more, model: dialect });
      expect([dialect, response.status]).toEqual([dialect, 200]);
      expect(JSON.stringify(surfaces.providers[dialect].requests.at(-1)?.body)).toContain(text);
    }
  });

  it('answers with 504 when the deadline passes, and closes the socket of the provider', async () => {
    await start({ limits: { requestTimeoutMs: 200 } });
    void fallSilent(false);
    const response = await post(path);
    expect(response.status).toBe(504);
    expect(JSON.stringify(await response.json())).toContain('longer than its deadline');
    await surfaces.providers.openai.requests.at(-1)?.closed;
  });

  it('ends a stream with an error when its deadline passes', async () => {
    await start({ limits: { streamTimeoutMs: 1_000 } });
    void fallSilent(true);
    const response = await post(path, { stream: true });
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(text).toContain('Hel');
    expect(text).toContain('longer than its deadline');
    expect(text).not.toMatch(/\[DONE\]|message_stop|response\.completed/);
    await surfaces.providers.openai.requests.at(-1)?.closed;
  });

  it('ends a stream with an error when the gateway must stop', async () => {
    await start({ limits: { drainTimeoutMs: 0 } });
    void fallSilent(true);
    const response = await post(path, { stream: true });
    const closing = surfaces.gateway.gateway.close();
    const text = await response.text();
    await closing;
    expect(text).toContain('shutting down');
    await surfaces.providers.openai.requests.at(-1)?.closed;
  });

  it('lets what is under way finish while the gateway stops, and takes nothing new', async () => {
    await start();
    const go = deferred<void>();
    const asked = deferred<void>();
    surfaces.providers.openai.answer(async (request, response) => {
      asked.resolve();
      await go.promise;
      answerAs('openai', 'text')(request, response);
    });
    const answer = post(path);
    await asked.promise;
    const closing = surfaces.gateway.gateway.close();
    go.resolve();
    const response = await answer;
    expect(response.status).toBe(200);
    expect(JSON.stringify(await response.json())).toContain('wörld');
    await closing;
  });
});
