import { describe, expect, onTestFinished, test } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import { ProblemsError } from '../../kernel/problem.ts';
import { createCallContext } from '../../test/utils/call-context.ts';
import {
  createProviderServer,
  openaiChunks,
  openaiEvents,
  type ProviderHandler,
  sendEvents,
  sendJson,
} from '../../test/utils/provider-server.ts';
import { createModels } from '../ai/model-client.ts';
import { modelOptions, providerOptions } from '../ai/options.ts';
import { type PromptTrial, runPrompt } from './run-prompt.ts';

const SENTIMENT = {
  input: { text: 'String!', tone: 'Tone' },
  types: 'enum Tone { SOFT LOUD } enum Label { GOOD BAD } type Sentiment { label: Label! }',
  output: 'Sentiment!',
  template: 'Classify{% if tone %} ({{ tone }}){% endif %}: {{ text }}',
};

async function setUp(handler: ProviderHandler) {
  const server = await createProviderServer(handler);
  const deps = { log: silentLog, report: () => {} };
  const upstream = { retries: false, breaker: false };
  const stub = providerOptions.parse({ dialect: 'openai', endpoint: server.endpoint, upstream });
  const names = ['a', 'b', 'c', 'd', 'e'];
  const entries = names.map((name) => [name, modelOptions.parse({ provider: 'stub', model: `${name}-1` })] as const);
  const paid = providerOptions.parse({ dialect: 'openai', endpoint: server.endpoint, apiKey: '' });
  const keyless = modelOptions.parse({ provider: 'paid', model: 'x' });
  const client = createModels(
    {
      providers: { stub, paid },
      models: { ...Object.fromEntries(entries), keyless },
      routes: { default: ['b'] },
    },
    deps,
  );
  onTestFinished(async () => {
    await client.dispose();
    await server.close();
  });
  const { context, abort } = createCallContext();
  const run = (trial: Partial<PromptTrial> & Pick<PromptTrial, 'options'>) =>
    runPrompt({ input: {}, models: ['a'], client, context, ...trial });
  return { server, client, run, abort };
}

const saying =
  (...texts: readonly string[]): ProviderHandler =>
  (_, response) =>
    sendEvents(response, openaiEvents(...openaiChunks(...texts)));

async function problemsOf(running: Promise<unknown>): Promise<string[]> {
  const error = await running.catch((caught: unknown) => caught);
  if (!(error instanceof ProblemsError)) throw error;
  return error.problems.map(({ path, message }) => `${path?.join('.')}: ${message}`);
}

test('models are asked side by side, and each says what it wrote and whether it fits', async () => {
  const { run, server } = await setUp((request, response) => {
    switch (request.body.model) {
      case 'a-1':
        return saying('{"label":', '"GOOD"}')(request, response);
      case 'b-1':
        return saying('I like it')(request, response);
      case 'c-1':
        return sendJson(response, { error: { message: 'no' } }, 503);
      default:
        return sendEvents(response, `data: ${JSON.stringify(openaiChunks('{"la')[0])}\n\n`);
    }
  });
  const input = { text: 'Nice {{ tone }}', tone: 'SOFT' };
  let now = 0;
  const clock = {
    now: () => {
      now += 10;
      return now;
    },
  };
  const models = ['a', 'default', 'c', 'd'];
  const runs = await run({ options: SENTIMENT, input, models, clock, concurrency: 1 });
  const usage = expect.objectContaining({ inputTokens: 5, outputTokens: 2, totalTokens: 7 });
  expect(runs).toEqual([
    {
      ...{ name: 'a', model: 'a', provider: 'stub', output: { label: 'GOOD' }, error: undefined, isValid: true },
      ...{ text: '{"label":"GOOD"}', finishReason: 'stop', usage, latencyMs: 20, firstTokenMs: 10 },
    },
    {
      ...{ name: 'default', model: 'b', provider: 'stub', output: undefined, isValid: false },
      error: expect.objectContaining({ code: 'MODEL_OUTPUT_INVALID' }),
      ...{ text: 'I like it', finishReason: 'stop', usage, latencyMs: 20, firstTokenMs: 10 },
    },
    {
      ...{ name: 'c', model: 'c', provider: 'stub', output: undefined, isValid: undefined },
      error: expect.objectContaining({ code: 'UPSTREAM_FAILED' }),
      ...{ text: '', finishReason: undefined, usage: undefined, latencyMs: 10, firstTokenMs: undefined },
    },
    {
      ...{ name: 'd', model: 'd', provider: 'stub', output: undefined, isValid: undefined },
      error: expect.objectContaining({ code: 'MODEL_STREAM_TRUNCATED' }),
      ...{ text: '{"la', finishReason: undefined, usage: undefined, latencyMs: 20, firstTokenMs: 10 },
    },
  ]);
  expect(server.requests[0]?.body.messages).toEqual([{ role: 'user', content: 'Classify (SOFT): Nice {{ tone }}' }]);
});

