import { describe, expect, onTestFinished, test } from 'vitest';
import { createMemoryLog } from '../../test/utils/call-context.ts';
import { setUpModels } from '../../test/utils/model-harness.ts';
import { openaiAnswer, type ProviderHandler, sendEvents, sendJson } from '../../test/utils/provider-server.ts';
import { createAiSource } from './ai-source.ts';
import { readChatInput } from './chat-input.ts';
import type { ChatMessageInput } from './chat-messages.ts';
import { readSignature, writeSignature } from './signatures.ts';

async function setUp(handler: ProviderHandler, over: Partial<Parameters<typeof setUpModels>[0]> = {}) {
  const models = await setUpModels({ answers: { a: handler }, ...over });
  const source = createAiSource(models.client, { log: createMemoryLog(), report: () => {} });
  onTestFinished(() => source.dispose());
  const invoke = async (coordinate: string, input: object) => {
    const call = source.model.calls.get(coordinate);
    if (call?.type !== 'unary') throw new Error(`${coordinate} is no unary call`);
    return call.invoke({ input }, models.context);
  };
  const stream = async (input: object) => {
    const call = source.model.calls.get('Subscription.chatStream');
    if (call?.type !== 'stream') throw new Error('chatStream is no stream');
    const events: unknown[] = [];
    for await (const event of call.open({ input }, models.context)) events.push(event);
    return events;
  };
  return { ...models, invoke, stream };
}

const question = { role: 'user', content: 'Hi' };
const tools = [{ name: 'weather', parameters: { type: 'object' } }];
const events = (...all: object[]) => all.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');

describe('a conversation with tools', () => {
  const usage = { input_tokens: 1_000, output_tokens: 100, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };
  const content = [
    { type: 'thinking', thinking: 'hm', signature: 'sig' },
    { type: 'text', text: 'I look.' },
    { type: 'tool_use', id: 't1', name: 'weather', input: { city: 'Oslo' } },
  ];
  const answers: ProviderHandler = (_, response) =>
    sendJson(response, { id: 'm1', content, stop_reason: 'tool_use', usage });
  const anthropic = {
    providers: { a: { dialect: 'anthropic' } },
    models: { a: { model: 'claude-haiku-4-5', price: { input: 1, output: 5 } } },
  };

  test('goes back to the model as it came, with what the tool gave', async () => {
    const { invoke, server } = await setUp(answers, anthropic);
    const answer = await invoke('Mutation.chat', { messages: [question], tools, reasoning: { budgetTokens: 2_000 } });
    expect(answer).toMatchObject({
      text: 'I look.',
      finishReason: 'tool-calls',
      reasoning: [{ text: 'hm', signature: expect.any(String) }],
      toolCalls: [{ id: 't1', name: 'weather', arguments: '{"city":"Oslo"}' }],
      usage: { costUsd: 0.0015 },
    });
    const { text, reasoning, toolCalls } = answer as { text: string; reasoning: object[]; toolCalls: object[] };
    const assistant = { role: 'assistant', content: text, reasoning, toolCalls };
    const result = { role: 'tool', toolCallId: 't1', content: 'cold', isError: true };
    await invoke('Mutation.chat', { messages: [question, assistant, result], tools });
    expect(server('a').requests[1]?.body.messages).toEqual([
      question,
      { role: 'assistant', content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'cold', is_error: true }] },
    ]);
  });

  test('is streamed as flat events', async () => {
    const block = (type: string, index: number, rest: object) => ({ type: `content_block_${type}`, index, ...rest });
    const body = events(
      { type: 'message_start', message: { id: 'm1', usage } },
      block('delta', 0, { delta: { type: 'thinking_delta', thinking: 'hm' } }),
      block('delta', 0, { delta: { type: 'signature_delta', signature: 'sig' } }),
      block('start', 1, { content_block: { type: 'tool_use', id: 't1', name: 'weather', input: {} } }),
      block('delta', 1, { delta: { type: 'input_json_delta', partial_json: '{"city":"Oslo"}' } }),
      { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage },
      { type: 'message_stop' },
    );
    const { stream } = await setUp((_, response) => sendEvents(response, body), anthropic);
    const all = await stream({ messages: [question], tools });
    const made = { text: '', model: 'a', provider: 'at-a' };
    const signature = writeSignature({ dialect: 'anthropic', value: 'sig' });
    expect(all).toEqual([
      { index: 0, ...made, reasoning: 'hm' },
      { index: 1, ...made, reasoning: '', signature },
      { index: 2, ...made, toolCall: { index: 0, id: 't1', name: 'weather', arguments: '' } },
      { index: 3, ...made, toolCall: { index: 0, arguments: '{"city":"Oslo"}' } },
      {
        index: 4,
        ...made,
        finishReason: 'tool-calls',
        usage: expect.objectContaining({ inputTokens: 1_000, outputTokens: 100, costUsd: 0.0015 }),
        attempts: [{ model: 'a', provider: 'at-a', outcome: 'ok', latencyMs: 0 }],
        cached: false,
      },
    ]);
  });
});

