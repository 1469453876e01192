import { describe, expect, test } from 'vitest';
import { type ModelHarnessOptions, setUpModels } from '../../../test/utils/model-harness.ts';
import { PAID, PAID_DIALECTS, PAID_NANO_USD, PAID_PRICE, type PaidDialect } from '../../../test/utils/paid-answers.ts';
import {
  openaiAnswer,
  openaiChunks,
  openaiEvents,
  type ProviderHandler,
  sendEvents,
  sendJson,
} from '../../../test/utils/provider-server.ts';
import type { ModelCallRecord } from '../meter.ts';
import type { ModelRequest } from '../model.ts';

const request: ModelRequest = { messages: [{ role: 'user', content: 'x'.repeat(40) }] };
const PAID_RECORD = { usage: PAID, costNanoUsd: PAID_NANO_USD, isEstimated: false };

const cases = (of: (dialect: PaidDialect) => PaidDialect['answers'] | PaidDialect['streams']) =>
  PAID_DIALECTS.flatMap((one) =>
    Object.entries(of(one)).map(([what, [given, code]]) => ({ ...one, what, given: given as object[], code })),
  );
const event = (value: object) =>
  `${'type' in value ? `event: ${String(value.type)}\n` : ''}data: ${JSON.stringify(value)}\n\n`;
const events = (given: readonly object[], dialect: string) =>
  given.map(event).join('') + (dialect === 'openai' ? 'data: [DONE]\n\n' : '');

/** One model `a` of the dialect; further ones speak OpenAI's. */
async function setUp(dialect: PaidDialect['dialect'], a: ProviderHandler, more: Partial<ModelHarnessOptions> = {}) {
  const all = await setUpModels({
    models: { a: { price: PAID_PRICE } },
    providers: { a: { dialect, apiKey: 'k' } },
    ...more,
    answers: { a, ...more.answers },
  });
  const { client, context } = all;
  /** The code that a call fails with, and the parts that came before. */
  const generate = (asked: ModelRequest = request) =>
    client.generate(client.route(), asked, context).catch((error: { code: string }) => error);
  const stream = async (asked: ModelRequest = request) => {
    const parts: string[] = [];
    try {
      for await (const { type } of client.stream(client.route(), asked, context)) parts.push(type);
    } catch (error) {
      return { parts, code: (error as { code: string }).code };
    }
    return { parts, code: undefined };
  };
  return { ...all, generate, stream };
}

/** Of other ends only the client knows what they are worth. */
const PASSED_ON = cases(({ streams }) => streams).filter(
  ({ dialect, what }) => dialect !== 'gemini' && /^(an error|no end)/.test(what),
);

/** The question in the words of the dialect as well: its answer comes as the bytes that it is. */
const nativeOf = (dialect: string): ModelRequest => ({
  ...request,
  native: { dialect, body: { messages: [] }, headers: {}, wantsUsage: true, refusal: () => undefined },
});

