import { describe, expect, test } from 'vitest';
import type { AnswerPart, ModelMessage, ModelPart, ModelRequest } from '../model.ts';
import { createDialect, DIALECT_NAMES, type DialectName } from './index.ts';

const ENDPOINT = 'https://models.example.com/v1';
const target = { model: 'm', maxTokens: 100, stream: false, apiKey: 'sk-1' };
const schema = { type: 'object', properties: { city: { type: 'string' } } };
const tools = [{ name: 'weather', description: 'How it is outside.', parameters: schema }];
const question: ModelMessage = { role: 'user', content: 'Where is it colder?' };

const make = (name: DialectName) => createDialect(name, ENDPOINT);
const bodyOf = (name: DialectName, call: ModelRequest) =>
  JSON.parse(make(name).request(call, target).body) as Record<string, unknown>;

function decode(name: DialectName, events: readonly unknown[], done: readonly string[] = []): ModelPart[] {
  const decoder = make(name).stream({ messages: [question] });
  const parts = [...events.map((event) => JSON.stringify(event)), ...done].flatMap((data) => decoder.push({ data }));
  return [...parts, ...decoder.end()];
}

/** Two calls at once, each begun before the other has ended where the format can. */
const openaiDelta = (...tool_calls: object[]) => ({ choices: [{ delta: { tool_calls } }] });
const block = (type: string, index: number, rest: object) => ({ type: `content_block_${type}`, index, ...rest });
const json = (index: number, partial_json: string) =>
  block('delta', index, { delta: { type: 'input_json_delta', partial_json } });
const item = (type: string, output_index: number, rest: object) => ({
  type: `response.${type}`,
  output_index,
  ...rest,
});

const STREAMS: Readonly<Record<DialectName, { events: readonly unknown[]; done?: readonly string[] }>> = {
  openai: {
    events: [
      openaiDelta({ index: 0, id: 'a', type: 'function', function: { name: 'weather', arguments: '' } }),
      openaiDelta({ index: 1, id: 'b', type: 'function', function: { name: 'weather', arguments: '{"city"' } }),
      openaiDelta({ index: 0, id: 'a', function: { name: 'weather', arguments: '{"city":"Oslo"}' } }),
      openaiDelta({ index: 1, function: { arguments: ':"Bergen"}' } }),
      { choices: [{ delta: {}, finish_reason: 'tool_calls' }] },
    ],
    done: ['[DONE]'],
  },
  'openai-responses': {
    events: [
      item('output_item.added', 3, { item: { type: 'function_call', id: 'x', call_id: 'a', name: 'weather' } }),
      item('output_item.added', 4, { item: { type: 'function_call', id: 'y', call_id: 'b', name: 'weather' } }),
      item('function_call_arguments.delta', 4, { delta: '{"city"' }),
      item('function_call_arguments.delta', 4, { delta: ':"Bergen"}' }),
      item('output_item.done', 3, {
        item: { type: 'function_call', call_id: 'a', name: 'weather', arguments: '{"city":"Oslo"}' },
      }),
      item('output_item.done', 4, {
        item: { type: 'function_call', call_id: 'b', name: 'weather', arguments: '{"city":"Bergen"}' },
      }),
      { type: 'response.completed', response: { status: 'completed' } },
    ],
  },
  anthropic: {
    events: [
      { type: 'message_start', message: {} },
      block('start', 1, { content_block: { type: 'tool_use', id: 'a', name: 'weather', input: {} } }),
      json(1, ''),
      json(1, '{"city":"Oslo"}'),
      block('stop', 1, {}),
      block('start', 2, { content_block: { type: 'tool_use', id: 'b', name: 'weather', input: {} } }),
      json(2, '{"city"'),
      json(2, ':"Bergen"}'),
      block('stop', 2, {}),
      { type: 'message_delta', delta: { stop_reason: 'tool_use' } },
      { type: 'message_stop' },
    ],
  },
  gemini: {
    events: [
      {
        candidates: [{ content: { parts: [{ functionCall: { id: 'a', name: 'weather', args: { city: 'Oslo' } } }] } }],
      },
      {
        candidates: [
          {
            content: { parts: [{ functionCall: { id: 'b', name: 'weather', args: { city: 'Bergen' } } }] },
            finishReason: 'STOP',
          },
        ],
      },
    ],
  },
};