test('images, a schema and all parameters reach the provider', async () => {
  const { invoke, server } = await setUp((_, response) => sendJson(response, openaiAnswer('{"a":1}')));
  const parts = [
    { text: 'What is it?' },
    { image: { url: 'https://a.example/b.png' } },
    { image: { url: 'data:image/png;base64,iVBO' } },
    { file: { base64: 'JVBE', mediaType: 'application/pdf', name: 'a.pdf' } },
  ];
  const schema = { type: 'object', properties: { a: { type: 'integer' } } };
  await invoke('Mutation.chat', {
    messages: [{ role: 'user', parts }],
    output: { schema },
    reasoning: { effort: 'low' },
    tools,
    tool: 'weather',
    parallelToolCalls: false,
    logprobs: 0,
    metadata: { tier: 'gold' },
  });
  expect(server('a').requests[0]?.body).toEqual({
    model: 'a-upstream',
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is it?' },
          { type: 'image_url', image_url: { url: 'https://a.example/b.png' } },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBO' } },
          { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBE' } },
        ],
      },
    ],
    response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } },
    reasoning_effort: 'low',
    tools: [{ type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }],
    tool_choice: { type: 'function', function: { name: 'weather' } },
    parallel_tool_calls: false,
    logprobs: true,
  });
});

describe('a wrong input is refused with its place', () => {
  const user = (part: object) => [{ role: 'user', parts: [part] }];
  test.each([
    ['messages[0]', { messages: [{ role: 'user' }] }],
    ['messages[0]', { messages: [{ role: 'user', content: 'a', parts: [{ text: 'b' }] }] }],
    ['messages[0].toolCalls', { messages: [{ role: 'user', content: 'a', toolCalls: [] }] }],
    ['messages[0].parts', { messages: [{ role: 'assistant', parts: [{ text: 'a' }] }] }],
    ['messages[0]', { messages: [{ role: 'assistant' }] }],
    ['messages[0].toolCallId', { messages: [{ role: 'tool', content: 'a' }] }],
    ['messages[0].signature', { messages: [{ role: 'assistant', content: 'a', signature: 'AAAA' }] }],
    ['messages[0].parts[0]', { messages: user({}) }],
    ['messages[0].parts[0]', { messages: user({ text: 'a', image: {} }) }],
    ['messages[0].parts[0].image', { messages: user({ image: {} }) }],
    ['messages[0].parts[0].image.url', { messages: user({ image: { url: 'file:///etc/passwd' } }) }],
    ['messages[0].parts[0].image.url', { messages: user({ image: { url: 'data:image/png;base64,%' } }) }],
    ['messages[0].parts[0].image.mediaType', { messages: user({ image: { base64: 'AAAA' } }) }],
    ['messages[0].parts[0].image.mediaType', { messages: user({ image: { base64: 'AAAA', mediaType: 'a,b' } }) }],
    ['tools[0].name', { tools: [{ name: 'a b', parameters: {} }] }],
    ['tools[1].name', { tools: [tools[0], tools[0]] }],
    ['tools[0].parameters', { tools: [{ name: 'a', parameters: 'x' }] }],
    ['tool', { tools, tool: 'other' }],
    ['toolChoice', { toolChoice: 'required' }],
    ['parallelToolCalls', { parallelToolCalls: true }],
    ['reasoning', { reasoning: { effort: 'low', budgetTokens: 5 } }],
    ['output.schema', { output: { schema: [] } }],
    ['logprobs', { logprobs: 21 }],
    ['metadata', { metadata: { a: 1 } }],
  ])('%s: %j', (field, input) => {
    const given = { messages: [question] as unknown as ChatMessageInput[], ...input } as Parameters<
      typeof readChatInput
    >[0];
    expect(() => readChatInput(given)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', message: expect.stringContaining(`"${field}"`) }),
    );
  });
});

