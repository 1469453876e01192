import { describe, expect, test } from 'vitest';
import { setUpModels } from '../../../test/utils/model-harness.ts';
import {
  openaiAnswer,
  openaiChunks,
  openaiEvents,
  type ProviderHandler,
  sendEvents,
  sendJson,
} from '../../../test/utils/provider-server.ts';
import type { Meter } from '../meter.ts';
import type { ModelRequest } from '../model.ts';

const request: ModelRequest = { messages: [{ role: 'user', content: 'x'.repeat(400) }] };
const price = { input: 1, output: 10 };

async function setUp(handler: ProviderHandler) {
  const all = await setUpModels({ answers: { a: handler }, models: { a: { price } } });
  const { client, context } = all;
  return {
    ...all,
    generate: () => client.generate(client.route(), request, context),
    stream: () => client.stream(client.route(), request, context),
  };
}
const begins: ProviderHandler = (_, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(`data: ${JSON.stringify(openaiChunks('twelve chars')[0])}\n\n`);
};

describe('every call leaves one record', () => {
  test('when it is answered', async () => {
    const { generate, records } = await setUp((_, response) => sendJson(response, openaiAnswer('Hello')));
    expect((await generate()).usage?.costUsd).toBe(0.000025);
    expect(records).toEqual([
      {
        kind: 'chat',
        asked: 'default',
        model: 'a',
        provider: 'at-a',
        modelId: 'a-upstream',
        usage: expect.objectContaining({ inputTokens: 5, outputTokens: 2 }),
        isEstimated: false,
        costNanoUsd: 25_000n,
        price: expect.objectContaining({ input: 1_000_000_000n, output: 10_000_000_000n }),
        latencyMs: 0,
        firstTokenMs: undefined,
        outcome: 'ok',
        errorCode: undefined,
        attempts: [{ model: 'a', provider: 'at-a', outcome: 'ok', latencyMs: 0 }],
      },
    ]);
  });

  test('when it is streamed to its end, with the time to the first token', async () => {
    const { stream, records, pass } = await setUp((_, response) => {
      pass(70);
      sendEvents(response, openaiEvents(...openaiChunks('Hel', 'lo')));
    });
    const parts = stream();
    for await (const part of parts) if (part.type === 'text') pass(10);
    await parts.return?.();
    expect(records).toMatchObject([{ outcome: 'ok', firstTokenMs: 70, latencyMs: 90, costNanoUsd: 25_000n }]);
  });

  test.each(['return', 'abort'] as const)('when its reader leaves by %s, reckoned by what came', async (way) => {
    const { stream, records, abort } = await setUp(begins);
    const parts = stream();
    await parts.next();
    if (way === 'abort') abort();
    else await parts.return?.();
    await parts.next().catch(() => {});
    await parts.return?.();
    const tokens = { inputTokens: 100, outputTokens: 3 };
    const attempts = [expect.objectContaining({ outcome: 'CLIENT_CLOSED_REQUEST' })];
    expect(records).toMatchObject([
      { outcome: 'aborted', isEstimated: true, usage: tokens, costNanoUsd: 130_000n, attempts },
    ]);
  });

  test.each(['return', 'abort'] as const)('when its reader leaves by %s before the first token', async (way) => {
    const { stream, records, abort, server } = await setUp(() => {});
    const parts = stream();
    const first = parts.next().catch(() => {});
    await server('a').nextRequest();
    if (way === 'abort') abort();
    else await parts.return?.();
    await first;
    expect(records).toMatchObject([
      { outcome: 'aborted', isEstimated: true, usage: { inputTokens: 100, outputTokens: 0 } },
    ]);
  });

  test('when it breaks in its middle', async () => {
    const { stream, records } = await setUp((received, response) => {
      begins(received, response);
      response.end();
    });
    const parts = stream();
    await parts.next();
    await expect(parts.next()).rejects.toMatchObject({ code: 'MODEL_STREAM_TRUNCATED' });
    expect(await parts.next()).toEqual({ done: true, value: undefined });
    expect(records).toMatchObject([
      { outcome: 'failed', errorCode: 'MODEL_STREAM_TRUNCATED', isEstimated: true, usage: { outputTokens: 3 } },
    ]);
  });

  test('when it fails and brings nothing, without tokens or cost', async () => {
    const { generate, records } = await setUp((_, response) => sendJson(response, { error: {} }, 500));
    await expect(generate()).rejects.toThrow();
    expect(records).toMatchObject([
      { outcome: 'failed', usage: undefined, costNanoUsd: undefined, isEstimated: false },
    ]);
  });

  test('when the provider tells no tokens', async () => {
    const { generate, records } = await setUp((_, response) =>
      sendJson(response, { choices: [{ message: { content: 'four' }, finish_reason: 'stop' }] }),
    );
    expect((await generate()).usage).toBeUndefined();
    expect(records).toMatchObject([{ outcome: 'ok', isEstimated: true, usage: { inputTokens: 100, outputTokens: 1 } }]);
  });
});

