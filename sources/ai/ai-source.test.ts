import { buildSchema, validateSchema } from 'graphql';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createCallContext, createMemoryLog } from '../../test/utils/call-context.ts';
import {
  createProviderServer,
  openaiAnswer,
  openaiChunks,
  openaiEvents,
  sendEvents,
  sendJson,
} from '../../test/utils/provider-server.ts';
import type { Arguments } from '../source.ts';
import { createAiSource } from './ai-source.ts';
import { createModels } from './model-client.ts';
import { modelOptions, providerOptions } from './options.ts';

async function setUp(routes: Record<string, string[]> = { default: ['stub'] }) {
  const server = await createProviderServer((request, response) => {
    if (request.body.stream === true) sendEvents(response, openaiEvents(...openaiChunks('Hel', 'lo')));
    else sendJson(response, openaiAnswer('Hello'));
  });
  const deps = { log: createMemoryLog(), report: () => {} };
  const stub = providerOptions.parse({ dialect: 'openai', endpoint: server.endpoint });
  const model = modelOptions.parse({ provider: 'stub', model: 'upstream-id' });
  const models = createModels({ providers: { stub }, models: { stub: model }, routes }, deps);
  const source = createAiSource(models, deps);
  const { context, abort } = createCallContext();
  onTestFinished(async () => {
    await source.dispose();
    await server.close();
  });
  async function invoke(coordinate: string, args: Arguments = {}): Promise<unknown> {
    const call = source.model.calls.get(coordinate);
    if (call?.type !== 'unary') throw new Error(`${coordinate} is no unary call`);
    return call.invoke(args, context);
  }
  function open(coordinate: string, args: Arguments) {
    const call = source.model.calls.get(coordinate);
    if (call?.type !== 'stream') throw new Error(`${coordinate} is no stream`);
    return call.open(args, context);
  }
  return { server, source, invoke, open, abort, log: deps.log };
}

const answered = { model: 'stub', provider: 'stub', outcome: 'ok', latencyMs: expect.any(Number) };
const messages = [{ role: 'user', content: 'Hi' }];
const usage = expect.objectContaining({
  inputTokens: 5,
  outputTokens: 2,
  totalTokens: 7,
  cachedInputTokens: undefined,
});

describe('the SDL', () => {
  test('is valid, has a call for each root field, and describes everything', async () => {
    const { source } = await setUp();
    const schema = buildSchema(source.model.sdl);
    expect(validateSchema(schema)).toEqual([]);
    const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
    const fields = roots.flatMap((type) =>
      Object.keys(type?.getFields() ?? {}).map((field) => `${type?.name}.${field}`),
    );
    expect([...source.model.calls.keys()].sort()).toEqual(fields.sort());
    const lines = source.model.sdl.split('\n');
    const undescribed = lines.filter(
      (line, index) =>
        /^( {2}\w|type [^QMS]|type Sub.+Event|input|enum)/.test(line) && !/^ *"/.test(lines[index - 1] ?? ''),
    );
    expect(undescribed).toEqual([]);
  });

  test('names each enum value as the canonical word it stands for', async () => {
    const { source } = await setUp();
    const schema = buildSchema(source.model.sdl);
    for (const [name, values] of source.model.enumValues ?? []) {
      const type = schema.getType(name);
      expect(Object.keys(values)).toEqual(
        type !== undefined && 'getValues' in type ? type.getValues().map((value) => value.name) : undefined,
      );
    }
  });
});

test('models are listed with the routes to them', async () => {
  const { invoke } = await setUp();
  expect(await invoke('Query.models')).toMatchObject([
    { name: 'stub', provider: 'stub' },
    { name: 'default', provider: undefined },
  ]);
});

