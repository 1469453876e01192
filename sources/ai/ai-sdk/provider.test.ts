import type {
  JSONObject,
  LanguageModelV3StreamPart,
  SharedV3ProviderMetadata,
  SharedV3Warning,
} from '@ai-sdk/provider';
import { describe, expect, test } from 'vitest';
import { deferred } from '../../../test/utils/deferred.ts';
import { SDK_FINISH, SDK_USAGE, setUpSdk } from '../../../test/utils/sdk-model.ts';
import type { AnswerPart, ModelMessage, ModelPart } from '../model.ts';

const text = (delta: string): LanguageModelV3StreamPart => ({ type: 'text-delta', id: 't', delta });
const started = (...warnings: SharedV3Warning[]): LanguageModelV3StreamPart => ({ type: 'stream-start', warnings });
const USAGE = {
  ...{ inputTokens: 10, outputTokens: 5, totalTokens: 15, cachedInputTokens: 4, cacheWriteTokens: 1 },
  ...{ cacheWrite1hTokens: undefined, reasoningTokens: 2, raw: { told: 'as it came' } },
};

/** An error as packages throw it: each brings its own classes, which are known by their marks. */
function sdkError(name: string, fields: object = {}): Error {
  const error = Object.assign(new Error('said sk-secret-of-theirs at https://inside.example'), { name, ...fields });
  return Object.assign(error, { [Symbol.for(`vercel.ai.error.${name}`)]: true });
}

/** The signatures that a client would send back. */
const sentBack = (parts: readonly ModelPart[]): ModelMessage => ({
  role: 'assistant',
  content: parts.flatMap((part): AnswerPart[] => {
    if (part.type === 'reasoning' && part.signature !== undefined)
      return [{ type: 'reasoning', text: 'hm', signature: part.signature }];
    if (part.type === 'tool-call' && part.name !== undefined) return [{ ...part, id: part.id ?? '', name: part.name }];
    return [];
  }),
});

