import { describe, expect, onTestFinished, test } from 'vitest';
import { createCallContext } from '../../../test/utils/call-context.ts';
import { deferred } from '../../../test/utils/deferred.ts';
import { createProviderServer, type ProviderHandler, sendJson } from '../../../test/utils/provider-server.ts';
import { bedrock, cohere, mistral, SDK_WIRES, type SdkWire, sendStream } from '../../../test/utils/sdk-wires.ts';
import type { ModelMessage, ModelPart, ModelRequest } from '../model.ts';
import { providerOptions } from '../options.ts';
import { createProvider } from '../provider.ts';

const KEY = 'key-of-the-provider';
const TARGET = { name: 'mine', provider: 'at-hand', modelId: 'anthropic.claude-haiku-4-5-v1:0', maxTokens: 100 };
const CALL: ModelRequest = { messages: [{ role: 'user', content: 'Hi' }] };

async function setUp(wire: SdkWire, handler: ProviderHandler, options: object = {}) {
  const server = await createProviderServer(handler);
  const parsed = providerOptions.parse({
    ...{ dialect: 'ai-sdk', package: wire.package, endpoint: server.endpoint, apiKey: KEY, timeoutMs: 5_000 },
    ...options,
  });
  const { context, log, abort } = createCallContext();
  const provider = createProvider('at-hand', parsed, log);
  onTestFinished(async () => {
    await provider.dispose();
    await server.close();
  });
  const stream = (call: Partial<ModelRequest> = {}) => provider.stream(TARGET, { ...CALL, ...call }, context);
  const collect = async (call: Partial<ModelRequest> = {}) => {
    const parts: ModelPart[] = [];
    try {
      for await (const part of stream(call)) parts.push(part);
    } catch (error) {
      return { parts, error };
    }
    return { parts, error: undefined };
  };
  const generate = (call: Partial<ModelRequest> = {}) => provider.generate(TARGET, { ...CALL, ...call }, context);
  return { server, provider, log, abort, stream, collect, generate };
}

const textOf = (parts: readonly ModelPart[]) => parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
const asked = {
  role: 'assistant',
  content: [{ type: 'tool-call', id: 'call_12345', name: 'weather', arguments: '{"city":"Oslo"}' }],
} as const;
const CONVERSATION: readonly ModelMessage[] = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'How warm is it?' },
  asked,
  { role: 'tool', content: [{ type: 'tool-result', id: 'call_12345', content: '-9 °C' }] },
];
const TOOL = { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } };

describe.each(SDK_WIRES)('$package', (wire) => {
  test('streams an answer, wherever its bytes are cut', async () => {
    const bytes = Buffer.concat([...wire.texts('Grüße, ', '世界 ', '👋🏽'), ...wire.end()]);
    for (const size of [1, 7, bytes.length]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.subarray(at * size, (at + 1) * size),
      );
      const { collect } = await setUp(wire, (_, response) => sendStream(response, wire, ...pieces));
      const { parts, error } = await collect();
      expect(error).toBeUndefined();
      expect(textOf(parts)).toBe('Grüße, 世界 👋🏽');
      expect(parts.at(-1)).toMatchObject({ type: 'finish', reason: 'stop', usage: wire.usage });
    }
  });

  test('gives a whole answer, asked with the key on a connection that is kept', async () => {
    const { generate, server } = await setUp(wire, (_, response) => sendJson(response, wire.answer('Hello')));
    for (const _ of [1, 2]) {
      expect(await generate()).toMatchObject({ text: 'Hello', finishReason: 'stop', usage: wire.usage });
      // A connection is free again a moment after its answer has ended.
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(server.connections()).toBe(1);
    const [request] = server.requests;
    expect(request?.headers.authorization).toBe(`Bearer ${KEY}`);
    expect(wire.isStream(request?.path ?? '', request?.body ?? {})).toBe(false);
  });

  test('is told the conversation and the tools, and calls one', async () => {
    const { collect, server } = await setUp(wire, (_, response) =>
      sendStream(response, wire, ...wire.call('call_54321', 'weather', '{"city":', '"Bergen"}'), ...wire.end(true)),
    );
    const { parts, error } = await collect({
      messages: CONVERSATION,
      tools: [TOOL],
      toolChoice: 'auto',
      maxTokens: 50,
      temperature: 0.5,
    });
    expect(error).toBeUndefined();
    const calls = parts.filter((part) => part.type === 'tool-call');
    expect(calls[0]).toMatchObject({ index: 0, name: 'weather' });
    expect(JSON.parse(calls.map((call) => call.arguments).join(''))).toEqual({ city: 'Bergen' });
    expect(parts.at(-1)).toMatchObject({ type: 'finish', reason: 'tool-calls' });
    const sent = JSON.stringify(server.requests[0]?.body);
    for (const told of ['Be brief.', 'How warm is it?', 'Oslo', '-9 °C', '"weather"', '0.5', '50'])
      expect(sent).toContain(told);
  });

  test('has failed when a stream ends before its end, or breaks', async () => {
    const { collect, server } = await setUp(wire, (_, response) => sendStream(response, wire, ...wire.texts('Half')));
    const truncated = { code: 'MODEL_STREAM_TRUNCATED', extensions: { operation: 'mine' } };
    const cut = await collect();
    expect([textOf(cut.parts), cut.error]).toEqual(['Half', expect.objectContaining({ code: truncated.code })]);
    server.answer((_, response) => {
      response.writeHead(200, { 'content-type': wire.contentType });
      response.write(Buffer.concat([...wire.texts('Half')]).subarray(0, -3), () => response.destroy());
    });
    expect((await collect()).error).toMatchObject(truncated);
    server.answer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<html>');
    });
    expect((await collect()).error).toMatchObject({ code: 'UPSTREAM_BAD_RESPONSE' });
  });

  test('has failed when it tells an error after the first token', async () => {
    const { collect } = await setUp(wire, (_, response) =>
      sendStream(response, wire, ...wire.texts('Half'), wire.failure, ...wire.end()),
    );
    const { parts, error } = await collect();
    expect(textOf(parts)).toBe('Half');
    expect((error as { code: string }).code).toMatch(/^UPSTREAM_(FAILED|BAD_RESPONSE)$/);
  });

  test.each([
    [401, 'UPSTREAM_REJECTED'],
    [429, 'UPSTREAM_REJECTED'],
    [500, 'UPSTREAM_FAILED'],
    [529, 'UPSTREAM_FAILED'],
    [302, 'UPSTREAM_BAD_RESPONSE'],
  ])('answered with %i fails with %s, without words, keys or addresses', async (status, code) => {
    const { generate, collect, server } = await setUp(wire, (_, response) =>
      sendJson(response, { message: `no ${KEY}` }, status, { 'retry-after': '7', location: 'http://127.0.0.1:1/' }),
    );
    for (const error of [await generate().catch((caught: unknown) => caught), (await collect()).error]) {
      expect(error).toMatchObject({ code, extensions: { source: 'ai', operation: 'mine', upstreamStatus: status } });
      expect(error).toMatchObject({ extensions: { retryAfterMs: 7_000 } });
      expect(JSON.stringify(error) + String(error)).not.toMatch(/key-of|127\.0\.0\.1/);
    }
    // Whether to ask again is not the package's to decide.
    expect(server.requests.length).toBe(2);
  });

  test('answered with half a JSON, a page or nothing fails', async () => {
    for (const [body, contentType] of [
      ['{"messa', 'application/json'],
      ['<html>', 'text/html'],
      ['', 'text/plain'],
    ] as const) {
      const { generate } = await setUp(wire, (_, response) =>
        response.setHeader('content-type', contentType).end(body),
      );
      await expect(generate()).rejects.toMatchObject({ code: 'UPSTREAM_BAD_RESPONSE' });
    }
  });

  test('that cannot be reached, or is silent, fails as any upstream does', async () => {
    const { generate, collect, server } = await setUp(wire, () => {}, { timeoutMs: 50 });
    expect((await collect()).error).toMatchObject({ code: 'UPSTREAM_TIMEOUT' });
    await expect(generate()).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT' });
    const { endpoint } = server;
    const closed = await createProviderServer();
    await closed.close();
    const other = await setUp(wire, () => {}, { endpoint: closed.endpoint });
    expect((await other.collect()).error).toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
    await expect(other.generate()).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
    expect(endpoint).not.toBe(closed.endpoint);
  });

  test('is left by a client before the first token, and after it: the socket is closed', async () => {
    const arrived = deferred<void>();
    const { stream, server } = await setUp(wire, () => arrived.resolve());
    const before = stream();
    const next = before.next();
    await arrived.promise;
    await before.return();
    await server.requests[0]?.closed;
    expect(await next).toEqual({ done: true, value: undefined });
    server.answer((_, response) => {
      response.writeHead(200, { 'content-type': wire.contentType });
      for (const piece of wire.texts('Hi')) response.write(piece);
    });
    const after = stream();
    expect((await after.next()).value).toMatchObject({ type: 'text', text: 'Hi' });
    await after.return();
    await server.requests[1]?.closed;
  });

  test('ends with its request', async () => {
    const arrived = deferred<void>();
    const { generate, abort, server } = await setUp(wire, () => arrived.resolve());
    const answer = generate();
    await arrived.promise;
    abort();
    await expect(answer).rejects.toMatchObject({ code: 'CLIENT_CLOSED_REQUEST' });
    await server.requests[0]?.closed;
  });

  test('cannot call private addresses where the network is public', async () => {
    const options = { dialect: 'ai-sdk', package: wire.package, apiKey: KEY, upstream: { network: 'public' } };
    const at = (endpoint: string) => createProvider('at-hand', providerOptions.parse({ ...options, endpoint }));
    expect(() => at('http://127.0.0.1:9/v1')).toThrow('is private, and the source is public');
    const named = at('http://localhost:9/v1');
    onTestFinished(() => named.dispose());
    const { context } = createCallContext();
    await expect(named.generate(TARGET, CALL, context)).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
    await expect(named.stream(TARGET, CALL, context).next()).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
  });

  test('holds back a provider whom nobody reads', async () => {
    const total = 40_000_000;
    let written = 0;
    const { stream } = await setUp(wire, (_, response) => {
      response.writeHead(200, { 'content-type': wire.contentType });
      const big = Buffer.concat(wire.texts('y'.repeat(30_000)).slice(-1));
      response.write(Buffer.concat(wire.texts('a')));
      const pump = () => {
        while (written < total && !response.destroyed) {
          written += big.length;
          if (!response.write(big)) return;
        }
      };
      response.on('drain', pump);
      pump();
    });
    const parts = stream();
    await parts.next();
    let seen = -1;
    const isStill = () => {
      const still = seen === written;
      seen = written;
      return still;
    };
    await expect.poll(isStill, { interval: 150, timeout: 10_000 }).toBe(true);
    expect(written).toBeLessThan(total / 2);
    await parts.return();
  });
});

