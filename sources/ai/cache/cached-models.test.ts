import { describe, expect, test } from 'vitest';
import { ASK, answerHello, as, partsOf, setUpCachedModels as setUp } from '../../../test/utils/cached-models.ts';
import {
  openaiAnswer,
  openaiChunks,
  openaiEvents,
  type ProviderHandler,
  sendEvents,
  sendJson,
} from '../../../test/utils/provider-server.ts';
import type { CallContext } from '../../source.ts';
import type { ModelRequest } from '../model.ts';

describe('an answer that is kept', () => {
  test('is given again to the same question, costs nothing, and is metered with what it saves', async () => {
    const { ask, asked, hits, clock } = await setUp();
    const first = await ask();
    expect(first).toMatchObject({ usage: { totalTokens: 7, costUsd: 0.009 }, made: { model: 'a' } });
    clock.time += 5_000;
    const again = await ask();
    expect(again).toMatchObject({ text: 'Hello', finishReason: 'stop', usage: { totalTokens: 0, costUsd: 0 } });
    expect(again.made).toEqual({
      model: 'a',
      provider: 'at-a',
      attempts: [],
      isCached: true,
      ageMs: 5_000,
      savedUsd: 0.009,
    });
    expect(first.made?.isCached).toBe(false);
    expect(again.usage?.savedUsd).toBe(0.009);
    expect(asked()).toEqual({ a: 1, b: 0 });
    expect(hits).toMatchObject([
      {
        outcome: 'cached',
        asked: 'default',
        modelId: 'a-upstream',
        costNanoUsd: 0n,
        savedNanoUsd: 9_000_000n,
        attempts: [],
      },
    ]);
    clock.time += 55_000;
    await ask();
    expect(asked()).toEqual({ a: 2, b: 0 });
  });

  test('of a stream is kept whole, and replayed as a stream and as an answer', async () => {
    const { client, ask, asked } = await setUp();
    const first = await partsOf(client);
    expect(first.map((part) => (part.type === 'text' ? part.text : part.type))).toEqual(['Hel', 'lo', 'finish']);
    const again = await partsOf(client);
    expect(again).toMatchObject([
      { type: 'text', text: 'Hello' },
      { type: 'finish', reason: 'stop', usage: { totalTokens: 0 }, made: { model: 'a', isCached: true } },
    ]);
    expect(await ask()).toMatchObject({ text: 'Hello', made: { isCached: true } });
    const stream = client.stream(client.route(), ASK, as('acme'));
    await stream.next();
    expect(stream.model).toMatchObject({ name: 'a', provider: 'at-a' });
    await stream.return?.();
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(asked()).toEqual({ a: 1, b: 0 });
  });

  test('is given to a stream, too', async () => {
    const { client, ask, asked } = await setUp();
    await ask();
    expect(await partsOf(client)).toMatchObject([{ text: 'Hello' }, { type: 'finish', made: { isCached: true } }]);
    expect(asked()).toEqual({ a: 1, b: 0 });
  });

  test.each<[string, ModelRequest, CallContext?]>([
    ['another tenant', ASK, as('other')],
    ['a caller with other grants', ASK, as('acme', { grants: { prd_1: 'grt_1' } })],
    ['another system text', { ...ASK, system: 'Be brief.' }],
    ['another parameter', { ...ASK, temperature: 0.5 }],
    ['other tools', { ...ASK, tools: [{ name: 'look', parameters: { type: 'object' } }] }],
    ['another output', { ...ASK, output: { name: 'x', schema: { type: 'object' } } }],
    ['other metadata', { ...ASK, metadata: { team: 'red' } }],
    ['another version of a prompt', ASK, as('acme', { prompt: { name: 'p', version: 'one', hash: 'h2' } })],
  ])('is nothing to %s', async (_what, request, context) => {
    const { ask, asked } = await setUp();
    await ask(ASK);
    await ask(request, context);
    expect(asked()).toEqual({ a: 2, b: 0 });
    await ask(request, context);
    expect(asked()).toEqual({ a: 2, b: 0 });
  });

  test('is for all callers of a tenant, or for the one, as the scope says', async () => {
    const shared = await setUp();
    await shared.ask(ASK, as('acme', { id: 'one' }));
    await shared.ask(ASK, as('acme', { id: 'two' }));
    expect(shared.asked()).toEqual({ a: 1, b: 0 });
    const own = await setUp(answerHello, { scope: 'caller' });
    await own.ask(ASK, as('acme', { id: 'one' }));
    await own.ask(ASK, as('acme', { id: 'two' }));
    expect(own.asked()).toEqual({ a: 2, b: 0 });
  });

  test('is kept by what its prompt says, before what its model says', async () => {
    const { ask, asked } = await setUp();
    const prompt = { name: 'p', version: 'one', hash: 'h', cache: { ttlSeconds: 60, scope: 'caller' as const } };
    await ask(ASK, as('acme', { prompt }), 'b');
    await ask(ASK, as('acme', { prompt }), 'b');
    await ask(ASK, as('acme', { id: 'two', prompt }), 'b');
    expect(asked()).toEqual({ a: 0, b: 2 });
  });
});