describe('what is paid and fails', () => {
  test.each(cases(({ answers }) => answers))('$dialect: an answer with $what', async ({ dialect, given, code }) => {
    const { generate, records } = await setUp(dialect, (_, response) => sendJson(response, given));
    expect(await generate()).toMatchObject({ code });
    expect(records).toMatchObject([{ ...PAID_RECORD, outcome: 'failed', errorCode: code }]);
  });

  test.each(cases(({ answers }) => answers).filter(({ dialect }) => dialect !== 'gemini'))(
    '$dialect: an answer that is passed on as it is, with $what',
    async ({ dialect, what, given, code }) => {
      const { generate, records } = await setUp(dialect, (_, response) => sendJson(response, given));
      const answered = await generate(nativeOf(dialect));
      // What is wrong with a call is for its client to find.
      if (/call|arguments/.test(what)) {
        expect(answered).toMatchObject({ native: Buffer.from(JSON.stringify(given)) });
        expect(records).toMatchObject([{ ...PAID_RECORD, outcome: 'ok' }]);
      } else {
        expect(answered).toMatchObject({ code });
        expect(records).toMatchObject([{ ...PAID_RECORD, outcome: 'failed', errorCode: code }]);
      }
    },
  );

  test.each(cases(({ streams }) => streams))('$dialect: a stream with $what', async ({ dialect, given, code }) => {
    const { stream, records } = await setUp(dialect, (_, response) => sendEvents(response, events(given, dialect)));
    expect(await stream()).toMatchObject({ code });
    expect(records).toMatchObject([{ ...PAID_RECORD, outcome: 'failed', errorCode: code }]);
  });

  test.each(PASSED_ON)(
    '$dialect: a stream that is passed on as it is, with $what',
    async ({ dialect, given, code }) => {
      const { stream, records } = await setUp(dialect, (_, response) => sendEvents(response, events(given, dialect)));
      const { parts, code: failed } = await stream(nativeOf(dialect));
      expect([parts[0], failed]).toEqual(['native', code]);
      expect(records).toMatchObject([{ ...PAID_RECORD, outcome: 'failed', errorCode: code }]);
    },
  );

  test.each(PAID_DIALECTS)('$dialect: an answer that is whole where a stream was asked for', async (one) => {
    const { stream, records } = await setUp(one.dialect, (_, response) => sendJson(response, one.whole));
    expect(await stream()).toEqual({ parts: [], code: 'UPSTREAM_BAD_RESPONSE' });
    expect(records).toMatchObject([{ ...PAID_RECORD, outcome: 'failed' }]);
  });

  test.each(PAID_DIALECTS)('$dialect: an error whose body tells what was used', async ({ dialect, answers }) => {
    const [body] = answers['an error in its place'] ?? answers['an error in it'] ?? [{}];
    const { generate, stream, records } = await setUp(dialect, (_, response) => sendJson(response, body, 500));
    expect(await generate()).toMatchObject({ code: 'UPSTREAM_FAILED' });
    expect(await stream()).toMatchObject({ code: 'UPSTREAM_FAILED' });
    expect(records).toMatchObject([1, 2].map(() => ({ ...PAID_RECORD, outcome: 'failed' })));
  });

  test.each(['openai', 'gemini'] as const)('%s: embeddings that are not those that were asked for', async (dialect) => {
    const told = {
      openai: { data: [], usage: { prompt_tokens: 100, total_tokens: 100 } },
      gemini: { embeddings: [], usageMetadata: { promptTokenCount: 100, totalTokenCount: 100 } },
    };
    const { client, context, records } = await setUp(dialect, (_, response) => sendJson(response, told[dialect]), {
      models: { a: { price: PAID_PRICE, capabilities: { embeddings: true } } },
    });
    const asked = client.embed(client.route(), { texts: ['a', 'b'] }, context);
    await expect(asked).rejects.toMatchObject({ code: 'UPSTREAM_BAD_RESPONSE' });
    expect(records).toMatchObject([
      { kind: 'embed', outcome: 'failed', isEstimated: false, usage: { inputTokens: 100 } },
    ]);
  });
});

test('a refused question of Gemini, of which only the total is told, has written nothing and is paid', async () => {
  const refused = {
    promptFeedback: { blockReason: 'SAFETY' },
    usageMetadata: { promptTokenCount: 100, cachedContentTokenCount: 20, totalTokenCount: 100 },
  };
  const { generate, records } = await setUp('gemini', (_, response) => sendJson(response, refused));
  expect(await generate()).toMatchObject({ finishReason: 'content-filter' });
  expect(records).toMatchObject([
    { outcome: 'ok', usage: { inputTokens: 100, outputTokens: 0 }, costNanoUsd: 90_000n },
  ]);
});

test('counts that are told on the way are a beginning, to which what came is added', async () => {
  const begin = { type: 'message_start', message: { usage: { input_tokens: 100, output_tokens: 1 } } };
  const text = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'x'.repeat(40) } };
  const { stream, records } = await setUp('anthropic', (_, response) =>
    sendEvents(response, events([begin, text], 'anthropic')),
  );
  expect(await stream()).toMatchObject({ code: 'MODEL_STREAM_TRUNCATED' });
  expect(records).toMatchObject([{ isEstimated: true, usage: { inputTokens: 100, outputTokens: 10 } }]);
});

test('a body that has counts without a number tells nothing', async () => {
  const { generate, records } = await setUp('openai', (_, response) =>
    sendJson(response, { error: {}, usage: { prompt_tokens: 'many' } }, 500),
  );
  await generate();
  expect(records).toMatchObject([{ outcome: 'failed', usage: undefined, costNanoUsd: undefined, isEstimated: false }]);
});

test('a reader that leaves behind the last word on the tokens leaves no estimate', async () => {
  const end = { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 7 } };
  const begin = {
    type: 'message_start',
    message: { usage: { input_tokens: 80, cache_read_input_tokens: 20, output_tokens: 1 } },
  };
  const text = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'x'.repeat(400) } };
  const { client, context, records } = await setUp('anthropic', (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(events([begin, text, end], 'anthropic'));
  });
  const parts = client.stream(client.route(), request, context);
  await parts.next();
  await parts.return?.();
  expect(records).toMatchObject([{ ...PAID_RECORD, outcome: 'aborted' }]);
});