test('keys of a provider are used in turn: one that has reached its limits rests', async () => {
  const { generate, server } = await setUp(
    cohere,
    ({ headers }, response) =>
      headers.authorization === 'Bearer one'
        ? sendJson(response, { message: 'limit' }, 429)
        : sendJson(response, cohere.answer('Hello')),
    { apiKey: 'one', apiKeys: ['two'] },
  );
  for (const _ of [1, 2]) expect((await generate()).text).toBe('Hello');
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
    'Bearer one',
    'Bearer two',
    'Bearer two',
  ]);
});

test('Bedrock is asked with a signature where it has no key, for the model in its path', async () => {
  const { generate, server } = await setUp(bedrock, (_, response) => sendJson(response, bedrock.answer('Hello')), {
    apiKey: undefined,
    settings: { region: 'eu-central-1', accessKeyId: 'AKIA-OURS', secretAccessKey: 'very-secret' },
  });
  expect((await generate()).usage).toMatchObject({ cachedInputTokens: 4, cacheWriteTokens: 1 });
  const [request] = server.requests;
  expect(request?.path).toBe('/v1/model/anthropic.claude-haiku-4-5-v1%3A0/converse');
  expect(request?.headers.authorization).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIA-OURS\/\d+\/eu-central-1\/bedrock\//,
  );
});

test('Bedrock is asked for JSON by a schema, and for thoughts that go back with their signatures', async () => {
  const thought = { reasoningContent: { reasoningText: { text: 'Hm', signature: 'sealed' } } };
  const answer = bedrock.answer('{"a":1}') as { output: { message: { content: object[] } } };
  answer.output.message.content.unshift(thought);
  const { generate, server } = await setUp(bedrock, (_, response) => sendJson(response, answer));
  const { content = [], text } = await generate({ reasoning: { budgetTokens: 2_000 } });
  expect(text).toBe('{"a":1}');
  await generate({
    messages: [...CALL.messages, { role: 'assistant', content }, ...CALL.messages],
    parallelToolCalls: false,
    tools: [TOOL],
  });
  await generate({ output: { name: 'shape', schema: { type: 'object', properties: { a: { type: 'integer' } } } } });
  const [first, second, third] = server.requests.map(({ body }) => JSON.stringify(body));
  expect(first).toContain('"thinking":{"type":"enabled","budget_tokens":2000}');
  expect(second).toContain(JSON.stringify(thought));
  expect(second).toContain('"disable_parallel_tool_use":true');
  expect(third).toContain('"a":{"type":"integer"}');
});

test('what a package tells us that it has left out is refused beforehand from then on', async () => {
  const { collect, generate, server } = await setUp(mistral, (_, response) =>
    sendStream(response, mistral, ...mistral.texts('Hi'), ...mistral.end()),
  );
  const call = { extras: { 'ai-sdk': { topK: 3 } } };
  expect((await collect(call)).error).toMatchObject({ code: 'UPSTREAM_REJECTED' });
  await expect(generate(call)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  expect(server.requests.length).toBe(1);
});

test('Cohere is given images, texts of files and the budget of its thoughts', async () => {
  const { generate, server } = await setUp(cohere, (_, response) => sendJson(response, cohere.answer('Hello')));
  const content = [
    { type: 'image', source: { type: 'base64', mediaType: 'image/png', data: 'iVBORw0KGgo=' } },
    { type: 'image', source: { type: 'url', url: 'https://a.example/b.png' } },
    { type: 'file', name: 'a.txt', source: { type: 'base64', mediaType: 'text/plain', data: 'R3LDvMOfZQ==' } },
  ] as const;
  await generate({ messages: [{ role: 'user', content }], reasoning: { effort: 'low' }, seed: 7, stop: ['x'] });
  expect(server.requests[0]?.body).toMatchObject({
    messages: [
      {
        content: [
          { image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
          { image_url: { url: 'https://a.example/b.png' } },
        ],
      },
    ],
    documents: [{ data: { text: 'Grüße', title: 'a.txt' } }],
    ...{ thinking: { type: 'enabled', token_budget: 2_048 }, seed: 7, stop_sequences: ['x'] },
  });
});