describe('vectors', () => {
  const vectors: ProviderHandler = (_, response) =>
    sendJson(response, {
      data: [
        { index: 1, embedding: [3, 4] },
        { index: 0, embedding: [1, 2] },
      ],
      usage: { prompt_tokens: 10, total_tokens: 10 },
    });

  test('are made by the route embed, one for each text, and have their cost', async () => {
    const { invoke, server, records } = await setUp(vectors, {
      models: { a: { model: 'text-embedding-3-small', price: { input: 0.02 } } },
      routes: { embed: ['a'] },
    });
    expect(await invoke('Mutation.embed', { texts: ['x', 'y'], dimensions: 2 })).toMatchObject({
      model: 'a',
      provider: 'at-a',
      embeddings: [
        [1, 2],
        [3, 4],
      ],
      usage: { inputTokens: 10, costUsd: 0.0000002 },
    });
    expect(server('a').requests[0]).toMatchObject({
      path: '/v1/embeddings',
      body: { input: ['x', 'y'], dimensions: 2 },
    });
    expect(records).toMatchObject([{ kind: 'embed', costNanoUsd: 200n, outcome: 'ok' }]);
  });

  test('are not asked of models that make none', async () => {
    const { invoke, asked } = await setUp(vectors, { providers: { a: { dialect: 'anthropic' } } });
    await expect(invoke('Mutation.embed', { model: 'a', texts: ['x'] })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining('makes no embeddings'),
    });
    await expect(invoke('Mutation.embed', { model: 'a', texts: [] })).rejects.toThrow(/"texts"/);
    await expect(invoke('Mutation.embed', { texts: ['x'] })).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
    expect(asked()).toEqual({ a: 0 });
  });
});

test('models tell what they can, hold and cost', async () => {
  const { client } = await setUpModels({
    answers: { a: () => {} },
    models: { a: { price: { input: 0.4, output: 1.6 }, contextTokens: 9, capabilities: { images: false } } },
  });
  const source = createAiSource(client, { log: createMemoryLog(), report: () => {} });
  const call = source.model.calls.get('Query.models');
  const [model, route] = (await (call?.type === 'unary' && call.invoke({}, {} as never))) as [object, object];
  expect(model).toMatchObject({ name: 'a', contextTokens: 9, price: { input: 0.4, output: 1.6 } });
  expect(model).toHaveProperty('capabilities', expect.arrayContaining(['chat', 'tools']));
  expect(model).toHaveProperty('capabilities', expect.not.arrayContaining(['images']));
  expect(route).toMatchObject({ name: 'default', capabilities: undefined, price: undefined });
});

test('signatures are read as they were written, and nothing else is', () => {
  const signature = { dialect: 'openai-responses', value: 'v', id: 'rs_1' };
  expect(readSignature(writeSignature(signature), 'x')).toEqual(signature);
  for (const text of ['', 'AAAA', Buffer.from('{"dialect":"a"}').toString('base64url')])
    expect(() => readSignature(text, 'x')).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
});