describe('an attempt that was paid, and that another one follows', () => {
  const [openai] = PAID_DIALECTS as readonly [PaidDialect];
  const [invalid] = openai.answers['arguments that are no JSON'] ?? [{}];
  const b: ProviderHandler = (_, response) => sendJson(response, openaiAnswer('Hello'));
  const price = { input: 2, output: 20 };
  const both = { models: { a: { price: PAID_PRICE }, b: { price } } };
  const sum = (records: readonly ModelCallRecord[]) =>
    records.reduce((all, { costNanoUsd }) => all + (costNanoUsd ?? 0n), 0n);

  test('has a record of its own, at the price of its own model', async () => {
    const { generate, records, pass } = await setUp(
      'openai',
      (_, response) => {
        pass(30);
        sendJson(response, invalid);
      },
      { ...both, answers: { b: (request, response) => [pass(70), b(request, response)] } },
    );
    expect(await generate()).toMatchObject({ text: 'Hello', usage: { costUsd: 0.00005 } });
    const failed = { model: 'a', provider: 'at-a', outcome: 'MODEL_OUTPUT_INVALID', upstreamStatus: 200 };
    expect(records).toMatchObject([
      {
        ...{ ...PAID_RECORD, model: 'a', modelId: 'a-upstream', asked: 'default', outcome: 'failed' },
        ...{ errorCode: 'MODEL_OUTPUT_INVALID', isFollowed: true, latencyMs: 30, attempts: [failed] },
      },
      { model: 'b', outcome: 'ok', costNanoUsd: 50_000n, latencyMs: 100, attempts: [failed, { outcome: 'ok' }] },
    ]);
    expect(records[1]).not.toHaveProperty('isFollowed');
    expect(sum(records)).toBe(210_000n);
  });

  test('is accounted each time that the same model is asked', async () => {
    const { generate, records, asked } = await setUp('openai', (_, response) => sendJson(response, invalid), {
      routes: { default: { strategy: 'fallback', targets: [{ model: 'a', retries: 2 }] } },
    });
    expect(await generate()).toMatchObject({ code: 'MODEL_OUTPUT_INVALID' });
    expect(asked()).toEqual({ a: 3 });
    expect(records).toMatchObject([
      { ...PAID_RECORD, isFollowed: true },
      { ...PAID_RECORD, isFollowed: true },
      { ...PAID_RECORD, outcome: 'failed', attempts: [{}, {}, {}] },
    ]);
    expect(records[2]).not.toHaveProperty('isFollowed');
  });

  test('is accounted in streams, before the first token of the next one', async () => {
    const { client, context, records } = await setUp('openai', (_, response) => sendJson(response, invalid), {
      ...both,
      answers: {
        b: (_, response) => {
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          response.write(`data: ${JSON.stringify({ choices: [{ delta: { content: 'Hello' } }] })}\n\n`);
        },
      },
    });
    const parts = client.stream(client.route(), request, context);
    await parts.next();
    expect(records).toMatchObject([{ ...PAID_RECORD, model: 'a', isFollowed: true }]);
    await parts.return?.();
    expect(records).toMatchObject([{ model: 'a' }, { model: 'b', outcome: 'aborted', isEstimated: true }]);
  });

  test('that has told but a beginning is estimated', async () => {
    const begin = { type: 'message_start', message: { usage: { input_tokens: 100, output_tokens: 1 } } };
    const { stream, records } = await setUp(
      'anthropic',
      (_, response) => sendEvents(response, events([begin], 'anthropic')),
      {
        ...both,
        answers: { b: (_, response) => sendEvents(response, openaiEvents(...openaiChunks('Hello'))) },
      },
    );
    expect(await stream()).toEqual({ parts: ['text', 'finish'], code: undefined });
    expect(records).toMatchObject([
      { isFollowed: true, isEstimated: true, usage: { inputTokens: 100, outputTokens: 1 }, costNanoUsd: 110_000n },
      { model: 'b', outcome: 'ok', isEstimated: false },
    ]);
  });

  test('is the call’s own where nobody was asked after it', async () => {
    // The format of b cannot carry the question.
    const { generate, records, asked } = await setUp('openai', (_, response) => sendJson(response, invalid), {
      ...both,
      answers: { b },
      providers: { a: { dialect: 'openai' }, b: { dialect: 'anthropic' } },
    });
    expect(await generate({ messages: [{ role: 'system', content: 'Be kind.' }] })).toMatchObject({
      code: 'MODEL_OUTPUT_INVALID',
    });
    expect(asked()).toEqual({ a: 1, b: 0 });
    expect(records).toMatchObject([{ ...PAID_RECORD, model: 'a', outcome: 'failed', attempts: [{ model: 'a' }] }]);
    expect(records[0]).not.toHaveProperty('isFollowed');
  });
});