describe('a stream of a package', () => {
  test('has text, thoughts and calls of tools in their order, and ends with the usage', async () => {
    const { collect } = setUpSdk({
      stream: () => [
        started(),
        { type: 'response-metadata', id: 'r1', modelId: 'hand-1-2026' },
        { type: 'reasoning-start', id: 'r' },
        { type: 'reasoning-delta', id: 'r', delta: 'Hm' },
        { type: 'reasoning-end', id: 'r', providerMetadata: { hand: { signature: 'sealed' } } },
        { type: 'text-start', id: 't' },
        text('Hel'),
        text(''),
        text('lo'),
        { type: 'text-end', id: 't' },
        { type: 'tool-input-start', id: 'c1', toolName: 'weather' },
        { type: 'tool-input-delta', id: 'c1', delta: '{"city":' },
        { type: 'tool-input-delta', id: 'c1', delta: '"Oslo"}' },
        { type: 'tool-input-end', id: 'c1' },
        { type: 'tool-call', toolCallId: 'c1', toolName: 'weather', input: '{"city":"Oslo"}' },
        { type: 'tool-call', toolCallId: 'c2', toolName: 'clock', input: '' },
        { type: 'source', sourceType: 'url', id: 's', url: 'https://a.example' },
        SDK_FINISH,
      ],
    });
    const { parts, error } = await collect();
    expect(error).toBeUndefined();
    expect(parts).toEqual([
      { type: 'reasoning', text: 'Hm' },
      { type: 'reasoning', text: '', signature: { dialect: 'ai-sdk', value: expect.any(String) } },
      { type: 'text', text: 'Hel' },
      { type: 'text', text: 'lo' },
      { type: 'tool-call', index: 0, id: 'c1', name: 'weather', arguments: '' },
      { type: 'tool-call', index: 0, arguments: '{"city":' },
      { type: 'tool-call', index: 0, arguments: '"Oslo"}' },
      { type: 'tool-call', index: 1, id: 'c2', name: 'clock', arguments: '' },
      { type: 'tool-call', index: 1, arguments: '{}' },
      { type: 'finish', reason: 'stop', usage: USAGE, id: 'r1', modelId: 'hand-1-2026' },
    ]);
  });

  test('gives thoughts and calls back to the model that made them, and to no other', async () => {
    const { collect, asked } = setUpSdk({
      stream: () => [
        { type: 'reasoning-start', id: 'r', providerMetadata: { hand: { redactedData: 'sealed' } } },
        { type: 'reasoning-end', id: 'r' },
        {
          type: 'tool-call',
          toolCallId: 'c',
          toolName: 'f',
          input: '{}',
          providerMetadata: { hand: { thought: 'x' } },
        },
        SDK_FINISH,
      ],
    });
    const { parts } = await collect();
    expect(parts[0]).toMatchObject({ type: 'reasoning', signature: { isRedacted: true } });
    const answer = sentBack(parts);
    const other = { dialect: 'ai-sdk', value: Buffer.from('{"provider":"other"}').toString('base64url') };
    const foreign = { type: 'reasoning' as const, text: 'theirs', signature: other };
    await collect({ messages: [answer, { role: 'assistant', content: [foreign, { type: 'text', text: 'ok' }] }] });
    expect(asked[1]?.prompt).toEqual([
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'hm', providerOptions: { hand: { redactedData: 'sealed' } } },
          {
            ...{ type: 'tool-call', toolCallId: 'c', toolName: 'f', input: {} },
            providerOptions: { hand: { thought: 'x' } },
          },
        ],
      },
      { role: 'assistant', content: [{ type: 'text', text: 'ok' }] },
    ]);
  });

  test('is asked without turns of which nothing is left for the model', async () => {
    const { collect, asked } = setUpSdk({});
    const thought = { dialect: 'anthropic', value: 'sealed' };
    const hm = { type: 'reasoning' as const, text: 'hm', signature: thought };
    const said = (role: 'user' | 'assistant', text: string): ModelMessage => ({ role, content: text });
    await collect({ messages: [said('user', 'Hi'), { role: 'assistant', content: [hm] }, said('user', 'Go on')] });
    expect(asked[0]?.prompt.map(({ role }) => role)).toEqual(['user', 'user']);
  });

  test('has no calls of tools that the provider made and answered itself', async () => {
    const { collect } = setUpSdk({
      stream: () => [
        { type: 'tool-input-start', id: 's', toolName: 'search', providerExecuted: true },
        { type: 'tool-input-delta', id: 's', delta: '{}' },
        { type: 'tool-call', toolCallId: 's', toolName: 'search', input: '{}', providerExecuted: true },
        { type: 'tool-result', toolCallId: 's', toolName: 'search', result: {} },
        text('Found.'),
        SDK_FINISH,
      ],
    });
    expect((await collect()).parts.map(({ type }) => type)).toEqual(['text', 'finish']);
  });

  test.each([
    ['without an end', [text('Half')]],
    [
      'with an end that nobody told, as packages make it',
      [text('Half'), { ...SDK_FINISH, finishReason: { unified: 'other', raw: undefined } }],
    ],
  ] satisfies [string, LanguageModelV3StreamPart[]][])(
    'that is cut off %s has failed, with what came before it',
    async (_, parts) => {
      const { collect } = setUpSdk({ stream: () => parts });
      const { parts: got, error } = await collect();
      expect(got).toEqual([{ type: 'text', text: 'Half' }]);
      expect(error).toMatchObject({ code: 'MODEL_STREAM_TRUNCATED', extensions: { source: 'ai', operation: 'mine' } });
    },
  );

  test.each([
    ['an error of the provider', { message: 'overloaded', type: 'server_error' }, 'UPSTREAM_FAILED'],
    ['a limit', { error: { type: 'rate_limit_error', message: 'slow down' } }, 'UPSTREAM_REJECTED'],
    ['a text', 'it broke', 'UPSTREAM_FAILED'],
    ['a part that cannot be read', sdkError('AI_TypeValidationError', { value: { a: 1 } }), 'UPSTREAM_BAD_RESPONSE'],
    [
      'an error that its package cannot read',
      sdkError('AI_TypeValidationError', { value: { error: { type: 'rate_limit_error', message: 'slow' } } }),
      'UPSTREAM_REJECTED',
    ],
    ['a status', sdkError('AI_APICallError', { statusCode: 529 }), 'UPSTREAM_FAILED'],
  ])('fails with %s that comes after the first token, and ends there', async (_, told, code) => {
    let cancelled = false;
    const parts: LanguageModelV3StreamPart[] = [text('Half'), { type: 'error', error: told }, text('more')];
    const { collect } = setUpSdk({
      stream: () =>
        new ReadableStream(
          {
            pull: (controller) => controller.enqueue(parts.shift() ?? text('x')),
            cancel() {
              cancelled = true;
            },
          },
          { highWaterMark: 0 },
        ),
    });
    const { parts: got, error } = await collect();
    expect(got).toEqual([{ type: 'text', text: 'Half' }]);
    expect(error).toMatchObject({ code });
    expect(JSON.stringify(error)).not.toMatch(/secret|inside|overloaded|slow|broke/);
    expect(cancelled).toBe(true);
  });

  test('is refused where the package tells that it has left something out, and at once the next time', async () => {
    const { collect, generate, asked, log } = setUpSdk({
      stream: () => [started({ type: 'unsupported', feature: 'topK' }), text('Hi'), SDK_FINISH],
    });
    const call = { topP: 0.5, extras: { 'ai-sdk': { topK: 3 } } };
    const first = await collect(call);
    expect(first.parts).toEqual([]);
    expect(first.error).toMatchObject({
      code: 'UPSTREAM_REJECTED',
      message: '"topK" is not taken by this model, which would answer without it.',
    });
    const again = { code: 'BAD_USER_INPUT', message: '"topK" is not taken by this model.' };
    expect((await collect(call)).error).toMatchObject(again);
    await expect(generate(call)).rejects.toMatchObject(again);
    expect(asked.length).toBe(1);
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('is not held to what a package does for the sake of others, nor to a value that it did not take', async () => {
    const warnings: SharedV3Warning[] = [{ type: 'unsupported', feature: 'temperature', details: 'above 1' }];
    const { collect, asked, log } = setUpSdk({
      stream: ({ temperature }) => [started(...(temperature === 2 ? warnings : [])), text('Hi'), SDK_FINISH],
    });
    expect((await collect({ temperature: 2 })).error).toMatchObject({ code: 'UPSTREAM_REJECTED' });
    expect((await collect({ temperature: 0 })).error).toBeUndefined();
    warnings.splice(0, 1, { type: 'compatibility', feature: 'json' }, { type: 'other', message: 'by the way' });
    for (const _ of [1, 2]) expect((await collect({ temperature: 2 })).error).toBeUndefined();
    expect(asked.length).toBe(4);
    const notes = log.lines.filter(({ message }) => message === 'A package has a note on a question.');
    expect(notes.map(({ fields }) => fields.note)).toEqual(['json: compatibility', 'by the way']);
  });
});

