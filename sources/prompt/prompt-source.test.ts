import { readFileSync } from 'node:fs';
import { buildSchema } from 'graphql';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { createCallContext } from '../../test/utils/call-context.ts';
import {
  createProviderServer,
  openaiAnswer,
  openaiChunks,
  openaiEvents,
  type ProviderHandler,
  sendEvents,
  sendJson,
} from '../../test/utils/provider-server.ts';
import { createModels } from '../ai/model-client.ts';
import { modelOptions, providerOptions } from '../ai/options.ts';
import type { Arguments } from '../source.ts';
import { type PromptOptions, promptOptions } from './options.ts';
import { createPromptSource } from './prompt-source.ts';

const SENTIMENT = {
  description: 'How the writer feels.',
  input: { text: 'String!' },
  types: 'enum Label { POSITIVE NEGATIVE } type Sentiment { label: Label! score: Float! note: String count: Int }',
  output: 'Sentiment!',
  temperature: 0,
  template: 'Classify: {{ text }}',
};

async function setUp(prompts: Record<string, object>, handler?: ProviderHandler) {
  const server = await createProviderServer(handler);
  const problems: unknown[] = [];
  const { context, log } = createCallContext();
  const deps = { log, report: (problem: unknown) => void problems.push(problem) };
  const stub = providerOptions.parse({ dialect: 'openai', endpoint: server.endpoint });
  const model = modelOptions.parse({ provider: 'stub', model: 'upstream-id' });
  const models = createModels({ providers: { stub }, models: { stub: model }, routes: { default: ['stub'] } }, deps);
  const entries = Object.entries(prompts).map(([name, options]) => [name, promptOptions.parse(options)] as const);
  const source = createPromptSource(Object.fromEntries(entries), models, deps);
  expect(problems).toEqual([]);
  onTestFinished(async () => {
    await models.dispose();
    await server.close();
  });
  async function invoke(name: string, args: Arguments): Promise<unknown> {
    const call = source.model.calls.get(`Mutation.${name}`);
    if (call?.type !== 'unary') throw new Error(`${name} is no unary call`);
    return call.invoke(args, context);
  }
  function open(name: string, args: Arguments) {
    const call = source.model.calls.get(`Subscription.${name}`);
    if (call?.type !== 'stream') throw new Error(`${name} is no stream`);
    return call.open(args, context);
  }
  return { server, source, invoke, open, log };
}

const answering =
  (content: string): ProviderHandler =>
  (_, response) =>
    sendJson(response, openaiAnswer(content));

test('prompts are fields whose root may be null, with the description of the prompt', async () => {
  const { source } = await setUp({
    summarize: { description: 'The text in short.', input: { text: 'String!', words: 'Int' }, template: '{{ text }}' },
    classify: SENTIMENT,
    tags: { output: '[String!]!', template: 'x' },
  });
  expect(() => buildSchema(source.model.sdl)).not.toThrow();
  expect(source.model.sdl.split('"Why a model stopped."')[0]).toMatchInlineSnapshot(`
    "type Mutation {
    """The text in short."""
    summarize(text: String!, words: Int): String
    """How the writer feels."""
    classify(text: String!): Sentiment
    tags: [String!]
    """Says how good an answer of a prompt was. Said again by the same caller of the same call, it replaces what was said."""
    promptFeedback(input: PromptFeedbackInput!): PromptFeedback
    }

    """What somebody thinks of an answer of a prompt."""
    input PromptFeedbackInput {
    """Id of the call, as it stands beside its answer."""
    call: ID!
    """From 0, as bad as can be, to 1, as good; kept to a thousandth."""
    score: Float!
    """At most 2,000 characters."""
    comment: String
    }

    """What is kept of what somebody thinks of an answer of a prompt."""
    type PromptFeedback {
    """Id of the call."""
    call: ID!
    """Name of the prompt."""
    prompt: String!
    """The version that was asked by."""
    version: String!
    """From 0 to 1, to a thousandth."""
    score: Float!
    comment: String
    }

    type Subscription {
    """
    The text in short.

    Gives the text as it is written.
    """
    summarizeStream(text: String!, words: Int): PromptStreamEvent
    }

    "
  `);
  expect([...source.model.calls.keys()]).toEqual([
    'Mutation.summarize',
    'Subscription.summarizeStream',
    'Mutation.classify',
    'Mutation.tags',
    'Mutation.promptFeedback',
  ]);
});

