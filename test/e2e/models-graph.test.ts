import { afterAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import { createAiSource } from '../../sources/ai/ai-source.ts';
import { createModels } from '../../sources/ai/model-client.ts';
import { modelOptions, providerOptions } from '../../sources/ai/options.ts';
import { readEvents } from '../utils/events.ts';
import { createMemorySource } from '../utils/memory-source.ts';
import { createProviderServer, sendEvents, sendJson } from '../utils/provider-server.ts';
import { startTestGateway } from '../utils/test-gateway.ts';

const usage = { prompt_tokens: 1_000, completion_tokens: 100, total_tokens: 1_100 };
const call = (index: number, rest: object) => ({ choices: [{ delta: { tool_calls: [{ index, ...rest }] } }] });
const EVENTS = [
  { choices: [{ delta: { reasoning_content: 'hm' } }] },
  { choices: [{ delta: { content: 'I look.' } }] },
  call(0, { id: 't1', function: { name: 'weather', arguments: '' } }),
  call(0, { function: { arguments: '{"city":"Oslo"}' } }),
  { choices: [{ delta: {}, finish_reason: 'tool_calls' }] },
  { choices: [], usage },
];
const ANSWER = {
  id: 'c1',
  choices: [
    {
      message: {
        reasoning_content: 'hm',
        content: 'I look.',
        tool_calls: [{ id: 't1', function: { name: 'weather', arguments: '{"city":"Oslo"}' } }],
      },
      finish_reason: 'tool_calls',
    },
  ],
  usage,
};

describe.each(['direct', 'stitched'] as const)('on the %s way, models', async (way) => {
  const down = await createProviderServer((_, response) => sendJson(response, { error: { message: 'down' } }, 500));
  const server = await createProviderServer(({ path, body }, response) => {
    if (path.endsWith('/embeddings')) sendJson(response, { data: [{ index: 0, embedding: [0.5, -1] }] });
    else if (body.stream === true)
      sendEvents(response, EVENTS.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''), 'data: [DONE]\n\n');
    else sendJson(response, ANSWER);
  });
  const deps = { log: silentLog, report: ({ message }: { message: string }) => expect.unreachable(message) };
  const provider = (endpoint: string) => providerOptions.parse({ dialect: 'openai', endpoint });
  const model = (name: string, over: object = {}) =>
    modelOptions.parse({ provider: name, model: `${name}-1`, ...over });
  const models = createModels(
    {
      providers: { down: provider(down.endpoint), up: provider(server.endpoint) },
      models: {
        first: model('down'),
        second: model('up', { price: { input: 1, output: 5 }, capabilities: { seed: false }, contextTokens: 9_000 }),
      },
      routes: { default: ['first', 'second'], embed: ['second'] },
    },
    deps,
  );
  const shop = createMemorySource({ name: 'shop', sdl: 'type Query { a: Int }', unary: { 'Query.a': () => 1 } });
  const gateway = await startTestGateway([shop, createAiSource(models, deps)], {}, { way });
  afterAll(async () => {
    await gateway.close();
    await Promise.all([down.close(), server.close()]);
  });

  const input = {
    messages: [
      { role: 'USER', parts: [{ text: 'How is it there?' }, { image: { url: 'https://a.example/b.png' } }] },
      { role: 'ASSISTANT', toolCalls: [{ id: 't0', name: 'weather', arguments: '{}' }] },
      { role: 'TOOL', toolCallId: 't0', content: 'no city' },
    ],
    tools: [{ name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } }],
    toolChoice: 'REQUIRED',
    reasoning: { effort: 'LOW' },
    output: { schema: { type: 'object' } },
  };
  const attempts = [
    { model: 'first', outcome: 'UPSTREAM_FAILED' },
    { model: 'second', outcome: 'ok' },
  ];

  it('answer with text, thoughts, calls of tools, cost and who was asked', async () => {
    const { body } = await gateway.post({
      query: `mutation ($input: ChatInput!) { chat(input: $input) {
        text model provider finishReason reasoning { text } toolCalls { id name arguments }
        usage { inputTokens outputTokens costUsd } attempts { model outcome }
      } }`,
      variables: { input },
    });
    expect(body).toEqual({
      data: {
        chat: {
          text: 'I look.',
          model: 'second',
          provider: 'up',
          finishReason: 'TOOL_CALLS',
          reasoning: [{ text: 'hm' }],
          toolCalls: [{ id: 't1', name: 'weather', arguments: '{"city":"Oslo"}' }],
          usage: { inputTokens: 1_000, outputTokens: 100, costUsd: 0.0015 },
          attempts,
        },
      },
    });
    expect(server.requests.at(-1)?.body).toEqual({
      model: 'up-1',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'How is it there?' },
            { type: 'image_url', image_url: { url: 'https://a.example/b.png' } },
          ],
        },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 't0', type: 'function', function: { name: 'weather', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 't0', content: 'no city' },
      ],
      reasoning_effort: 'low',
      tools: [{ type: 'function', function: input.tools[0] }],
      tool_choice: 'required',
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'answer', strict: true, schema: { type: 'object' } },
      },
    });
  });

  it('stream the same as flat events', async () => {
    const response = await fetch(gateway.url, {
      method: 'POST',
      headers: { ...gateway.headers, 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({
        query: `subscription ($input: ChatInput!) { chatStream(input: $input) {
          index text reasoning model toolCall { index id name arguments } finishReason usage { costUsd } attempts { model outcome }
        } }`,
        variables: { input },
      }),
    });
    const none = { text: '', reasoning: null, model: 'second', toolCall: null };
    const going = { ...none, finishReason: null, usage: null, attempts: null };
    const events: unknown[] = [];
    for await (const { event, data } of readEvents(response)) if (event === 'next') events.push(JSON.parse(data));
    expect(events).toEqual(
      [
        { index: 0, ...going, reasoning: 'hm' },
        { index: 1, ...going, text: 'I look.' },
        { index: 2, ...going, toolCall: { index: 0, id: 't1', name: 'weather', arguments: '' } },
        { index: 3, ...going, toolCall: { index: 0, id: null, name: null, arguments: '{"city":"Oslo"}' } },
        { index: 4, ...none, finishReason: 'TOOL_CALLS', usage: { costUsd: 0.0015 }, attempts },
      ].map((chatStream) => ({ data: { chatStream } })),
    );
  });

  it('make vectors, and tell what they can', async () => {
    const { body } = await gateway.post({
      query: `mutation { embed(input: { texts: ["x"] }) { model embeddings usage { costUsd } } }`,
    });
    expect(body).toEqual({ data: { embed: { model: 'second', embeddings: [[0.5, -1]], usage: null } } });
    const listed = await gateway.post({
      query: '{ models { name capabilities contextTokens price { input output } } }',
    });
    expect(listed.body).toMatchObject({
      data: {
        models: [
          { name: 'first', price: null },
          { name: 'second', contextTokens: 9_000, price: { input: 1, output: 5 } },
          { name: 'default', capabilities: null },
          { name: 'embed' },
        ],
      },
    });
    const [, second] = (listed.body as { data: { models: { capabilities: string[] }[] } }).data.models;
    expect(second?.capabilities).toContain('STRUCTURED_OUTPUT');
    expect(second?.capabilities).not.toContain('SEED');
  });

  it('refuse what they cannot before anybody is asked', async () => {
    const asked = server.requests.length;
    const { body } = await gateway.post({
      query:
        'mutation { chat(input: { model: "second", seed: 1, messages: [{ role: USER, content: "Hi" }] }) { text } }',
    });
    expect(body).toMatchObject({
      data: { chat: null },
      errors: [{ message: expect.stringContaining('"seed"'), extensions: { code: 'BAD_USER_INPUT' } }],
    });
    expect(server.requests).toHaveLength(asked);
  });
});