describe('a client that goes away', () => {
  test.each(['by leaving', 'with its request'] as const)(
    '%s before the first token ends a package that does not heed it',
    async (way) => {
      const asked = deferred<AbortSignal | undefined>();
      const { stream, abort } = setUpSdk({
        stream: ({ abortSignal }) => {
          asked.resolve(abortSignal);
          return new Promise<never>(() => {});
        },
      });
      const parts = stream();
      const next = parts.next();
      const signal = await asked.promise;
      if (way === 'by leaving') {
        await parts.return();
        expect(await next).toEqual({ done: true, value: undefined });
      } else {
        abort();
        await expect(next).rejects.toMatchObject({ code: 'CLIENT_CLOSED_REQUEST' });
      }
      expect(signal?.aborted).toBe(true);
    },
  );

  test.each(['by leaving', 'with its request'] as const)(
    '%s after the first token ends the stream of the package',
    async (way) => {
      const cancelled = deferred<void>();
      let signal: AbortSignal | undefined;
      const { stream, abort } = setUpSdk({
        stream: ({ abortSignal }) => {
          signal = abortSignal;
          return new ReadableStream({
            start: (controller) => controller.enqueue(text('Hi')),
            cancel: () => cancelled.resolve(),
          });
        },
      });
      const parts = stream();
      expect(await parts.next()).toMatchObject({ value: { text: 'Hi' } });
      const next = parts.next();
      if (way === 'by leaving') await parts.return();
      else abort();
      await cancelled.promise;
      expect(signal?.aborted).toBe(true);
      if (way === 'by leaving') expect(await next).toEqual({ done: true, value: undefined });
      else await expect(next).rejects.toMatchObject({ code: 'CLIENT_CLOSED_REQUEST' });
    },
  );

  test('is answered at once where it has asked for a whole answer', async () => {
    const asked = deferred<AbortSignal | undefined>();
    const { generate, abort } = setUpSdk({
      generate: ({ abortSignal }) => {
        asked.resolve(abortSignal);
        return new Promise<never>(() => {});
      },
    });
    const answer = generate();
    const signal = await asked.promise;
    abort();
    await expect(answer).rejects.toMatchObject({ code: 'CLIENT_CLOSED_REQUEST' });
    expect(signal?.aborted).toBe(true);
  });

  test('holds a package back that it does not read', async () => {
    let pulled = 0;
    const { stream } = setUpSdk({
      stream: () =>
        new ReadableStream(
          {
            pull(controller) {
              pulled += 1;
              controller.enqueue(text(String(pulled)));
            },
          },
          { highWaterMark: 1 },
        ),
    });
    const parts = stream();
    await parts.next();
    await parts.next();
    await new Promise((resolve) => setImmediate(resolve));
    expect(pulled).toBeLessThanOrEqual(4);
    await parts.return();
  });
});

