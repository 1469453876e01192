import { describe, expect, test } from 'vitest';
import type { ModelRequest } from '../model.ts';
import type { DialectTarget } from './dialect.ts';
import { createOpenaiDialect } from './openai.ts';

const dialect = createOpenaiDialect('https://models.example.com/v1');
const call: ModelRequest = { messages: [{ role: 'user', content: 'Hi' }] };
const target: DialectTarget = { model: 'gpt', maxTokens: 100, stream: false, apiKey: 'sk-1' };

const bodyOf = (request: ModelRequest, over: Partial<DialectTarget> = {}) =>
  JSON.parse(dialect.request(request, { ...target, ...over }).body) as Record<string, unknown>;

function decode(...data: string[]) {
  const decoder = dialect.stream(call);
  return [...data.flatMap((text) => decoder.push({ data: text })), ...decoder.end()];
}

describe('the request', () => {
  test('carries every parameter under the name of the format', () => {
    const request = dialect.request(
      {
        system: 'Be brief.',
        messages: [{ role: 'user', content: 'Hi' }],
        maxTokens: 9,
        temperature: 0,
        topP: 0.5,
        stop: ['END'],
        seed: 7,
        output: { name: 'answer', schema: { type: 'object' } },
      },
      target,
    );
    expect({ ...request, body: JSON.parse(request.body) }).toMatchInlineSnapshot(`
      {
        "body": {
          "max_tokens": 9,
          "messages": [
            {
              "content": "Be brief.",
              "role": "system",
            },
            {
              "content": "Hi",
              "role": "user",
            },
          ],
          "model": "gpt",
          "response_format": {
            "json_schema": {
              "name": "answer",
              "schema": {
                "type": "object",
              },
              "strict": true,
            },
            "type": "json_schema",
          },
          "seed": 7,
          "stop": [
            "END",
          ],
          "temperature": 0,
          "top_p": 0.5,
        },
        "headers": {
          "accept": "application/json",
          "authorization": "Bearer sk-1",
          "content-type": "application/json",
        },
        "path": "/chat/completions",
      }
    `);
  });

  test('has nothing that was not asked for, and no Authorization without a key', () => {
    expect(bodyOf(call)).toEqual({ model: 'gpt', messages: [{ role: 'user', content: 'Hi' }] });
    expect(dialect.request(call, { ...target, apiKey: undefined }).headers).not.toHaveProperty('authorization');
  });

  test('asks for the usage of a stream', () => {
    expect(bodyOf(call, { stream: true })).toMatchObject({ stream: true, stream_options: { include_usage: true } });
  });

  test("limits tokens in the word of OpenAI's own endpoint there, and in the older one elsewhere", () => {
    const limited = { ...call, maxTokens: 3 };
    const own = createOpenaiDialect('https://api.openai.com/v1').request(limited, target);
    expect(JSON.parse(own.body)).toMatchObject({ max_completion_tokens: 3 });
    expect(bodyOf(limited)).toMatchObject({ max_tokens: 3 });
    expect(bodyOf(limited)).not.toHaveProperty('max_completion_tokens');
  });
});