describe('nothing is kept', () => {
  const message =
    (content: object, finish_reason: string): ProviderHandler =>
    (_, response) =>
      sendJson(response, {
        ...openaiAnswer(''),
        choices: [{ index: 0, message: { role: 'assistant', ...content }, finish_reason }],
      });
  const call = { id: 't1', type: 'function', function: { name: 'pay', arguments: '{}' } };

  test.each<[string, ProviderHandler]>([
    ['of an answer that calls tools', message({ content: null, tool_calls: [call] }, 'tool_calls')],
    ['of an answer that was cut', message({ content: 'Hel' }, 'length')],
    ['of an answer that was refused', message({ content: '' }, 'content_filter')],
  ])('%s', async (_what, given) => {
    const { ask, asked } = await setUp(given);
    const request = { ...ASK, tools: [{ name: 'pay', parameters: { type: 'object' } }] };
    await ask(request);
    await ask(request);
    expect(asked()).toEqual({ a: 2, b: 0 });
  });

  test('of failures', async () => {
    const { ask, asked } = await setUp((_, response) => sendJson(response, {}, 400));
    await expect(ask()).rejects.toMatchObject({ code: 'UPSTREAM_REJECTED' });
    await expect(ask()).rejects.toMatchObject({ code: 'UPSTREAM_REJECTED' });
    expect(asked()).toEqual({ a: 2, b: 0 });
  });

  test('of streams that break off, or whose reader leaves', async () => {
    const [first = ''] = openaiEvents(...openaiChunks('Hel', 'lo')).split(/(?<=\n\n)/);
    const { client, server } = await setUp((_, response) => sendEvents(response, first));
    await expect(partsOf(client)).rejects.toMatchObject({ code: 'MODEL_STREAM_TRUNCATED' });
    server('a').answer(answerHello);
    const stream = client.stream(client.route(), ASK, as('acme'));
    await stream.next();
    await stream.return?.();
    const parts = await partsOf(client);
    expect(parts.at(-1)).not.toMatchObject({ made: { isCached: true } });
    expect(await partsOf(client)).toMatchObject([{}, { made: { isCached: true } }]);
  });

  test('of what does not fit the output of its prompt', async () => {
    const { ask, asked } = await setUp();
    const prompt = { name: 'p', version: 'one', hash: 'h', accepts: () => false };
    await ask(ASK, as('acme', { prompt }));
    await ask(ASK, as('acme', { prompt }));
    expect(asked()).toEqual({ a: 2, b: 0 });
  });

  test('where nobody has asked for it', async () => {
    const { ask, asked } = await setUp();
    await ask(ASK, as('acme'), 'a');
    await ask(ASK, as('acme'), 'a');
    expect(asked()).toEqual({ a: 2, b: 0 });
  });
});