test('one of several versions is run without a release, by models of choice and not by its route', async () => {
  const { run, server } = await setUp(saying('Bonjour'));
  const options = { versions: { one: { template: 'x', route: 'nobody' }, two: { template: 'y', maxTokens: 3 } } };
  expect(await run({ options, version: 'two' })).toMatchObject([{ output: 'Bonjour', isValid: true }]);
  expect(server.requests[0]?.body).toMatchObject({ model: 'a-1', max_tokens: 3, messages: [{ content: 'y' }] });
  expect(await problemsOf(run({ options }))).toEqual([
    'version: The prompt has several versions: name one of one, two.',
  ]);
  expect(await problemsOf(run({ options, version: 'tow' }))).toEqual([
    'version: There is no version "tow". Did you mean "two"?',
  ]);
});

test('no more models are asked at a time than allowed', async () => {
  const { run, client } = await setUp(saying('x'));
  let active = 0;
  let most = 0;
  const counted: typeof client = {
    ...client,
    async *stream(...asked) {
      active += 1;
      most = Math.max(most, active);
      yield* client.stream(...asked);
      active -= 1;
    },
  };
  const models = ['a', 'b', 'c', 'd', 'e'];
  const runs = await run({ options: { template: 'x' }, models, client: counted, concurrency: 2 });
  expect(runs.map(({ model, text }) => `${model} ${text}`)).toEqual(['a x', 'b x', 'c x', 'd x', 'e x']);
  expect(most).toBe(2);
});

test('a cancelled run closes what it has opened, asks nobody else, and says why it ended', async () => {
  const { run, server, abort } = await setUp((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`data: ${JSON.stringify(openaiChunks('Bon')[0])}\n\n`);
  });
  const running = run({ options: { template: 'x' }, models: ['a', 'b', 'c'], concurrency: 2 });
  const ended = expect(running).rejects.toMatchObject({ code: 'CLIENT_CLOSED_REQUEST' });
  const [one, two] = [await server.nextRequest(), await server.nextRequest()];
  abort();
  await ended;
  await Promise.all([one.closed, two.closed]);
  expect(server.requests).toHaveLength(2);
});

test('an answer without end is cut', async () => {
  const piece = `data: ${JSON.stringify(openaiChunks('x'.repeat(100_000))[0])}\n\n`;
  const { run, server } = await setUp((request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const write = () => {
      while (!response.destroyed && response.write(piece));
    };
    response.on('drain', write);
    write();
    return request;
  });
  const [result] = await run({ options: { template: 'x' } });
  expect(result).toMatchObject({ error: { code: 'UPSTREAM_RESPONSE_TOO_LARGE' }, output: undefined });
  expect(result?.text.length).toBeLessThan(2_200_000);
  await server.requests[0]?.closed;
});

describe('nobody is asked, and all mistakes are told at once', () => {
  test('in the draft and in the models', async () => {
    const { run, server } = await setUp(saying('x'));
    const options = { ...SENTIMENT, template: '{{ txt }}', output: 'Sentimen!' };
    expect(await problemsOf(run({ options, models: ['a', 'aa', 'keyless'] }))).toMatchInlineSnapshot(`
      [
        "models.1: There is no model or route "aa". Did you mean "a"?",
        "models.2: The model "keyless" is not available: its provider "paid" has no key.",
        "options.output: There is no type "Sentimen". Did you mean "Sentiment"?",
        "options.template: Line 1 of the template reads "txt", which is no input of the prompt. Did you mean "text"?",
      ]
    `);
    expect(await problemsOf(run({ options: { template: 7 }, models: [] }))).toEqual([
      'models: At least one model must be named.',
      'options.template: Invalid input: expected string, received number',
    ]);
    expect(await problemsOf(run({ options: { template: 'x' }, models: Array(21).fill('a') }))).toEqual([
      'models: At most 20 models can be asked at once.',
    ]);
    expect(server.requests).toEqual([]);
  });

  test('in the input, by the rules of GraphQL', async () => {
    const { run, server } = await setUp(saying('x'));
    expect(await problemsOf(run({ options: SENTIMENT, input: { tone: 'HARSH', txt: 'x' } }))).toMatchInlineSnapshot(`
      [
        "input.txt: The prompt has no input "txt". Did you mean "text"?",
        "input.text: The input "text" is missing: it must be a String!.",
        "input.tone: Value "HARSH" does not exist in "Tone" enum.",
      ]
    `);
    const input = { text: 'x'.repeat(2_000_001) };
    await expect(run({ options: SENTIMENT, input, name: 'mood' })).rejects.toMatchObject({
      message: 'The template of the prompt "mood" cannot be filled with these arguments.',
      code: 'BAD_USER_INPUT',
    });
    expect(server.requests).toEqual([]);
  });
});
