import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deferred } from '../utils/deferred.ts';
import { type ProviderHandler, type ReceivedRequest, sendJson } from '../utils/provider-server.ts';
import { PROVIDER_KEY, type Surfaces, startSurfaces } from '../utils/surfaces.ts';

let surfaces: Surfaces;
beforeAll(async () => {
  surfaces = await startSurfaces();
});
afterAll(() => surfaces.close());

const question = (model: string) => ({ model, messages: [{ role: 'user' as const, content: 'x'.repeat(400) }] });
const count = (model = 'anthropic', options: Anthropic.RequestOptions = {}) =>
  surfaces.anthropic.messages.countTokens(question(model), options).withResponse();
const answer = (handler: ProviderHandler) => surfaces.providers.anthropic.answer(handler);

it('tokens of a question to a model of Anthropic are counted by its provider, in the client’s own words', async () => {
  const asked: ReceivedRequest[] = [];
  answer((request, response) => {
    asked.push(request);
    sendJson(response, { input_tokens: 137 });
  });
  const { data, response } = await count('anthropic', { headers: { 'anthropic-beta': 'some-beta' } });
  expect(data).toEqual({ input_tokens: 137 });
  expect(response.headers.get('x-skein-model')).toBe('anthropic');
  expect(response.headers.get('x-skein-estimated')).toBeNull();
  expect(asked).toMatchObject([
    {
      path: '/v1/messages/count_tokens',
      body: { ...question('anthropic'), model: 'upstream-model' },
      headers: { 'x-api-key': PROVIDER_KEY, 'anthropic-version': expect.any(String), 'anthropic-beta': 'some-beta' },
    },
  ]);
  // Nothing was used.
  expect(surfaces.records).toEqual([]);
});

it.each([404, 405])('they are estimated where the provider has no way to tell: %i', async (status) => {
  answer((_, response) => sendJson(response, { type: 'error', error: { type: 'not_found_error' } }, status));
  const { data, response } = await count();
  expect(data).toEqual({ input_tokens: 100 });
  expect(response.headers.get('x-skein-estimated')).toBe('true');
});

it.each(['openai', 'gemini', 'openai-responses', 'ai-sdk', 'mixed'])(
  'they are estimated for %s, whose format has no way to ask',
  async (model) => {
    const { data, response } = await count(model);
    expect(data).toEqual({ input_tokens: 100 });
    expect(response.headers.get('x-skein-estimated')).toBe('true');
  },
);

it.each([
  [
    'a limit',
    { type: 'error', error: { type: 'rate_limit_error', message: `slow down ${PROVIDER_KEY}` } },
    429,
    Anthropic.RateLimitError,
  ],
  ['a wrong question', { type: 'error', error: { type: 'invalid_request_error' } }, 400, Anthropic.BadRequestError],
  ['no count', { tokens: 'many' }, 200, Anthropic.InternalServerError],
])('a provider that answers with %s is a typed error', async (_, body, status, type) => {
  answer((_, response) => sendJson(response, body, status, { 'retry-after': '7' }));
  const error: unknown = await count().catch((error) => error);
  expect(error).toBeInstanceOf(type);
  expect(JSON.stringify(error)).not.toContain(PROVIDER_KEY);
  if (status === 429) expect((error as InstanceType<typeof Anthropic.APIError>).headers?.get('retry-after')).toBe('7');
});

it('a client that goes away closes the provider’s socket', async () => {
  const arrived = deferred<ReceivedRequest>();
  answer((request) => arrived.resolve(request));
  const abort = new AbortController();
  const counting = count('anthropic', { signal: abort.signal }).catch((error) => error);
  const request = await arrived.promise;
  abort.abort();
  await request.closed;
  expect(await counting).toBeInstanceOf(Anthropic.APIUserAbortError);
});

it('a model that nobody knows is told as such, and nobody is asked', async () => {
  const before = surfaces.providers.anthropic.requests.length;
  await expect(count('nobody')).rejects.toBeInstanceOf(Anthropic.NotFoundError);
  expect(surfaces.providers.anthropic.requests.length).toBe(before);
});
