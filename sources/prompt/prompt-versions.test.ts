import { describe, expect, onTestFinished, test } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import type { Problem } from '../../kernel/problem.ts';
import { createCallContext } from '../../test/utils/call-context.ts';
import {
  createProviderServer,
  openaiAnswer,
  openaiChunks,
  openaiEvents,
  sendEvents,
  sendJson,
} from '../../test/utils/provider-server.ts';
import { startTestGateway } from '../../test/utils/test-gateway.ts';
import { createAiSource } from '../ai/ai-source.ts';
import { createModels } from '../ai/model-client.ts';
import { modelOptions, providerOptions } from '../ai/options.ts';
import type { Arguments } from '../source.ts';
import { promptOptions } from './options.ts';
import { promptAnswersOf } from './prompt-answers.ts';
import { createPromptSource } from './prompt-source.ts';
import { shortHash, versionHash } from './version-hash.ts';

const TRANSLATE = promptOptions.parse({
  input: { text: 'String!' },
  versions: {
    plain: { template: 'Translate: {{ text }}', temperature: 0.5 },
    careful: { system: 'Be careful.', template: 'Please translate: {{ text }}', route: 'large', maxTokens: 9 },
    kept: { template: 'Not released: {{ text }}' },
  },
  release: [
    { version: 'plain', weight: 90 },
    { version: 'careful', weight: 10 },
  ],
  header: 'x-translate',
});

async function setUp(prompts: Record<string, object>) {
  const server = await createProviderServer((request, response) => {
    if (request.body.stream === true) sendEvents(response, openaiEvents(...openaiChunks('Bon', 'jour')));
    else sendJson(response, openaiAnswer('Bonjour'));
  });
  const problems: Problem[] = [];
  const deps = { log: silentLog, report: (problem: Problem) => void problems.push(problem) };
  const stub = providerOptions.parse({ dialect: 'openai', endpoint: server.endpoint });
  const model = (id: string) => modelOptions.parse({ provider: 'stub', model: id });
  const models = createModels(
    {
      providers: { stub },
      models: { small: model('small-1'), big: model('big-1') },
      routes: { default: ['small'], large: ['big'] },
    },
    deps,
  );
  onTestFinished(async () => {
    await models.dispose();
    await server.close();
  });
  const entries = Object.entries(prompts).map(([name, options]) => [name, promptOptions.parse(options)] as const);
  const source = createPromptSource(Object.fromEntries(entries), models, deps);
  const { calls } = source.model;
  async function ask(name: string, args: Arguments, context = createCallContext().context) {
    const call = calls.get(`Mutation.${name}`);
    if (call?.type !== 'unary') throw new Error('no call');
    return { value: await call.invoke(args, context), made: promptAnswersOf(context) };
  }
  async function read(name: string, args: Arguments, context = createCallContext().context) {
    const call = calls.get(`Subscription.${name}`);
    if (call?.type !== 'stream') throw new Error('no stream');
    const events: unknown[] = [];
    for await (const event of call.open(args, context)) events.push(event);
    return events;
  }
  return { server, models, source, problems, ask, read };
}

const as = (headers: Record<string, string>, callerScope = 'me') => createCallContext({ headers, callerScope }).context;

