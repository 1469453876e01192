import { describe, expect, test } from 'vitest';
import type { ModelRequest } from '../model.ts';
import { createAnthropicDialect } from './anthropic.ts';
import type { DialectTarget } from './dialect.ts';

const dialect = createAnthropicDialect();
const call: ModelRequest = { messages: [{ role: 'user', content: 'Hi' }] };
const structured: ModelRequest = { ...call, output: { name: 'answer', schema: { type: 'object' } } };
const target: DialectTarget = { model: 'claude', maxTokens: 100, stream: false, apiKey: 'sk-ant-1' };

const bodyOf = (request: ModelRequest, over: Partial<DialectTarget> = {}) =>
  JSON.parse(dialect.request(request, { ...target, ...over }).body) as Record<string, unknown>;

function decode(events: object[], request = call) {
  const decoder = dialect.stream(request);
  const parts = events.flatMap((event) => decoder.push({ data: JSON.stringify(event) }));
  return [...parts, ...decoder.end()];
}

describe('the request', () => {
  test('hoists the system text and names its tokens, version and key', () => {
    const request = dialect.request(
      {
        system: 'Be brief.',
        messages: [
          { role: 'system', content: 'Be kind.' },
          { role: 'user', content: 'Hi' },
          { role: 'assistant', content: 'Hello' },
        ],
        temperature: 0,
        topP: 0.5,
        stop: ['END'],
      },
      target,
    );
    expect({ ...request, body: JSON.parse(request.body) }).toMatchInlineSnapshot(`
      {
        "body": {
          "max_tokens": 100,
          "messages": [
            {
              "content": "Hi",
              "role": "user",
            },
            {
              "content": "Hello",
              "role": "assistant",
            },
          ],
          "model": "claude",
          "stop_sequences": [
            "END",
          ],
          "system": "Be brief.

      Be kind.",
          "temperature": 0,
          "top_p": 0.5,
        },
        "headers": {
          "accept": "application/json",
          "anthropic-version": "2023-06-01",
          "content-type": "application/json",
          "x-api-key": "sk-ant-1",
        },
        "path": "/messages",
      }
    `);
  });

  test("takes the caller's number of tokens before the model's own", () => {
    expect(bodyOf({ ...call, maxTokens: 5 }).max_tokens).toBe(5);
  });

  test('asks for structured output as a tool that must be used', () => {
    expect(bodyOf(structured, { stream: true })).toMatchObject({
      stream: true,
      tools: [{ name: 'answer', input_schema: { type: 'object' } }],
      tool_choice: { type: 'tool', name: 'answer', disable_parallel_tool_use: true },
    });
  });

  test.each([
    ['a seed', { seed: 1 }, /seed/],
    ['a temperature above 1', { temperature: 1.5 }, /temperature/],
    ['no message but system ones', { messages: [{ role: 'system', content: 'x' }] }, /message/],
  ] as const)('refuses %s instead of dropping it', (_what, over, message) => {
    const error = expect.objectContaining({ code: 'BAD_USER_INPUT', message: expect.stringMatching(message) });
    expect(() => dialect.request({ ...call, ...over }, target)).toThrow(error);
  });
});

describe('the answer', () => {
  test('has cache reads and writes added to its input', () => {
    const usage = {
      input_tokens: 10,
      cache_creation_input_tokens: 200,
      cache_read_input_tokens: 3000,
      output_tokens: 7,
    };
    const body = {
      id: 'm1',
      model: 'claude-2025',
      content: [
        { type: 'thinking', thinking: 'hm' },
        { type: 'text', text: 'Hel' },
        { type: 'text', text: 'lo' },
      ],
      stop_reason: 'end_turn',
      usage,
    };
    expect(dialect.parse(body, call)).toEqual({
      id: 'm1',
      text: 'Hello',
      finishReason: 'stop',
      usage: {
        inputTokens: 3210,
        outputTokens: 7,
        totalTokens: 3217,
        cachedInputTokens: 3000,
        cacheWriteTokens: 200,
        reasoningTokens: undefined,
        raw: usage,
      },
      modelId: 'claude-2025',
      content: [
        { type: 'reasoning', text: 'hm' },
        { type: 'text', text: 'Hel' },
        { type: 'text', text: 'lo' },
      ],
      raw: body,
    });
  });

  test('is the input of the tool where output was structured', () => {
    const body = { content: [{ type: 'tool_use', name: 'answer', input: { a: 1 } }], stop_reason: 'tool_use' };
    expect(dialect.parse(body, structured)).toMatchObject({ text: '{"a":1}', finishReason: 'stop', usage: undefined });
  });

  test.each([
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['refusal', 'content-filter'],
    ['tool_use', 'tool-calls'],
    ['pause_turn', 'other'],
  ])('says why it ended: %s is %s', (stop_reason, expected) => {
    expect(dialect.parse({ content: [], stop_reason }, call).finishReason).toBe(expected);
  });

  test('without content is unusable, and one that is an error is a failure', () => {
    expect(() => dialect.parse({}, call)).toThrow(expect.objectContaining({ code: 'UPSTREAM_BAD_RESPONSE' }));
    expect(() => dialect.parse({ type: 'error', error: { type: 'api_error', message: 'x' } }, call)).toThrow(
      expect.objectContaining({ code: 'UPSTREAM_FAILED' }),
    );
  });
});

