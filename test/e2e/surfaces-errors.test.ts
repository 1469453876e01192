import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROVIDER_DIALECTS, type ProviderDialect } from '../../sources/ai/dialects/index.ts';
import { createMemoryLog } from '../utils/call-context.ts';
import type { ProviderHandler, ReceivedRequest } from '../utils/provider-server.ts';
import { CLIENT, type ClientName, MATRIX } from '../utils/surface-clients.ts';
import { answerAs, eventsOf, isStreamed } from '../utils/surface-providers.ts';
import { PROVIDER_KEY, type Surfaces, startSurfaces } from '../utils/surfaces.ts';
import { TEST_KEY } from '../utils/test-gateway.ts';
import { expectNoUnhandledRejection } from '../utils/unhandled.ts';

const log = createMemoryLog();
let surfaces: Surfaces;
expectNoUnhandledRejection();
beforeAll(async () => {
  surfaces = await startSurfaces({ log, limits: { modelBodyBytes: 100_000 } });
});
afterAll(() => surfaces.close());

const SECRET = `${PROVIDER_KEY} http://internal.example`;
const ERROR = { type: 'error', error: { type: 'some_error', code: SECRET, message: SECRET } };
const answer =
  (status: number, body: string, headers: Record<string, string> = {}): ProviderHandler =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(body);
  };

type Failure = readonly [
  handler: ProviderHandler,
  status: number,
  error: 'RateLimitError' | 'InternalServerError' | 'BadRequestError' | 'NotFoundError' | 'UnprocessableEntityError',
];
const FAILURES: Readonly<Record<string, Failure>> = {
  'answers 401': [answer(401, JSON.stringify(ERROR)), 502, 'InternalServerError'],
  'answers 403': [answer(403, JSON.stringify(ERROR)), 502, 'InternalServerError'],
  'answers 400': [answer(400, JSON.stringify(ERROR)), 400, 'BadRequestError'],
  'answers 404': [answer(404, JSON.stringify(ERROR)), 404, 'NotFoundError'],
  'answers 422': [answer(422, JSON.stringify(ERROR)), 422, 'UnprocessableEntityError'],
  'answers 429': [answer(429, JSON.stringify(ERROR), { 'retry-after': '7' }), 429, 'RateLimitError'],
  'answers 500': [answer(500, JSON.stringify(ERROR)), 502, 'InternalServerError'],
  'answers 529': [answer(529, JSON.stringify(ERROR)), 503, 'InternalServerError'],
  'answers HTML': [answer(200, `<html>${SECRET}</html>`, { 'content-type': 'text/html' }), 502, 'InternalServerError'],
  'answers HTML with 503': [
    answer(503, `<html>${SECRET}</html>`, { 'content-type': 'text/html' }),
    503,
    'InternalServerError',
  ],
  'answers half a JSON': [answer(200, `{"id": "${SECRET}`), 502, 'InternalServerError'],
  'answers an error with 200': [answer(200, JSON.stringify(ERROR)), 502, 'InternalServerError'],
  'closes the socket': [(_request, response) => response.destroy(), 502, 'InternalServerError'],
};

type ApiError = InstanceType<typeof OpenAI.APIError> | InstanceType<typeof Anthropic.APIError>;

async function failureOf(run: () => Promise<unknown>): Promise<ApiError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof OpenAI.APIError || error instanceof Anthropic.APIError) return error;
    throw error;
  }
  throw new Error('It did not fail.');
}

function classOf(client: ClientName, name: Failure[2]) {
  return client === 'anthropic' ? Anthropic[name] : OpenAI[name];
}

/** A stream up to its first text. */
function begun(dialect: ProviderDialect, request: ReceivedRequest): string {
  const events = eventsOf(dialect, 'text', request);
  return events.slice(0, events.findIndex((event) => event.includes('Hel')) + 1).join('');
}

function expectClean(error: ApiError): void {
  const shown = JSON.stringify([error.message, error.error, Object.fromEntries(error.headers ?? [])]);
  expect(shown).not.toContain(PROVIDER_KEY);
  expect(shown).not.toContain('internal.example');
  expect(shown).not.toContain(new URL(surfaces.providers.openai.endpoint).host);
}