test('a chat gives the answer under our own name of the model', async () => {
  const { invoke, server } = await setUp();
  expect(await invoke('Mutation.chat', { input: { messages } })).toEqual({
    id: 'c1',
    model: 'stub',
    text: 'Hello',
    finishReason: 'stop',
    usage,
    provider: 'stub',
    reasoning: [],
    toolCalls: [],
    attempts: [answered],
    cached: false,
  });
  const parameters = { maxTokens: 5, temperature: 0, topP: 1, stop: ['x'], seed: 0 };
  await invoke('Mutation.chat', { input: { model: 'stub', messages, ...parameters } });
  expect(server.requests[1]?.body).toEqual({
    model: 'upstream-id',
    messages,
    max_tokens: 5,
    temperature: 0,
    top_p: 1,
    stop: ['x'],
    seed: 0,
  });
});

test('null is the same as absent', async () => {
  const { invoke, server } = await setUp();
  const nothing = { model: null, maxTokens: null, temperature: null, topP: null, stop: null, seed: null };
  await invoke('Mutation.chat', { input: { messages, ...nothing } });
  expect(server.requests[0]?.body).toEqual({ model: 'upstream-id', messages });
});

describe('a wrong input', () => {
  test.each([
    [{ messages: [] }, 'messages'],
    [{ messages, maxTokens: 0 }, 'maxTokens'],
    [{ messages, temperature: 2.1 }, 'temperature'],
    [{ messages, temperature: -1 }, 'temperature'],
    [{ messages, topP: 1.5 }, 'topP'],
    [{ messages, stop: ['a', ''] }, 'stop'],
  ])('%j is refused before anything is sent', async (input, field) => {
    const { invoke, open, server } = await setUp();
    const error = expect.objectContaining({ code: 'BAD_USER_INPUT', message: expect.stringContaining(`"${field}"`) });
    await expect(invoke('Mutation.chat', { input })).rejects.toEqual(error);
    expect(() => open('Subscription.chatStream', { input })).toThrow(error);
    expect(server.requests).toEqual([]);
  });

  test('may be a model that is not there, or none where no route is the default', async () => {
    const { invoke } = await setUp();
    const error = expect.objectContaining({ code: 'MODEL_NOT_FOUND', message: expect.stringContaining('"stub"?') });
    await expect(invoke('Mutation.chat', { input: { model: 'stbu', messages } })).rejects.toEqual(error);
    const bare = await setUp({});
    await expect(bare.invoke('Mutation.chat', { input: { messages } })).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
    });
    expect(bare.log.lines).toContainEqual(expect.objectContaining({ level: 'warn' }));
  });
});

describe('a streamed chat', () => {
  const made = { model: 'stub', provider: 'stub' };

  test('gives events counted from 0, the last with reason and usage', async () => {
    const { open } = await setUp();
    const events: unknown[] = [];
    for await (const event of open('Subscription.chatStream', { input: { messages } })) events.push(event);
    expect(events).toEqual([
      { index: 0, text: 'Hel', ...made },
      { index: 1, text: 'lo', ...made },
      { index: 2, text: '', ...made, finishReason: 'stop', usage, attempts: [answered], cached: false },
    ]);
  });

  test('that is cut gives the text so far and then fails', async () => {
    const { open, server } = await setUp();
    server.answer((_, response) => sendEvents(response, `data: ${JSON.stringify(openaiChunks('half')[0])}\n\n`));
    const events = open('Subscription.chatStream', { input: { messages } });
    expect(await events.next()).toMatchObject({ value: { text: 'half' } });
    await expect(events.next()).rejects.toMatchObject({ code: 'MODEL_STREAM_TRUNCATED' });
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  test("closes the provider's socket when its reader stops", async () => {
    const { open, server } = await setUp();
    server.answer(
      (_, response) => void response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders(),
    );
    const events = open('Subscription.chatStream', { input: { messages } });
    const first = events.next();
    const { closed } = await server.nextRequest();
    await events.return?.();
    await closed;
    expect(await first).toEqual({ done: true, value: undefined });
  });
});

test('the probe reaches the provider', async () => {
  const { source } = await setUp();
  await expect(source.probe(new AbortController().signal)).resolves.toBeUndefined();
});