test('the prompts of the quickstart are without mistakes', async () => {
  const file = new URL('../../examples/quickstart/skein.yaml', import.meta.url);
  const { prompts } = parseYaml(readFileSync(file, 'utf8')) as { prompts: Record<string, PromptOptions> };
  const { source } = await setUp(prompts);
  expect(source.model.calls.size).toBeGreaterThan(Object.keys(prompts).length);
  expect(() => buildSchema(source.model.sdl)).not.toThrow();
});

test('arguments are described in the graph, on the field and on its stream', async () => {
  const text = { type: 'String!', description: 'The text, in """any""" "language".\nAs long as you like.' };
  const { source, invoke, server } = await setUp(
    { shorten: { input: { text, to: 'Int', by: { type: 'Int' } }, template: '{{ text }} {{ to }}' } },
    answering('short'),
  );
  const schema = buildSchema(`${source.model.sdl} type Query { a: Int }`);
  const { shorten } = schema.getMutationType()?.getFields() ?? {};
  const { shortenStream } = schema.getSubscriptionType()?.getFields() ?? {};
  for (const field of [shorten, shortenStream]) {
    expect(field?.args.map(({ name, type, description }) => [name, String(type), description])).toEqual([
      ['text', 'String!', text.description],
      ['to', 'Int', undefined],
      ['by', 'Int', undefined],
    ]);
  }
  expect(await invoke('shorten', { text: 'Long', to: 3 })).toBe('short');
  expect(server.requests[0]?.body).toMatchObject({ messages: [{ content: 'Long 3' }] });
});

describe('a prompt for text', () => {
  const translate = {
    input: { text: 'String!', to: 'String', lines: '[Line!]' },
    types: 'input Line { a: String b: String }',
    system: 'Into {{ to }}{% if to == nil %}English{% endif %}.',
    template: 'Translate: {{ text }}{% for line in lines %} {{ line.a }}/{{ line.b }}{% endfor %}',
    maxTokens: 50,
    temperature: 0.2,
  };

  test('sends its templates filled with the arguments, and gives the text', async () => {
    const { invoke, server } = await setUp({ translate }, answering('Bonjour'));
    expect(await invoke('translate', { text: '{{ to }}', to: 'French', lines: [{ a: '1' }] })).toBe('Bonjour');
    expect(server.requests[0]?.body).toEqual({
      model: 'upstream-id',
      messages: [
        { role: 'system', content: 'Into French.' },
        { role: 'user', content: 'Translate: {{ to }} 1/' },
      ],
      max_tokens: 50,
      temperature: 0.2,
    });
  });

  test('reads arguments that were left out as nothing', async () => {
    const { invoke, server } = await setUp({ translate }, answering('Hello'));
    await invoke('translate', { text: 'Hallo' });
    expect(server.requests[0]?.body.messages).toEqual([
      { role: 'system', content: 'Into English.' },
      { role: 'user', content: 'Translate: Hallo' },
    ]);
  });

  test('streams the text', async () => {
    const { open } = await setUp({ translate }, (_, response) =>
      sendEvents(response, openaiEvents(...openaiChunks('Bon', 'jour'))),
    );
    const events: unknown[] = [];
    for await (const event of open('translateStream', { text: 'Hello' })) events.push(event);
    expect(events).toMatchObject([
      { index: 0, text: 'Bon', model: 'stub' },
      { index: 1, text: 'jour', model: 'stub' },
      { index: 2, text: '', finishReason: 'stop', usage: { totalTokens: 7 } },
    ]);
  });

  test("closes the provider's socket when the reader of the stream stops", async () => {
    const { open, server } = await setUp({ translate }, (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`data: ${JSON.stringify(openaiChunks('Bon')[0])}\n\n`);
    });
    const events = open('translateStream', { text: 'Hello' });
    expect(await events.next()).toMatchObject({ value: { text: 'Bon' } });
    await events.return?.();
    await server.requests[0]?.closed;
  });

  test('whose arguments fill the template beyond its bounds is refused, and nothing is sent', async () => {
    const { invoke, open, server } = await setUp({ translate });
    const args = { text: 'x'.repeat(2_000_001) };
    const error = expect.objectContaining({
      code: 'BAD_USER_INPUT',
      extensions: { code: 'BAD_USER_INPUT', source: 'prompts', operation: 'translate' },
    });
    await expect(invoke('translate', args)).rejects.toEqual(error);
    expect(() => open('translateStream', args)).toThrow(error);
    expect(server.requests).toEqual([]);
  });
});

