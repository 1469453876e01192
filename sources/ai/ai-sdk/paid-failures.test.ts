import type { LanguageModelV3StreamPart } from '@ai-sdk/provider';
import { describe, expect, test } from 'vitest';
import { setUpModels } from '../../../test/utils/model-harness.ts';
import { openaiAnswer, type ProviderHandler, sendJson } from '../../../test/utils/provider-server.ts';
import { SDK_FINISH, SDK_USAGE, setUpSdk } from '../../../test/utils/sdk-model.ts';
import { bedrock, cohere, mistral, SDK_WIRES, type SdkWire, sendStream } from '../../../test/utils/sdk-wires.ts';
import type { ModelRequest } from '../model.ts';
import { billOf } from '../provider-errors.ts';

const request: ModelRequest = { messages: [{ role: 'user', content: 'Hi' }] };
const TOOL = { name: 'weather', parameters: { type: 'object', properties: {} } };
/** 11 tokens read, at a dollar for a million, and 4 written, at ten. */
const PRICE = { input: 1, cachedInput: 1, cacheWrite: 1, output: 10 };
const PAID = { costNanoUsd: 51_000n, isEstimated: false, outcome: 'failed' };

async function setUp(wire: SdkWire, a: ProviderHandler) {
  const all = await setUpModels({
    answers: { a, b: (_, response) => sendJson(response, openaiAnswer('Hello')) },
    models: { a: { price: PRICE, capabilities: { seed: true } }, b: { price: PRICE } },
    providers: { a: { dialect: 'ai-sdk', package: wire.package, apiKey: 'key-of-the-provider' } },
    routes: { default: ['a'], both: ['a', 'b'] },
  });
  const { client, context } = all;
  const generate = (call: Partial<ModelRequest> = {}, route?: string) =>
    client.generate(client.route(route), { ...request, ...call }, context).catch((error: Error) => error);
  const stream = async (call: Partial<ModelRequest> = {}) => {
    try {
      for await (const _ of client.stream(client.route(), { ...request, ...call }, context));
    } catch (error) {
      return error;
    }
    return undefined;
  };
  return { ...all, generate, stream };
}

