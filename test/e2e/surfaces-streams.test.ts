import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROVIDER_DIALECTS, type ProviderDialect } from '../../sources/ai/dialects/index.ts';
import { deferred } from '../utils/deferred.ts';
import { CLIENTS, type ClientName, MATRIX } from '../utils/surface-clients.ts';
import { eventsOf, type Scenario } from '../utils/surface-providers.ts';
import { type Surfaces, startSurfaces } from '../utils/surfaces.ts';
import { TEST_KEY } from '../utils/test-gateway.ts';
import { expectNoUnhandledRejection } from '../utils/unhandled.ts';

let surfaces: Surfaces;
expectNoUnhandledRejection();
beforeAll(async () => {
  surfaces = await startSurfaces();
});
afterAll(() => surfaces.close());

const PATHS: Record<ClientName, string> = {
  openai: '/v1/chat/completions',
  'openai-responses': '/v1/responses',
  anthropic: '/v1/messages',
};
const QUESTIONS: Record<ClientName, object> = {
  openai: { messages: [{ role: 'user', content: 'Hi' }], stream_options: { include_usage: true } },
  'openai-responses': { input: 'Hi' },
  anthropic: { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 100 },
};

function open(client: ClientName, model: string, more: object = {}, signal?: AbortSignal): Promise<Response> {
  return fetch(surfaces.origin + PATHS[client], {
    method: 'POST',
    headers: { authorization: `Bearer ${TEST_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, stream: true, ...QUESTIONS[client], ...more }),
    ...(signal && { signal }),
  });
}

/** Answers with all that a stream of the dialect has, in the pieces that it is cut into. */
function serve(
  dialect: ProviderDialect,
  scenario: Scenario,
  cut: (text: string) => readonly (string | Buffer)[],
): void {
  surfaces.providers[dialect].answer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const piece of cut(eventsOf(dialect, scenario, request).join(''))) response.write(piece);
    response.end();
  });
}

const CUTS: Readonly<Record<string, (text: string) => readonly (string | Buffer)[]>> = {
  'in one piece': (text) => [text],
  'byte by byte': (text) => [...Buffer.from(text)].map((byte) => Buffer.from([byte])),
  'with CRLF': (text) => [text.replaceAll('\n', '\r\n')],
  'with CRLF, byte by byte': (text) =>
    [...Buffer.from(text.replaceAll('\n', '\r\n'))].map((byte) => Buffer.from([byte])),
  'with CR alone': (text) => [text.replaceAll('\n', '\r')],
  'with comments': (text) => [`: hello\n\n${text.replaceAll('\n\n', '\n\n:\n\n')}`],
};

describe.each(CLIENTS)('a stream in the format of %s from a provider of the same', (client) => {
  it.each(Object.entries(CUTS))('is the bytes that the provider sends %s', async (_name, cut) => {
    for (const scenario of ['text', 'tools', 'reasoning'] as const) {
      const events = deferred<string>();
      serve(client, scenario, (text) => {
        const pieces = cut(text);
        events.resolve(Buffer.concat(pieces.map((piece) => Buffer.from(piece))).toString());
        return pieces;
      });
      const response = await open(client, client);
      expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
      const got = await response.text();
      const sent = await events.promise;
      // Nothing is of interest behind the end.
      expect(sent.startsWith(got)).toBe(true);
      expect(sent.slice(got.length)).toMatch(/^(:?[\r\n]*)*$/);
      const { usage, outcome, isEstimated, door } = surfaces.records.at(-1) ?? {};
      expect(door).toBe(client === 'anthropic' ? 'anthropic' : 'openai');
      expect(usage).toMatchObject({ inputTokens: 10, outputTokens: 5, cachedInputTokens: 4 });
      expect([outcome, isEstimated]).toEqual(['ok', false]);
    }
  });

  it('has a token of a megabyte in it', async () => {
    const huge = 'x'.repeat(1_000_000);
    serve(client, 'text', (text) => [text.replace('Hel', huge)]);
    const got = await (await open(client, client)).text();
    expect(got).toContain(huge);
    expect(got).toContain('lo, ');
  });

  it('keeps what a text has of the words that are looked for', async () => {
    const words = JSON.stringify(
      '"error" "usage": {} [DONE] message_stop "finish_reason": "x" response.completed',
    ).slice(1, -1);
    serve(client, 'text', (text) => [text.replace('Hel', words)]);
    const got = await (await open(client, client)).text();
    expect(got).toContain(words);
    expect(surfaces.records.at(-1)).toMatchObject({ outcome: 'ok', usage: { outputTokens: 5 } });
  });

  it('sends what the client says, with fields that nobody here knows', async () => {
    serve(client, 'text', (text) => [text]);
    await (await open(client, client, { future_field: { a: [1] } })).text();
    const { body } = surfaces.providers[client].requests.at(-1) ?? {};
    expect(body).toEqual({
      ...QUESTIONS[client],
      ...(client === 'openai' && { stream_options: { include_usage: true } }),
      model: 'upstream-model',
      stream: true,
      future_field: { a: [1] },
    });
  });

  it('has its bytes also where it is no stream', async () => {
    const text = `{ "id":"x", "choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],
      "output":[], "content":[], "large": 12345678901234567890, "usage": {} }`;
    surfaces.providers[client].answer((_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(text);
    });
    const response = await open(client, client, { stream: false, stream_options: undefined });
    expect([response.headers.get('content-type'), await response.text()]).toEqual(['application/json', text]);
  });
});

describe('the usage of a stream of OpenAI', () => {
  it('is asked for and kept from a client that has not asked, who gets all else', async () => {
    for (const cut of Object.values(CUTS)) {
      serve('openai', 'text', cut);
      const got = await (await open('openai', 'openai', { stream_options: undefined })).text();
      expect(surfaces.providers.openai.requests.at(-1)?.body.stream_options).toEqual({ include_usage: true });
      expect(got).not.toContain('prompt_tokens');
      expect(got).toContain('unknown_field');
      expect(got).toContain('[DONE]');
      expect(surfaces.records.at(-1)).toMatchObject({ outcome: 'ok', usage: { inputTokens: 10, outputTokens: 5 } });
    }
  });

  it('comes where it is asked for, of a provider of any dialect', async () => {
    for (const dialect of PROVIDER_DIALECTS) {
      serve(dialect, 'text', (text) => [text]);
      const asked = await (await open('openai', dialect)).text();
      const unasked = await (await open('openai', dialect, { stream_options: undefined })).text();
      expect([asked.includes('"prompt_tokens":10'), unasked.includes('prompt_tokens')]).toEqual([true, false]);
    }
  });
});

describe.each(MATRIX)('a client of %s at a provider of %s that goes away', (client, dialect) => {
  it('before the first token closes the socket of the provider', async () => {
    const asked = deferred<void>();
    surfaces.providers[dialect].answer(() => asked.resolve());
    const controller = new AbortController();
    const answer = open(client, dialect, {}, controller.signal);
    await asked.promise;
    const request = surfaces.providers[dialect].requests.at(-1);
    const before = surfaces.records.length;
    controller.abort();
    await expect(answer).rejects.toThrow();
    await request?.closed;
    await expect.poll(() => surfaces.records.length).toBe(before + 1);
    expect(surfaces.records.at(-1)).toMatchObject({ outcome: 'aborted', errorCode: 'CLIENT_CLOSED_REQUEST' });
  });

  it('after the first token closes the socket of the provider, and what came is counted', async () => {
    surfaces.providers[dialect].answer((request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const events = eventsOf(dialect, 'text', request);
      for (const event of events.slice(0, events.findIndex((one) => one.includes('Hel')) + 1)) response.write(event);
    });
    const controller = new AbortController();
    const response = await open(client, dialect, {}, controller.signal);
    const reader = response.body?.getReader();
    let got = '';
    while (!got.includes('Hel')) got += Buffer.from((await reader?.read())?.value ?? []).toString();
    const before = surfaces.records.length;
    controller.abort();
    await surfaces.providers[dialect].requests.at(-1)?.closed;
    await expect.poll(() => surfaces.records.length).toBe(before + 1);
    expect(surfaces.records.at(-1)).toMatchObject({ outcome: 'aborted', isEstimated: true });
    expect(surfaces.records.at(-1)?.usage?.outputTokens).toBeGreaterThan(0);
  });
});

describe('a client that does not read', () => {
  it.each(['openai', 'anthropic'] as const)(
    'holds a provider of %s back',
    async (dialect) => {
      const total = 60_000_000;
      const piece = 'y'.repeat(30_000);
      let written = 0;
      surfaces.providers[dialect].answer((request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        const events = eventsOf(dialect, 'text', request);
        const at = events.findIndex((event) => event.includes('Hel'));
        const big = (events[at] ?? '').replace('Hel', piece);
        response.write(events.slice(0, at).join(''));
        const pump = () => {
          while (written < total) {
            written += big.length;
            if (!response.write(big)) return;
          }
          response.off('drain', pump);
          response.end(events.slice(at).join(''));
        };
        response.on('drain', pump);
        pump();
      });
      const response = await open('openai', dialect);
      let seen = -1;
      // It has come to a halt when nothing more is written for a while.
      await expect
        .poll(
          () => {
            const isStill = seen === written;
            seen = written;
            return isStill;
          },
          { interval: 150, timeout: 10_000 },
        )
        .toBe(true);
      expect(written).toBeLessThan(total / 2);
      const text = await response.text();
      expect(text.length).toBeGreaterThan(total * 0.9);
      expect(text).toContain('[DONE]');
    },
    30_000,
  );
});

it('the name of the model and the hints that meant nothing to it are told in headers', async () => {
  for (const dialect of PROVIDER_DIALECTS) serve(dialect, 'text', (text) => [text]);
  const headersOf = async (dialect: ProviderDialect, more: object) => {
    const response = await open('openai', dialect, more);
    await response.text();
    return [response.headers.get('x-skein-model'), response.headers.get('x-skein-ignored')];
  };
  const hints = { user: 'ada', prompt_cache_key: 'k' };
  expect(await headersOf('openai', hints)).toEqual(['openai', null]);
  expect(await headersOf('openai-responses', hints)).toEqual(['openai-responses', null]);
  expect(await headersOf('anthropic', hints)).toEqual(['anthropic', 'prompt_cache_key']);
  expect(await headersOf('gemini', hints)).toEqual(['gemini', 'user, prompt_cache_key']);
  expect(surfaces.providers.anthropic.requests.at(-1)?.body.metadata).toEqual({ user_id: 'ada' });
});

it('headers of the format go to a provider of the same alone', async () => {
  const ask = (model: ProviderDialect) => {
    serve(model, 'text', (text) => [text]);
    const options = { headers: { 'anthropic-beta': 'new-thing-1' } };
    const messages = [{ role: 'user' as const, content: 'Hi' }];
    return surfaces.anthropic.messages.create({ model, max_tokens: 9, messages, stream: true }, options).withResponse();
  };
  const [own, other] = [await ask('anthropic'), await ask('openai')];
  for (const { data } of [own, other]) for await (const _ of data);
  expect(surfaces.providers.anthropic.requests.at(-1)?.headers['anthropic-beta']).toBe('new-thing-1');
  expect(surfaces.providers.openai.requests.at(-1)?.headers['anthropic-beta']).toBeUndefined();
  expect([own, other].map(({ response }) => response.headers.get('x-skein-ignored'))).toEqual([null, 'anthropic-beta']);
});

it('a route goes on to a provider of another dialect, which gets the question in its own', async () => {
  surfaces.providers.openai.answer((_request, response) => response.writeHead(500).end());
  serve('anthropic', 'text', (text) => [text]);
  const response = await open('openai', 'mixed');
  const text = await response.text();
  expect(response.headers.get('x-skein-model')).toBe('anthropic');
  expect(text).toContain('"content":"Hel"');
});