describe.each(DIALECT_NAMES)('tools in %s', (name) => {
  test('are called in steady pieces: index, id and name once, arguments whole when put together', () => {
    const parts = decode(name, STREAMS[name].events, STREAMS[name].done);
    const calls = parts.filter((part) => part.type === 'tool-call');
    expect(calls.filter(({ id }) => id !== undefined).map(({ index, id, name: tool }) => [index, id, tool])).toEqual([
      [0, 'a', 'weather'],
      [1, 'b', 'weather'],
    ]);
    const written = ['', ''];
    for (const { index, arguments: text } of calls) written[index] += text;
    expect(written).toEqual(['{"city":"Oslo"}', '{"city":"Bergen"}']);
    expect(parts.at(-1)).toMatchObject({ type: 'finish', reason: 'tool-calls' });
  });

  test('go out with their schemas, a choice, and results that find their calls', () => {
    const answer: AnswerPart[] = [
      { type: 'text', text: 'I look.' },
      { type: 'tool-call', id: 'a', name: 'weather', arguments: '{"city":"Oslo"}' },
      { type: 'tool-call', id: 'b', name: 'weather', arguments: '' },
    ];
    const body = bodyOf(name, {
      messages: [
        question,
        { role: 'assistant', content: answer },
        { role: 'tool', content: [{ type: 'tool-result', id: 'a', content: 'cold' }] },
        { role: 'tool', content: [{ type: 'tool-result', id: 'b', content: [{ type: 'text', text: '{"c":-9}' }] }] },
        { role: 'user', content: 'And now?' },
      ],
      tools,
      toolChoice: { tool: 'weather' },
    });
    expect(body).toMatchSnapshot();
  });

  test('may be left to the model, forbidden, or wanted', () => {
    const choices = (['auto', 'none', 'required'] as const).map((toolChoice) => {
      const { tool_choice, toolConfig } = bodyOf(name, { messages: [question], tools, toolChoice });
      return tool_choice ?? toolConfig;
    });
    expect(choices).toMatchSnapshot();
  });

  test('that a conversation names wrongly are refused with their place', () => {
    const wrong: ModelMessage[] = [
      question,
      { role: 'assistant', content: [{ type: 'tool-call', id: 'a', name: 'weather', arguments: '{"city' }] },
    ];
    expect(() => bodyOf(name, { messages: wrong })).toThrow(
      expect.objectContaining({
        code: 'BAD_USER_INPUT',
        message: '"messages[1].content[0].arguments" must be the JSON of an object.',
      }),
    );
    expect(() => bodyOf(name, { messages: [{ role: 'tool', content: 'x' }] })).toThrow(/messages\[0\].content/);
  });
});

describe('arguments that are no JSON', () => {
  const openai = (text: string, finish_reason: string) => [
    openaiDelta({ index: 0, id: 'a', function: { name: 'weather', arguments: text } }),
    { choices: [{ delta: {}, finish_reason }] },
  ];
  const message = (text: string) => ({ tool_calls: [{ id: 'a', function: { name: 'weather', arguments: text } }] });

  test.each(['{"city":"secret', '"secret"', '[1]'])('fail the answer when it has ended: %s', (text) => {
    const error = expect.objectContaining({
      code: 'MODEL_OUTPUT_INVALID',
      message: expect.not.stringContaining('secret'),
    });
    expect(() => decode('openai', openai(text, 'tool_calls'))).toThrow(error);
    const body = { choices: [{ message: message(text), finish_reason: 'tool_calls' }] };
    expect(() => make('openai').parse(body, { messages: [] })).toThrow(error);
  });

  test('are what a limit of tokens has left of them, which is told', () => {
    expect(decode('openai', openai('{"ci', 'length')).at(-1)).toMatchObject({ reason: 'length' });
    const body = { choices: [{ message: message('{"ci'), finish_reason: 'length' }] };
    expect(make('openai').parse(body, { messages: [] })).toMatchObject({ finishReason: 'length' });
  });

  test('are what a filter has left of them, in a whole answer as in a stream', () => {
    expect(decode('openai', openai('{"ci', 'content_filter')).at(-1)).toMatchObject({ reason: 'content-filter' });
    const chat = { choices: [{ message: message('{"ci'), finish_reason: 'content_filter' }] };
    const item = { type: 'function_call', call_id: 'a', name: 'weather', arguments: '{"ci' };
    const filtered = { status: 'incomplete', incomplete_details: { reason: 'content_filter' }, output: [item] };
    for (const answer of [
      make('openai').parse(chat, { messages: [] }),
      make('openai-responses').parse(filtered, { messages: [] }),
    ])
      expect(answer).toMatchObject({ finishReason: 'content-filter', content: [{ arguments: '{"ci' }] });
  });

  test('are empty ones where a call has none', () => {
    const events = [
      block('start', 0, { content_block: { type: 'tool_use', id: 'a', name: 'now', input: {} } }),
      block('stop', 0, {}),
      { type: 'message_delta', delta: { stop_reason: 'tool_use' } },
      { type: 'message_stop' },
    ];
    expect(decode('anthropic', events).slice(0, 2)).toEqual([
      { type: 'tool-call', index: 0, id: 'a', name: 'now', arguments: '' },
      { type: 'tool-call', index: 0, arguments: '{}' },
    ]);
  });
});