/** A whole answer of each format that calls a tool with what is no JSON. */
const CALLS: readonly (readonly [SdkWire, object])[] = [
  [
    mistral,
    {
      ...mistral.answer(''),
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: '',
            tool_calls: [{ id: 'c12345678', function: { name: 'weather', arguments: '{"city":' } }],
          },
          finish_reason: 'tool_calls',
        },
      ],
    },
  ],
  [
    cohere,
    {
      ...cohere.answer(''),
      message: {
        role: 'assistant',
        tool_calls: [{ id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":' } }],
      },
      finish_reason: 'TOOL_CALL',
    },
  ],
];

describe('an answer of a package that fails and is paid', () => {
  test('has left a part of the question out', async () => {
    const { generate, records } = await setUp(bedrock, (_, response) => sendJson(response, bedrock.answer('Hello')));
    expect(await generate({ seed: 7 })).toMatchObject({ code: 'UPSTREAM_REJECTED' });
    expect(records).toMatchObject([{ ...PAID, usage: bedrock.usage, errorCode: 'UPSTREAM_REJECTED' }]);
  });

  test('has left a part of the question out, and the next model of the route answers', async () => {
    const { generate, records } = await setUp(bedrock, (_, response) => sendJson(response, bedrock.answer('Hello')));
    expect(await generate({ seed: 7 }, 'both')).toMatchObject({ text: 'Hello', made: { model: 'b' } });
    expect(records).toMatchObject([
      { ...PAID, model: 'a', isFollowed: true },
      { model: 'b', outcome: 'ok' },
    ]);
  });

  test.each(CALLS)('calls a tool with what is no JSON: $package', async (wire, answer) => {
    const { generate, records } = await setUp(wire, (_, response) => sendJson(response, answer));
    expect(await generate({ tools: [TOOL] })).toMatchObject({ code: 'MODEL_OUTPUT_INVALID' });
    expect(records).toMatchObject([{ ...PAID, usage: wire.usage }]);
  });

  test.each(CALLS.slice(0, 1))('calls a tool with what is no JSON in a stream: $package', async (wire) => {
    const { stream, records } = await setUp(wire, (_, response) =>
      sendStream(response, wire, ...wire.call('c12345678', 'weather', '{"city":'), ...wire.end(true)),
    );
    expect(await stream({ tools: [TOOL] })).toMatchObject({ code: 'MODEL_OUTPUT_INVALID' });
    expect(records).toMatchObject([{ ...PAID, usage: wire.usage }]);
  });

  test.each(SDK_WIRES)('is not as its package has it: $package', async (wire) => {
    const { message: _, choices: __, output: ___, ...rest } = wire.answer('Hello') as Record<string, unknown>;
    const { generate, records } = await setUp(wire, (_, response) => sendJson(response, { ...rest, stopReason: 7 }));
    expect(await generate()).toMatchObject({ code: 'UPSTREAM_BAD_RESPONSE' });
    expect(records).toMatchObject([{ ...PAID, usage: wire.usage }]);
  });

  test('breaks off with an error behind the tokens', async () => {
    const [last = Buffer.of()] = mistral.end();
    const { stream, records } = await setUp(mistral, (_, response) =>
      sendStream(response, mistral, ...mistral.texts('Half'), last, mistral.failure),
    );
    expect(await stream()).toMatchObject({ code: 'UPSTREAM_FAILED' });
    expect(records).toMatchObject([{ ...PAID, usage: mistral.usage }]);
  });
});

describe('the last word of a package', () => {
  const told: LanguageModelV3StreamPart = { type: 'error', error: { message: 'overloaded' } };

  async function failing(parts: readonly LanguageModelV3StreamPart[], ends: boolean) {
    let cancelled = false;
    const { stream } = setUpSdk({
      stream: () =>
        new ReadableStream({
          start(controller) {
            for (const part of parts) controller.enqueue(part);
            if (ends) controller.close();
          },
          cancel() {
            cancelled = true;
          },
        }),
    });
    const reading = stream();
    const error: unknown = await reading.next().catch((error) => error);
    return { error, usage: reading.usage(), isCounted: reading.isCounted(), cancelled: () => cancelled };
  }

  test('is heard behind an error', async () => {
    const finish = { ...SDK_FINISH, finishReason: { unified: 'error', raw: 'broken' } } as const;
    const { error, usage, isCounted } = await failing([told, finish], true);
    expect(error).toMatchObject({ code: 'UPSTREAM_FAILED' });
    expect([usage?.inputTokens, usage?.outputTokens, isCounted]).toEqual([10, 5, true]);
  });

  test.each([
    ['ends', true],
    ['stays silent', false],
  ])('is not waited for where the stream %s', async (_, ends) => {
    const { error, usage, cancelled } = await failing([told], ends);
    expect(error).toMatchObject({ code: 'UPSTREAM_FAILED', cause: { message: 'overloaded' } });
    expect(usage).toBeUndefined();
    expect(cancelled()).toBe(!ends);
  });

  test('is heard of a whole answer that stopped because of an error', async () => {
    const { generate } = setUpSdk({ generate: () => ({ finishReason: { unified: 'error', raw: 'broken' } }) });
    const error: unknown = await generate().catch((error) => error);
    expect(error).toMatchObject({ code: 'UPSTREAM_FAILED' });
    expect(billOf(error)).toMatchObject({ inputTokens: 10, outputTokens: 5, raw: SDK_USAGE.raw });
  });

  test.each([
    ['OpenAI', { usage: { prompt_tokens: 10, completion_tokens: 5 } }],
    [
      'OpenAI, responses',
      { usage: { input_tokens: 10, output_tokens: 5, input_tokens_details: { cached_tokens: 4 } } },
    ],
    ['Anthropic', { usage: { input_tokens: 6, cache_read_input_tokens: 4, output_tokens: 5 } }],
    ['Gemini', { usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 3, thoughtsTokenCount: 2 } }],
    ['Bedrock', { usage: { inputTokens: 6, cacheReadInputTokens: 4, outputTokens: 5 } }],
    ['Cohere', { usage: { tokens: { input_tokens: 10, output_tokens: 5 } } }],
  ])('is read out of a body that it has not taken: %s', async (_, body) => {
    const { generate } = setUpSdk({
      generate: () => {
        const error = Object.assign(new Error('no'), { statusCode: 200, responseBody: JSON.stringify(body) });
        throw Object.assign(error, { [Symbol.for('vercel.ai.error.AI_APICallError')]: true });
      },
    });
    const error: unknown = await generate().catch((error) => error);
    expect(billOf(error)).toMatchObject({ inputTokens: 10, outputTokens: 5 });
  });
});