describe('the answer', () => {
  const answer = {
    id: 'c1',
    model: 'gpt-2025',
    choices: [{ message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
    usage: {
      prompt_tokens: 12,
      completion_tokens: 30,
      total_tokens: 42,
      prompt_tokens_details: { cached_tokens: 8 },
      completion_tokens_details: { reasoning_tokens: 20 },
    },
  };

  test('is read with its usage, to which nothing is added', () => {
    expect(dialect.parse(answer, call)).toEqual({
      id: 'c1',
      text: 'Hello',
      finishReason: 'stop',
      usage: {
        inputTokens: 12,
        outputTokens: 30,
        totalTokens: 42,
        cachedInputTokens: 8,
        reasoningTokens: 20,
        raw: answer.usage,
      },
      modelId: 'gpt-2025',
      content: [{ type: 'text', text: 'Hello' }],
      raw: answer,
    });
  });

  test('has reasoning that is counted beside the completion among its output', () => {
    // As xAI counts it: the total says so.
    const usage = {
      prompt_tokens: 32,
      completion_tokens: 9,
      total_tokens: 135,
      completion_tokens_details: { reasoning_tokens: 94 },
    };
    expect(dialect.usage({ usage })).toMatchObject({ outputTokens: 103, totalTokens: 135, reasoningTokens: 94 });
  });

  test('leaves unknown what the provider does not say', () => {
    const bare = dialect.parse({ choices: [{ message: { content: 'x' }, finish_reason: 'length' }], usage: {} }, call);
    expect(bare).toMatchObject({ id: undefined, finishReason: 'length', modelId: undefined });
    expect(bare.usage).toMatchObject({ inputTokens: undefined, cachedInputTokens: undefined });
    expect(dialect.parse({ choices: [{ message: { content: 'x' } }] }, call).usage).toBeUndefined();
  });

  test.each([
    ['content_filter', 'content-filter'],
    ['tool_calls', 'tool-calls'],
    ['function_call', 'tool-calls'],
    ['model_length', 'length'],
    ['eos', 'other'],
    [undefined, 'other'],
  ])('says why it ended: %s is %s', (finish_reason, expected) => {
    expect(dialect.parse({ choices: [{ message: { content: '' }, finish_reason }] }, call).finishReason).toBe(expected);
  });

  test.each(['error', 'abort', 'insufficient_system_resource'])(
    'that has broken off, as Mistral, vLLM and DeepSeek tell it by %s, is a failure, whole or streamed',
    (finish_reason) => {
      const failure = expect.objectContaining({ code: 'UPSTREAM_FAILED' });
      const choice = { message: { content: 'Let me' }, delta: { content: 'Let me' }, finish_reason };
      expect(() => dialect.parse({ choices: [choice] }, call)).toThrow(failure);
      expect(() => decode(JSON.stringify({ choices: [choice] }))).toThrow(failure);
    },
  );

  test('that has broken off says why, as OpenRouter does in its choice', () => {
    const error = { code: 'rate_limit_exceeded', message: 'slow down' };
    const broken = { choices: [{ message: { content: 'Let me' }, finish_reason: 'error', error }] };
    expect(() => dialect.parse(broken, call)).toThrow(expect.objectContaining({ code: 'UPSTREAM_REJECTED' }));
  });

  test('that is a refusal is told as one', () => {
    const refusal = { choices: [{ message: { content: null, refusal: 'I cannot.' }, finish_reason: 'stop' }] };
    expect(dialect.parse(refusal, call)).toMatchObject({ text: 'I cannot.', finishReason: 'content-filter' });
  });

  test('has calls that can be told apart, in one conversation, also where the server gives them no ids', () => {
    const called = { function: { name: 'weather', arguments: '{}' } };
    const calls = [{ ...called, id: '' }, called];
    const idsOf = (parts: readonly { readonly type: string; readonly id?: string | undefined }[]) =>
      parts.flatMap(({ type, id }) => (type === 'tool-call' && id !== undefined ? [id] : []));
    const whole = (id: string) => {
      const body = { id, choices: [{ message: { content: null, tool_calls: calls }, finish_reason: 'tool_calls' }] };
      return idsOf(dialect.parse(body, call).content ?? []);
    };
    const streamed = (id: string) => {
      const tool_calls = calls.map((one, index) => ({ ...one, index }));
      return idsOf(decode(JSON.stringify({ id, choices: [{ delta: { tool_calls }, finish_reason: 'tool_calls' }] })));
    };
    const ids = [...whole('a1'), ...whole('a2'), ...streamed('a3'), ...streamed('a4')];
    expect(ids.filter((id) => id !== '')).toHaveLength(8);
    expect(new Set(ids).size).toBe(8);
  });

  test('has its thoughts apart from its text, also where they are pieces of it, as with Mistral', () => {
    const content = [
      {
        type: 'thinking',
        thinking: [
          { type: 'text', text: 'Let me ' },
          { type: 'text', text: 'see.' },
        ],
      },
      { type: 'text', text: 'Done' },
    ];
    const expected = [
      { type: 'reasoning', text: 'Let me see.' },
      { type: 'text', text: 'Done' },
    ];
    const choice = { message: { content }, delta: { content }, finish_reason: 'stop' };
    expect(dialect.parse({ choices: [choice] }, call)).toMatchObject({ content: expected, text: 'Done' });
    expect(decode(JSON.stringify({ choices: [choice] })).slice(0, 2)).toEqual(expected);
  });

  test('may come in pieces', () => {
    const pieces = {
      choices: [
        {
          message: {
            content: [
              { type: 'text', text: 'a' },
              { type: 'text', text: 'b' },
            ],
          },
        },
      ],
    };
    expect(dialect.parse(pieces, call).text).toBe('ab');
  });

  test.each([[null], ['text'], [{}], [{ choices: [] }], [{ choices: [{}] }]])('that is %j is unusable', (body) => {
    expect(() => dialect.parse(body, call)).toThrow(expect.objectContaining({ code: 'UPSTREAM_BAD_RESPONSE' }));
  });

  test('that holds an error is a failure, whatever its status', () => {
    expect(() => dialect.parse({ error: { message: 'boom' } }, call)).toThrow(
      expect.objectContaining({ code: 'UPSTREAM_FAILED' }),
    );
  });
});

describe('the stream', () => {
  const text = (content: string) => JSON.stringify({ choices: [{ delta: { content }, finish_reason: null }] });
  const stop = JSON.stringify({ choices: [{ delta: {}, finish_reason: 'stop' }] });
  const usage = JSON.stringify({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } });

  test('is read to its end, with the usage of the chunk that has no choices', () => {
    const start = JSON.stringify({ choices: [{ delta: { role: 'assistant', content: '' }, finish_reason: null }] });
    expect(decode(start, text('Hel'), text('lo'), stop, usage, '[DONE]')).toEqual([
      { type: 'text', text: 'Hel' },
      { type: 'text', text: 'lo' },
      { type: 'finish', reason: 'stop', usage: expect.objectContaining({ inputTokens: 1, totalTokens: 3 }) },
    ]);
  });

  test('is counted where the usage stands in the choice, as Moonshot tells it', () => {
    const told = { prompt_tokens: 19, completion_tokens: 13, total_tokens: 32, cached_tokens: 4 };
    const end = JSON.stringify({ choices: [{ delta: {}, finish_reason: 'stop', usage: told }] });
    const decoder = dialect.stream(call);
    const parts = [text('a'), end, '[DONE]'].flatMap((data) => decoder.push({ data }));
    expect(parts.at(-1)).toMatchObject({ usage: { inputTokens: 19, outputTokens: 13, cachedInputTokens: 4 } });
    expect(decoder.isCounted()).toBe(true);
  });

  test('keeps reasoning apart, under either of its names', () => {
    const parts = ['reasoning_content', 'reasoning'].map((name) =>
      JSON.stringify({ choices: [{ delta: { [name]: 'hm' } }] }),
    );
    expect(decode(...parts, stop, '[DONE]').slice(0, 2)).toEqual([
      { type: 'reasoning', text: 'hm' },
      { type: 'reasoning', text: 'hm' },
    ]);
  });

  test('finishes without usage when none came, and without [DONE] when the reason came', () => {
    const finish = { type: 'finish', reason: 'stop', usage: undefined };
    expect(decode(text('a'), stop, '[DONE]').at(-1)).toEqual(finish);
    expect(decode(text('a'), stop).at(-1)).toEqual(finish);
  });

  test('has one finish only, whatever comes behind it', () => {
    expect(decode(stop, '[DONE]', '[DONE]', text('late')).map(({ type }) => type)).toEqual(['finish']);
  });

  test('that ends without a reason or [DONE] is truncated', () => {
    expect(() => decode(text('half an'))).toThrow(expect.objectContaining({ code: 'MODEL_STREAM_TRUNCATED' }));
    expect(() => decode()).toThrow(expect.objectContaining({ code: 'MODEL_STREAM_TRUNCATED' }));
  });

  test('fails with an error event in its middle', () => {
    const overloaded = JSON.stringify({ error: { type: 'server_error', message: 'overloaded' } });
    const limited = JSON.stringify({ error: { code: 'rate_limit_exceeded', message: 'slow down' } });
    expect(() => decode(text('a'), overloaded)).toThrow(expect.objectContaining({ code: 'UPSTREAM_FAILED' }));
    expect(() => decode(text('a'), limited)).toThrow(expect.objectContaining({ code: 'UPSTREAM_REJECTED' }));
    expect(() => dialect.stream(call).push({ event: 'error', data: '{"message":"boom"}' })).toThrow(
      expect.objectContaining({ code: 'UPSTREAM_FAILED' }),
    );
  });

  test('fails with an event that is not JSON, without repeating it', () => {
    expect(() => decode('{"choices": [secret')).toThrow(expect.objectContaining({ code: 'UPSTREAM_BAD_RESPONSE' }));
    expect(() => decode('{"choices": [secret')).not.toThrow(/secret/);
  });
});