describe.each(MATRIX)('the client of %s at a provider of %s', (client, dialect) => {
  describe.each(['ask', 'stream'] as const)('that is used to %s', (way) => {
    it.each(Object.entries(FAILURES))('throws its own error when it %s', async (_name, [handler, status, name]) => {
      surfaces.providers[dialect].answer(handler);
      const error = await failureOf(() => CLIENT[client][way](surfaces, dialect, {}));
      expect(error.status).toBe(status);
      expect(error).toBeInstanceOf(classOf(client, name));
      expect(error.requestID).toMatch(/^[\w-]{36}$/);
      expectClean(error);
      if (status !== 429) return;
      expect(error.headers?.get('retry-after')).toBe('7');
    });
  });

  it('throws when a stream ends before its end, after all that came', async () => {
    surfaces.providers[dialect].answer((request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(begun(dialect, request));
    });
    const error = await failureOf(() => CLIENT[client].stream(surfaces, dialect, {}));
    expect(error.status).toBeUndefined();
    expect(error.message).toContain('The model stream ended before it was finished.');
  });

  it('throws when a provider tells of an error in the stream, which it does not see', async () => {
    surfaces.providers[dialect].answer((request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(`${begun(dialect, request)}event: error\ndata: ${JSON.stringify(ERROR)}\n\n`);
    });
    const error = await failureOf(() => CLIENT[client].stream(surfaces, dialect, {}));
    expect(error.status).toBeUndefined();
    expect(error.message).toContain('The source failed.');
    expectClean(error);
  });

  it('throws when the socket breaks in the middle of a stream', async () => {
    surfaces.providers[dialect].answer((request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(begun(dialect, request), () => response.destroy());
    });
    const error = await failureOf(() => CLIENT[client].stream(surfaces, dialect, {}));
    expect(error.message).toContain('The model stream ended before it was finished.');
  });

  it('is told that its question is too long in the words it looks for', async () => {
    const overflow = { error: { code: 'context_length_exceeded', message: 'prompt is too long: 9 > 8' } };
    surfaces.providers[dialect].answer(answer(400, JSON.stringify(overflow)));
    const error = await failureOf(() => CLIENT[client].ask(surfaces, dialect, {}));
    expect(error).toBeInstanceOf(classOf(client, 'BadRequestError'));
    if (client === 'anthropic') expect(error.message).toContain('prompt is too long');
    else expect((error as InstanceType<typeof OpenAI.APIError>).code).toBe('context_length_exceeded');
  });
});