test('a stream that comes too late is closed, and its package is told', async () => {
  const late = deferred<ReadableStream<LanguageModelV3StreamPart>>();
  const cancelled = deferred<void>();
  let signal: AbortSignal | undefined;
  const { collect } = setUpSdk(
    {
      stream: ({ abortSignal }) => {
        signal = abortSignal;
        return late.promise as Promise<never>;
      },
    },
    { timeoutMs: 5 },
  );
  expect((await collect()).error).toMatchObject({ code: 'UPSTREAM_TIMEOUT' });
  expect(signal?.aborted).toBe(true);
  late.resolve(new ReadableStream({ cancel: () => cancelled.resolve() }));
  await cancelled.promise;
});

test('a package that is silent for too long has failed', async () => {
  const silent = () => new Promise<never>(() => {});
  const { generate, collect } = setUpSdk({ generate: silent, stream: () => new ReadableStream() }, { timeoutMs: 5 });
  await expect(generate()).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT' });
  expect((await collect()).error).toMatchObject({ code: 'UPSTREAM_TIMEOUT' });
});

describe('a whole answer of a package', () => {
  test('has its content, its reason and its usage', async () => {
    const { generate } = setUpSdk({
      generate: () => ({
        content: [
          { type: 'reasoning', text: 'Hm' },
          { type: 'text', text: 'Hello' },
          { type: 'tool-call', toolCallId: 'c1', toolName: 'f', input: '' },
          { type: 'tool-call', toolCallId: 's', toolName: 'search', input: '{}', providerExecuted: true },
        ],
        finishReason: { unified: 'tool-calls', raw: 'tool_use' },
        response: { id: 'r1', modelId: 'hand-1-2026', body: { as: 'it came' } },
      }),
    });
    expect(await generate()).toEqual({
      id: 'r1',
      text: 'Hello',
      finishReason: 'tool-calls',
      usage: USAGE,
      modelId: 'hand-1-2026',
      content: [
        { type: 'reasoning', text: 'Hm', signature: { dialect: 'ai-sdk', value: expect.any(String) } },
        { type: 'text', text: 'Hello' },
        { type: 'tool-call', id: 'c1', name: 'f', arguments: '{}' },
      ],
      raw: { as: 'it came' },
    });
  });

  test('has the usage that is told, in the classes that are known', async () => {
    const unknown = { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined };
    const output = { total: undefined, text: undefined, reasoning: undefined };
    const usageOf = async (usage: object) => {
      const { generate } = setUpSdk({ generate: () => ({ usage: { ...SDK_USAGE, ...usage } }) });
      return (await generate()).usage;
    };
    expect(await usageOf({ inputTokens: unknown, outputTokens: output })).toBeUndefined();
    expect(
      await usageOf({ inputTokens: { ...unknown, noCache: 3, cacheRead: 4 }, outputTokens: output }),
    ).toMatchObject({
      ...{ inputTokens: 7, outputTokens: undefined, totalTokens: undefined, cachedInputTokens: 4 },
    });
    const raw = {
      cacheDetails: [
        { ttl: '1h', inputTokens: 7 },
        { ttl: '5m', inputTokens: 1 },
      ],
    };
    expect(await usageOf({ raw })).toMatchObject({ cacheWrite1hTokens: 7, raw });
  });

  test('has what a package tells beside the tokens that has a price of its own', async () => {
    const usageOf = async (raw: JSONObject, providerMetadata: SharedV3ProviderMetadata = {}) => {
      const usage = { ...SDK_USAGE, raw };
      const { generate } = setUpSdk({ generate: () => ({ usage, providerMetadata }) });
      return (await generate()).usage;
    };
    expect(await usageOf({}, { bedrock: { serviceTier: { type: 'flex' } } })).toMatchObject({ serviceTier: 'flex' });
    expect(await usageOf({}, { openai: { serviceTier: 'priority' } })).toMatchObject({ serviceTier: 'priority' });
    expect(await usageOf({}, { openai: { serviceTier: 'default' } })).not.toHaveProperty('serviceTier');
    expect(await usageOf({ input_tokens: 1, service_tier: 'batch' })).toMatchObject({ serviceTier: 'batch' });
    const sound = { promptTokenCount: 9, promptTokensDetails: [{ modality: 'AUDIO', tokenCount: 5 }] };
    expect(await usageOf(sound)).toMatchObject({ classes: { inputAudio: 5 } });
    expect(await usageOf({ prompt_tokens: 9, prompt_audio_seconds: 4 })).toMatchObject({ hasOtherFees: true });
  });

  test.each([
    [
      'arguments that are no JSON',
      { content: [{ type: 'tool-call', toolCallId: 'c', toolName: 'f', input: '{' }] },
      'MODEL_OUTPUT_INVALID',
    ],
    ['an end by an error', { finishReason: { unified: 'error', raw: 'x' } }, 'UPSTREAM_FAILED'],
    ['something left out', { warnings: [{ type: 'unsupported', feature: 'seed' }] }, 'UPSTREAM_REJECTED'],
  ] as const)('with %s is none', async (_, made, code) => {
    const { generate } = setUpSdk({ generate: () => made as never });
    await expect(generate()).rejects.toMatchObject({ code });
  });
});