test('an answer that does not fit what its prompt asks for is one of its own kind, with all that it cost', async () => {
  const { client, context, records } = await setUpModels({
    answers: { a: (_, response) => sendJson(response, openaiAnswer('{}')) },
    models: { a: { price } },
  });
  const prompt = { name: 'p', version: 'one', hash: 'h', accepts: ({ text }: { text: string }) => text === '[]' };
  const request: ModelRequest = { messages: [{ role: 'user', content: 'x' }] };
  await client.generate(client.route(), request, { ...context, prompt });
  await client.generate(client.route(), request, context);
  const [unfit, fit] = records;
  const attempts = (outcome: string) => [expect.objectContaining({ model: 'a', outcome })];
  expect(unfit).toEqual({
    ...fit,
    ...{ outcome: 'schemaFailed', errorCode: 'MODEL_OUTPUT_INVALID', attempts: attempts('MODEL_OUTPUT_INVALID') },
  });
  expect(fit).toMatchObject({ outcome: 'ok', errorCode: undefined, attempts: attempts('ok'), isEstimated: false });
  expect(fit?.costNanoUsd).toBeGreaterThan(0n);
});

test('who refuses a question beforehand is not the one that failed', async () => {
  const { client, context, records, asked } = await setUpModels({
    answers: { a: (_, response) => sendJson(response, {}, 500), b: () => {} },
    models: { a: { price } },
    providers: { b: { dialect: 'anthropic' } },
  });
  // The format of b has no system messages alone; that of a has.
  const system: ModelRequest = { messages: [{ role: 'system', content: 'Be kind.' }] };
  await expect(client.generate(client.route(), system, context)).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' });
  expect(asked()).toEqual({ a: 1, b: 0 });
  expect(records).toMatchObject([
    { model: 'a', outcome: 'failed', errorCode: 'UPSTREAM_FAILED', attempts: [{ model: 'a' }] },
  ]);
});

test('what was never sent leaves none', async () => {
  const { client, context, stream, abort, records } = await setUp(() => {});
  await stream().return?.();
  await expect(client.generate(client.route(), { ...request, extras: { openai: { n: 2 } } }, context)).rejects.toThrow(
    expect.objectContaining({ code: 'BAD_USER_INPUT' }),
  );
  abort();
  await expect(stream().next()).rejects.toMatchObject({ code: 'CLIENT_CLOSED_REQUEST' });
  expect(records).toEqual([]);
});

test('a meter that fails takes no answer away', async () => {
  const { server, client, context, log, records } = await setUp((_, response) =>
    sendJson(response, openaiAnswer('Hello')),
  );
  const push: Meter['record'] = () => {
    throw new Error('disk full');
  };
  Object.assign(records, { push });
  expect((await client.generate(client.route(), request, context)).text).toBe('Hello');
  expect(log.lines).toContainEqual(expect.objectContaining({ level: 'error' }));
  expect(server('a').requests).toHaveLength(1);
});