describe('versions of a prompt', () => {
  test('are one field, and each asks in its own words, by its own route', async () => {
    const { source, server, ask, problems } = await setUp({ translate: TRANSLATE });
    expect(problems).toEqual([]);
    expect(source.model.sdl).toMatch(
      /^type Mutation \{\ntranslate\(text: String!\): String\n[^}]*promptFeedback[^}]*\}/,
    );
    await ask('translate', { text: 'Hello' }, as({ 'x-translate': 'plain' }));
    await ask('translate', { text: 'Hello' }, as({ 'x-translate': 'careful' }));
    expect(server.requests.map(({ body }) => body)).toEqual([
      { model: 'small-1', messages: [{ role: 'user', content: 'Translate: Hello' }], temperature: 0.5 },
      {
        model: 'big-1',
        messages: [
          { role: 'system', content: 'Be careful.' },
          { role: 'user', content: 'Please translate: Hello' },
        ],
        max_tokens: 9,
      },
    ]);
    await expect(ask('translate', { text: 'Hello' }, as({ 'x-translate': 'kept' }))).rejects.toMatchObject({
      extensions: { code: 'BAD_USER_INPUT', source: 'prompts', operation: 'translate' },
    });
    expect(server.requests).toHaveLength(2);
  });

  test('are told with the answers they made, counted by kind, and only to the request that they were made for', async () => {
    const { ask } = await setUp({ translate: TRANSLATE, echo: { input: { text: 'String!' }, template: '{{ text }}' } });
    const { context } = createCallContext({ headers: { 'x-translate': 'careful' } });
    await ask('translate', { text: 'a' }, context);
    await ask('echo', { text: 'a' }, context);
    const { made } = await ask('translate', { text: 'b' }, context);
    expect(made).toEqual([
      {
        prompt: 'translate',
        version: 'careful',
        hash: shortHash(versionHash(TRANSLATE, 'careful')),
        model: 'big',
        provider: 'stub',
        count: 2,
        usage: { inputTokens: 10, outputTokens: 4, totalTokens: 14 },
      },
      expect.objectContaining({ prompt: 'echo', version: 'inline', model: 'small', count: 1 }),
    ]);
    expect((await ask('translate', { text: 'c' }, as({}))).made).toHaveLength(1);
    expect(promptAnswersOf(createCallContext().context)).toEqual([]);
  });

  test('are told with an answer that does not fit, too', async () => {
    const { ask } = await setUp({ count: { output: 'Int', template: 'x' } });
    const { context } = createCallContext();
    await expect(ask('count', {}, context)).rejects.toMatchObject({ code: 'MODEL_OUTPUT_INVALID' });
    expect(promptAnswersOf(context)).toMatchObject([{ prompt: 'count', version: 'inline', count: 1 }]);
  });

  test('are named by every event of a stream', async () => {
    const { read, source } = await setUp({ translate: TRANSLATE });
    const made = {
      version: 'careful',
      versionHash: shortHash(versionHash(TRANSLATE, 'careful')),
      model: 'big',
      provider: 'stub',
    };
    expect(await read('translateStream', { text: 'Hello' }, as({ 'x-translate': 'careful' }))).toEqual([
      { index: 0, text: 'Bon', ...made },
      { index: 1, text: 'jour', ...made },
      {
        index: 2,
        text: '',
        finishReason: 'stop',
        usage: expect.objectContaining({ totalTokens: 7 }),
        ...made,
        cached: false,
        call: undefined,
      },
    ]);
    expect(source.model.sdl).toMatch(
      /type PromptStreamEvent \{[^}]*usage: PromptUsage[^}]*cached: Boolean[^}]*call: ID\n\}/,
    );
  });

  test('get their shares of what callers ask', async () => {
    const { server, ask } = await setUp({ translate: TRANSLATE });
    const callers = Array.from({ length: 300 }, (_, index) => `default/config:${index}`);
    for (let start = 0; start < callers.length; start += 30) {
      await Promise.all(
        callers.slice(start, start + 30).map((scope) => ask('translate', { text: 'x' }, as({}, scope))),
      );
    }
    // Of 300 draws at 10 %, 15 more or less is about three standard deviations; the callers are always the same.
    const careful = server.requests.filter(({ body }) => body.model === 'big-1').length;
    expect(careful).toBeGreaterThanOrEqual(15);
    expect(careful).toBeLessThanOrEqual(45);
    expect(server.requests).toHaveLength(300);
  });

  test.each(['direct', 'stitched'] as const)('are given to callers by the ids that the front has, %s', async (way) => {
    const release = [{ version: 'plain' }, { version: 'careful', weight: 0, callers: { keys: ['config:test'] } }];
    const { models, source, server } = await setUp({ translate: { ...TRANSLATE, release } });
    const deps = { log: silentLog, report: () => {} };
    const gateway = await startTestGateway([createAiSource(models, deps), source], {}, { way });
    const { body } = await gateway.post({ query: 'mutation { translate(text: "x") }' });
    expect(body).toMatchObject({ data: { translate: 'Bonjour' } });
    expect(server.requests.map(({ body: { model } }) => model)).toEqual(['big-1']);
    await gateway.close();
  });

  test('with mistakes leave the prompt out, and are told with those of routes', async () => {
    const versions = { a: { template: '{{ b }}', route: 'larg' }, b: { template: 'x' } };
    const { problems, source } = await setUp({
      bad: { versions, release: [{ version: 'b' }] },
      good: { template: 'x' },
    });
    expect(problems.map(({ path, message }) => `${path?.join('.')}: ${message}`)).toEqual([
      'bad.versions.a.route: There is no model or route "larg". Did you mean "large"?',
      'bad.versions.a.template: Line 1 of the template reads "b", which is no input of the prompt.',
    ]);
    expect([...source.model.calls.keys()]).toEqual([
      'Mutation.good',
      'Subscription.goodStream',
      'Mutation.promptFeedback',
    ]);
  });
});

describe('examples of a prompt', () => {
  test('stand before the question as turns of a conversation', async () => {
    const { server, ask } = await setUp({
      shorten: {
        input: { text: 'String!', words: 'Int' },
        system: 'At most {{ words }} words.',
        template: 'Shorten{% if words %} to {{ words }}{% endif %}: {{ text }}',
        examples: [{ input: { text: 'a {{ b }} c' }, output: '{{ b }}' }],
      },
    });
    await ask('shorten', { text: 'd', words: 3 });
    expect(server.requests[0]?.body.messages).toEqual([
      { role: 'system', content: 'At most 3 words.' },
      { role: 'user', content: 'Shorten: a {{ b }} c' },
      { role: 'assistant', content: '{{ b }}' },
      { role: 'user', content: 'Shorten to 3: d' },
    ]);
  });

  test('answer structured output as the model has to: as JSON, lists in their field', async () => {
    const { server, ask } = await setUp({
      tags: { output: '[String!]!', template: 'x', examples: [{ output: ['a'] }] },
      label: {
        types: 'type Label { name: String! note: String }',
        output: 'Label',
        template: 'x',
        examples: [{ output: { name: 'a', note: null } }],
      },
    });
    for (const name of ['tags', 'label']) await ask(name, {}).catch(() => {});
    expect(server.requests.map(({ body }) => (body.messages as { content: string }[])[1]?.content)).toEqual([
      '{"value":["a"]}',
      '{"name":"a","note":null}',
    ]);
  });
});