describe('what is wrong with a request', () => {
  it.each(['openai', 'openai-responses', 'anthropic'] as const)(
    'is a typed error of %s for a wrong key',
    async (client) => {
      const wrong = {
        ...surfaces,
        openai: new OpenAI({ apiKey: 'wrong', baseURL: `${surfaces.origin}/v1`, maxRetries: 0 }),
        anthropic: new Anthropic({ apiKey: 'wrong', baseURL: surfaces.origin, maxRetries: 0 }),
      };
      const error = await failureOf(() => CLIENT[client].ask(wrong, 'openai', {}));
      const { AuthenticationError } = client === 'anthropic' ? Anthropic : OpenAI;
      expect(error).toBeInstanceOf(AuthenticationError);
      expect(error.message).toContain('The API key is not valid.');
    },
  );

  it.each(['openai', 'openai-responses', 'anthropic'] as const)(
    'is a typed error of %s for a model there is not',
    async (client) => {
      const error = await failureOf(() => CLIENT[client].stream(surfaces, 'opennai' as 'openai', {}));
      expect(error).toBeInstanceOf(classOf(client, 'NotFoundError'));
      expect(error.message).toContain(
        'There is no model or route \\"opennai\\". Did you mean'.replaceAll('\\', client === 'anthropic' ? '\\' : ''),
      );
    },
  );

  it('names the parameter, in the words of OpenAI', async () => {
    const messages = [{ role: 'user' as const, content: 'Hi' }];
    const ask = (more: object) =>
      failureOf(() => surfaces.openai.chat.completions.create({ model: 'anthropic', messages, ...more }));
    const of = async (more: object) => {
      const { param, code, type, status } = (await ask(more)) as InstanceType<typeof OpenAI.APIError>;
      return { param, code, type, status };
    };
    const invalid = { type: 'invalid_request_error', status: 400, code: 'bad_user_input' };
    expect(await of({ seed: 1 })).toEqual({ ...invalid, param: 'seed' });
    expect(await of({ n: 2 })).toEqual({ ...invalid, param: 'n' });
    expect(await of({ logit_bias: { 1: 1 } })).toEqual({ ...invalid, param: 'logit_bias' });
    expect(await of({ temperature: 1.5 })).toEqual({ ...invalid, param: 'temperature' });
    expect(await of({ temperature: 'warm' })).toEqual({ ...invalid, param: 'temperature' });
    expect(await of({ something: 1 })).toEqual({ ...invalid, param: 'something' });
    expect(await of({ messages: [{ role: 'user', content: [{ type: 'text', text: 'x', odd: 1 }] }] })).toEqual({
      ...invalid,
      param: 'messages[0].content[0].odd',
    });
    expect(await of({ messages: [] })).toEqual({ ...invalid, param: 'messages' });
  });

  it('names the parameter, in the words of Anthropic', async () => {
    const question = { model: 'openai', max_tokens: 10, messages: [{ role: 'user' as const, content: 'Hi' }] };
    const of = async (more: object) =>
      (await failureOf(() => surfaces.anthropic.messages.create({ ...question, ...more }))).message;
    expect(await of({ top_k: 3 })).toContain('top_k');
    expect(await of({ thinking: { type: 'enabled', budget_tokens: 2_000 } })).toContain('thinking.budget_tokens');
    expect(await of({ max_tokens: undefined })).toContain('max_tokens');
    expect(await of({ mcp_servers: [{ type: 'url', url: 'https://x.example', name: 'x' }] })).toContain('mcp_servers');
    expect(await of({ model: 'gemini', tool_choice: { type: 'auto', disable_parallel_tool_use: true } })).toContain(
      'tool_choice.disable_parallel_tool_use',
    );
  });

  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    fetch(`${surfaces.origin}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TEST_KEY}`, 'content-type': 'application/json', ...headers },
      body,
    });

  it.each([
    ['no JSON', '{"model":', 400, {}],
    ['a list', '[]', 400, {}],
    ['a text', '"x"', 400, {}],
    ['nothing', '', 400, {}],
    [
      'something nested deeply',
      `{"model":"openai","messages":[{"role":"user","content":"x"}],"x":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
      400,
      {},
    ],
    ['too much', 'x'.repeat(100_001), 413, {}],
    ['a form', '{}', 415, { 'content-type': 'application/x-www-form-urlencoded' }],
    ['something packed', '{}', 415, { 'content-encoding': 'gzip' }],
  ])('is told when the body is %s', async (_name, body, status, headers) => {
    surfaces.providers.openai.answer(answerAs('openai', 'text'));
    const [openai, anthropic] = await Promise.all([
      post('/v1/chat/completions', body, headers),
      post('/v1/messages', body, headers),
    ]);
    expect([openai.status, anthropic.status]).toEqual([status, status]);
    expect(await openai.json()).toMatchObject({ error: { message: expect.any(String), param: null } });
    const requestId = anthropic.headers.get('request-id');
    expect(await anthropic.json()).toMatchObject({
      type: 'error',
      error: { message: expect.any(String) },
      request_id: requestId,
    });
  });

  it('is told at addresses and with methods that there are not', async () => {
    const nowhere = await post('/v1/nothing', '{}');
    const wrongMethod = await fetch(`${surfaces.origin}/v1/messages`, { headers: { 'x-api-key': TEST_KEY } });
    expect([nowhere.status, wrongMethod.status, wrongMethod.headers.get('allow')]).toEqual([404, 405, 'POST']);
    expect(await wrongMethod.json()).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } });
  });

  it.each([
    '/v1/chat/completions',
    '/v1/responses',
    '/v1/embeddings',
    '/v1/messages',
    '/v1/messages/count_tokens',
    '/v1/models',
    '/v1/models/x',
    '/v1/nothing',
  ])('is told of nothing but the key at %s without one', async (path) => {
    for (const method of ['GET', 'POST', 'DELETE', 'PUT']) {
      const response = await fetch(`${surfaces.origin}${path}`, { method });
      expect([method, response.status]).toEqual([method, 401]);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
    }
  });
});

it('a call of a tool that is no JSON is a typed error, streamed or not, where it is translated', async () => {
  surfaces.providers.openai.answer((request, response) => {
    const call = { index: 0, id: 'c', type: 'function', function: { name: 'weather', arguments: '{"city":' } };
    const choice = { index: 0, finish_reason: 'tool_calls' };
    if (!isStreamed(request)) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ choices: [{ ...choice, message: { role: 'assistant', tool_calls: [call] } }] }));
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(
      `data: ${JSON.stringify({ choices: [{ ...choice, delta: { tool_calls: [call] } }] })}\n\ndata: [DONE]\n\n`,
    );
  });
  for (const way of ['ask', 'stream'] as const) {
    const error = await failureOf(() => CLIENT.anthropic[way](surfaces, 'openai', { tools: true }));
    expect(error.message).toContain('has arguments that are not JSON');
  }
});

it('clients do not try again what would not help, and do after what may', async () => {
  let sent = 0;
  const counting: typeof fetch = (url, init) => {
    sent += 1;
    return fetch(url, init);
  };
  const options = { apiKey: TEST_KEY, baseURL: `${surfaces.origin}/v1`, maxRetries: 1, fetch: counting };
  const patient = new OpenAI(options);
  const asked = async (handler: ProviderHandler) => {
    surfaces.providers.openai.answer(handler);
    sent = 0;
    const question = { model: 'openai', messages: [{ role: 'user' as const, content: 'Hi' }] };
    await expect(patient.chat.completions.create(question)).rejects.toThrow();
    return sent;
  };
  expect(await asked(answer(401, '{}'))).toBe(1);
  expect(await asked(answer(429, '{}', { 'retry-after-ms': '1' }))).toBe(2);
});

it('every dialect has been asked', () => {
  for (const dialect of PROVIDER_DIALECTS) expect(surfaces.providers[dialect].requests.length).toBeGreaterThan(0);
});