describe('what a package throws', () => {
  const body = JSON.stringify({ message: 'Input is too long for requested model.' });
  test.each([
    [
      sdkError('AI_APICallError', { statusCode: 429, responseHeaders: { 'Retry-After': '7' } }),
      'UPSTREAM_REJECTED',
      { upstreamStatus: 429, retryAfterMs: 7_000 },
    ],
    [sdkError('AI_APICallError', { statusCode: 500 }), 'UPSTREAM_FAILED', { upstreamStatus: 500 }],
    [sdkError('AI_APICallError', { statusCode: 302 }), 'UPSTREAM_BAD_RESPONSE', { upstreamStatus: 302 }],
    [sdkError('AI_APICallError', { statusCode: 200 }), 'UPSTREAM_BAD_RESPONSE', { upstreamStatus: 200 }],
    [sdkError('AI_APICallError'), 'UPSTREAM_FAILED', {}],
    [sdkError('AI_JSONParseError'), 'UPSTREAM_BAD_RESPONSE', {}],
    [sdkError('AI_UnsupportedFunctionalityError', { functionality: 'File URL data' }), 'BAD_USER_INPUT', {}],
    [
      sdkError('AI_UnsupportedFunctionalityError', { functionality: 'at https://inside.example' }),
      'BAD_USER_INPUT',
      {},
    ],
    [new TypeError('a mistake of theirs'), 'UPSTREAM_FAILED', {}],
    ['a text', 'UPSTREAM_FAILED', {}],
  ])('%s is told as what it is, without its words', async (thrown, code, details) => {
    const fail = () => Promise.reject<never>(thrown);
    const { generate, collect } = setUpSdk({ generate: fail, stream: fail });
    const expected = { code, extensions: { source: 'ai', operation: 'mine', ...details } };
    const error: unknown = await generate().catch((caught: unknown) => caught);
    expect(error).toMatchObject(expected);
    expect((await collect()).error).toMatchObject(expected);
    expect((error as Error).message + JSON.stringify(error)).not.toMatch(/secret|inside|theirs/);
  });

  test('goes to the log without keys, addresses of its requests or questions', async () => {
    const error = sdkError('AI_APICallError', {
      statusCode: 500,
      url: 'https://inside.example/x',
      requestBodyValues: { prompt: 'a private question' },
    });
    const { generate, log } = setUpSdk(
      { generate: () => Promise.reject<never>(error) },
      { apiKey: 'key-of-ours-1', settings: { secretAccessKey: 'said sk-secret' } },
    );
    await expect(generate()).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' });
    const told = JSON.stringify(log.lines);
    expect(told).toContain('A model call failed.');
    expect(told).not.toMatch(/private question|sk-secret/);
  });

  test('tells that a question is too long, for routes that have a larger model', async () => {
    const { generate } = setUpSdk({
      generate: () => Promise.reject<never>(sdkError('AI_APICallError', { statusCode: 400, responseBody: body })),
    });
    await expect(generate()).rejects.toMatchObject({ cause: { isContextOverflow: true } });
  });
});

test('keys are used in turn, each with a provider of its own, and one that is not taken rests', async () => {
  let calls = 0;
  const { generate, settings } = setUpSdk(
    {
      generate() {
        calls += 1;
        if (calls === 1) throw sdkError('AI_APICallError', { statusCode: 401 });
        return { content: [{ type: 'text', text: 'ok' }] };
      },
    },
    {
      apiKeys: ['first-key', 'second-key'],
      endpoint: 'https://models.example/v1',
      headers: { 'x-team': 'a' },
      settings: { region: 'eu' },
    },
  );
  expect((await generate()).text).toBe('ok');
  const given = {
    baseURL: 'https://models.example/v1',
    headers: { 'x-team': 'a' },
    region: 'eu',
    fetch: expect.any(Function),
  };
  expect(settings).toEqual([
    { ...given, apiKey: 'first-key' },
    { ...given, apiKey: 'second-key' },
  ]);
});