describe('the stream', () => {
  const start = {
    type: 'message_start',
    message: { id: 'm1', usage: { input_tokens: 10, cache_read_input_tokens: 5, output_tokens: 1 } },
  };
  const delta = (value: object) => ({ type: 'content_block_delta', index: 0, delta: value });
  const text = (value: string) => delta({ type: 'text_delta', text: value });
  const end = (stop_reason: string, usage: object) => [
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason }, usage },
    { type: 'message_stop' },
  ];

  test('is read to its end, where the last word on usage wins', () => {
    const events = [
      start,
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'ping' },
      text('Hel'),
      text('lo'),
      ...end('end_turn', { output_tokens: 20, input_tokens: null }),
    ];
    expect(decode(events)).toEqual([
      { type: 'text', text: 'Hel' },
      { type: 'text', text: 'lo' },
      {
        type: 'finish',
        reason: 'stop',
        id: 'm1',
        usage: {
          inputTokens: 15,
          outputTokens: 20,
          totalTokens: 35,
          cachedInputTokens: 5,
          reasoningTokens: undefined,
          raw: { input_tokens: 10, cache_read_input_tokens: 5, output_tokens: 20 },
        },
      },
    ]);
  });

  test('keeps thinking apart, and ends each thought with its signature', () => {
    const thinking = [
      delta({ type: 'thinking_delta', thinking: 'hm' }),
      delta({ type: 'signature_delta', signature: 's' }),
      { type: 'content_block_start', index: 1, content_block: { type: 'redacted_thinking', data: 'r' } },
    ];
    expect(decode([start, ...thinking, ...end('end_turn', {})])).toMatchObject([
      { type: 'reasoning', text: 'hm' },
      { type: 'reasoning', text: '', signature: { dialect: 'anthropic', value: 's' } },
      { type: 'reasoning', text: '', signature: { dialect: 'anthropic', value: 'r', isRedacted: true } },
      { type: 'finish' },
    ]);
  });

  test('tells what is known of its tokens before it has ended', () => {
    const decoder = dialect.stream(call);
    expect(decoder.usage()).toBeUndefined();
    decoder.push({ data: JSON.stringify(start) });
    expect(decoder.usage()).toMatchObject({ inputTokens: 15, outputTokens: 1 });
  });

  test('gives the JSON of the tool as text where output is structured', () => {
    const json = (partial_json: string) => delta({ type: 'input_json_delta', partial_json });
    const events = [start, json(''), json('{"a"'), json(':1}'), ...end('tool_use', {})];
    expect(decode(events, structured)).toMatchObject([
      { type: 'text', text: '{"a"' },
      { type: 'text', text: ':1}' },
      { type: 'finish', reason: 'stop' },
    ]);
  });

  test('ignores events it does not know', () => {
    expect(decode([start, { type: 'something_new' }, ...end('end_turn', {})])).toHaveLength(1);
  });

  test('that ends before message_stop is truncated', () => {
    const cut = [start, text('half'), { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: {} }];
    expect(() => decode(cut)).toThrow(expect.objectContaining({ code: 'MODEL_STREAM_TRUNCATED' }));
  });

  test('fails with an error event in its middle', () => {
    const overloaded = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
    const limited = { type: 'error', error: { type: 'rate_limit_error', message: 'Slow down' } };
    expect(() => decode([start, text('a'), overloaded])).toThrow(expect.objectContaining({ code: 'UPSTREAM_FAILED' }));
    expect(() => decode([start, text('a'), limited])).toThrow(expect.objectContaining({ code: 'UPSTREAM_REJECTED' }));
  });
});