describe('a prompt for structured output', () => {
  test('asks for its type as JSON Schema and gives the value', async () => {
    const value = { label: 'POSITIVE', score: 0.9, note: null, count: 3 };
    const { invoke, server } = await setUp({ classify: SENTIMENT }, answering(JSON.stringify(value)));
    expect(await invoke('classify', { text: 'Great' })).toEqual(value);
    expect(server.requests[0]?.body).toMatchObject({
      temperature: 0,
      response_format: {
        type: 'json_schema',
        json_schema: {
          name: 'classify',
          strict: true,
          schema: {
            required: ['label', 'score', 'note', 'count'],
            properties: { label: { enum: ['POSITIVE', 'NEGATIVE'] }, count: { type: ['integer', 'null'] } },
          },
        },
      },
    });
  });

  test('takes lists, enums and numbers out of the object they come in', async () => {
    const { invoke, server } = await setUp({
      tags: { output: '[String!]!', template: 'x' },
      label: { output: 'Label!', types: 'enum Label { A B }', template: 'x' },
      count: { output: 'Int', template: 'x' },
    });
    const ask = (name: string, value: unknown) => {
      server.answer(answering(JSON.stringify({ value })));
      return invoke(name, {});
    };
    expect(await ask('tags', ['a', 'b'])).toEqual(['a', 'b']);
    expect(await ask('label', 'B')).toBe('B');
    expect(await ask('count', null)).toBeNull();
    await expect(ask('tags', ['a', 1])).rejects.toThrow('does not fit [String!]!: /1 must be string.');
    await expect(ask('label', 'C')).rejects.toThrow('the answer must be equal to one of the allowed values');
  });

  const right = { label: 'POSITIVE', score: 1, note: null, count: null };
  test.each([
    ['is not JSON', 'I feel good: secret', 'it is not JSON'],
    ['is half a JSON', '{"label":"secret', 'it is not JSON'],
    ['has another root', '["secret"]', 'the answer must be object'],
    ['lacks a field', '{"label":"POSITIVE","note":"secret"}', "the answer must have required property 'score'"],
    ['has a field too many', JSON.stringify({ ...right, secret: 1 }), 'the answer must NOT have additional properties'],
    ['has a wrong enum value', JSON.stringify({ ...right, label: 'secret' }), '/label must be equal to one of'],
    ['has null where none may be', JSON.stringify({ ...right, score: null }), '/score must be number'],
    ['has a number beyond all numbers', JSON.stringify(right).replace('1', '1e999'), '/score must be number'],
    ['has an Int of more than 32 bits', JSON.stringify({ ...right, count: 2 ** 31 }), '/count must be <= 2147483647'],
  ])('fails when the answer %s, without quoting it', async (_what, content, reason) => {
    const { invoke } = await setUp({ classify: SENTIMENT }, answering(content));
    const error = (await invoke('classify', { text: 'x' }).catch((caught: unknown) => caught)) as Error;
    expect(error).toMatchObject({
      code: 'MODEL_OUTPUT_INVALID',
      extensions: { code: 'MODEL_OUTPUT_INVALID', source: 'prompts', operation: 'classify' },
    });
    expect(error.message).toContain(`The answer to the prompt "classify" does not fit Sentiment!: ${reason}`);
    expect(error.message).not.toContain('secret');
  });

  test('says when the answer was cut at the limit of tokens', async () => {
    const cut = openaiAnswer('{"label":');
    Object.assign((cut.choices as object[])[0] ?? {}, { finish_reason: 'length' });
    const { invoke } = await setUp({ classify: SENTIMENT }, (_, response) => sendJson(response, cut));
    await expect(invoke('classify', { text: 'x' })).rejects.toThrow('it was cut at the limit of tokens');
  });
});

test("a provider's failure stays what it is", async () => {
  const { invoke } = await setUp({ classify: SENTIMENT }, (_, response) => sendJson(response, {}, 503));
  await expect(invoke('classify', { text: 'x' })).rejects.toMatchObject({
    extensions: { code: 'UPSTREAM_FAILED', source: 'ai', operation: 'stub', upstreamStatus: 503 },
  });
});