test('a call may have all its arguments with its beginning', () => {
  const events = [
    block('start', 0, { content_block: { type: 'tool_use', id: 'a', name: 'weather', input: { city: 'Oslo' } } }),
    block('stop', 0, {}),
    { type: 'message_delta', delta: { stop_reason: 'tool_use' } },
    { type: 'message_stop' },
  ];
  const calls = decode('anthropic', events).filter((part) => part.type === 'tool-call');
  expect(calls.map(({ arguments: text }) => text).join('')).toBe('{"city":"Oslo"}');
});

test('servers that do not count their calls are told apart by ids', () => {
  const parts = decode(
    'openai',
    [
      openaiDelta({ id: 'a', function: { name: 'weather', arguments: '{}' } }),
      openaiDelta({ id: 'b', function: { name: 'time', arguments: '{"a"' } }),
      openaiDelta({ function: { arguments: ':1}' } }),
    ],
    ['[DONE]'],
  );
  expect(parts.slice(0, 3)).toEqual([
    { type: 'tool-call', index: 0, id: 'a', name: 'weather', arguments: '{}' },
    { type: 'tool-call', index: 1, id: 'b', name: 'time', arguments: '{"a"' },
    { type: 'tool-call', index: 1, arguments: ':1}' },
  ]);
});

test('servers that count every call as the first are told apart by ids as well', () => {
  const parts = decode(
    'openai',
    [
      openaiDelta({ index: 0, id: 'a', function: { name: 'weather', arguments: '{}' } }),
      openaiDelta({ index: 0, id: 'b', function: { name: 'weather', arguments: '{"a"' } }),
      openaiDelta({ index: 0, function: { arguments: ':1}' } }),
      { choices: [{ delta: {}, finish_reason: 'tool_calls' }] },
    ],
    ['[DONE]'],
  );
  expect(parts.slice(0, -1)).toEqual([
    { type: 'tool-call', index: 0, id: 'a', name: 'weather', arguments: '{}' },
    { type: 'tool-call', index: 1, id: 'b', name: 'weather', arguments: '{"a"' },
    { type: 'tool-call', index: 1, arguments: ':1}' },
  ]);
});

test('a tool that OpenAI was told to call is the reason of the end, although OpenAI says stop then', () => {
  const call = { id: 'a', function: { name: 'weather', arguments: '{}' } };
  const body = { choices: [{ message: { tool_calls: [call] }, finish_reason: 'stop' }] };
  expect(make('openai').parse(body, { messages: [] }).finishReason).toBe('tool-calls');
  const events = [openaiDelta({ index: 0, ...call }), { choices: [{ delta: {}, finish_reason: 'stop' }] }];
  expect(decode('openai', events, ['[DONE]']).at(-1)).toMatchObject({ type: 'finish', reason: 'tool-calls' });
});

test('calls without ids get some that stay here, and thoughts of Gemini go back as they came', () => {
  const call = { functionCall: { name: 'weather', args: { city: 'Oslo' } }, thoughtSignature: 'sig' };
  const body = { candidates: [{ content: { parts: [call] }, finishReason: 'STOP' }] };
  const { content = [] } = make('gemini').parse(body, { messages: [question] });
  expect(content).toEqual([
    {
      type: 'tool-call',
      id: 'skein-call-0',
      name: 'weather',
      arguments: '{"city":"Oslo"}',
      signature: { dialect: 'gemini', value: 'sig' },
    },
  ]);
  const messages: ModelMessage[] = [
    question,
    { role: 'assistant', content },
    { role: 'tool', content: [{ type: 'tool-result', id: 'skein-call-0', content: 'cold' }] },
  ];
  expect(bodyOf('gemini', { messages }).contents).toEqual([
    { role: 'user', parts: [{ text: 'Where is it colder?' }] },
    { role: 'model', parts: [call] },
    { role: 'user', parts: [{ functionResponse: { name: 'weather', response: { output: 'cold' } } }] },
  ]);
});
