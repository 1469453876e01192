import { afterAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import { linkOptions } from '../../schema/options.ts';
import { createAiSource } from '../../sources/ai/ai-source.ts';
import { createModels } from '../../sources/ai/model-client.ts';
import { modelOptions, providerOptions } from '../../sources/ai/options.ts';
import { promptOptions } from '../../sources/prompt/options.ts';
import { createPromptSource } from '../../sources/prompt/prompt-source.ts';
import { createMemorySource } from '../utils/memory-source.ts';
import { createProviderServer, openaiAnswer, sendJson } from '../utils/provider-server.ts';
import { startTestGateway } from '../utils/test-gateway.ts';

describe.each(['direct', 'stitched'] as const)('on the %s way, a result', async (way) => {
  const server = await createProviderServer(({ body }, response) => {
    const [message] = body.messages as { content: string }[];
    if (message?.content === 'down') sendJson(response, {}, 400);
    else sendJson(response, openaiAnswer(message?.content ?? ''));
  });
  let recorded = 0;
  const deps = { log: silentLog, report: ({ message }: { message: string }) => expect.unreachable(message) };
  const models = createModels(
    {
      providers: { stub: providerOptions.parse({ dialect: 'openai', endpoint: server.endpoint }) },
      models: { small: modelOptions.parse({ provider: 'stub', model: 'small-1' }) },
      routes: { default: ['small'] },
    },
    deps,
    undefined,
    // Records have ids as those of a store have.
    { meter: { record: (_, { prompt }) => prompt?.onRecorded?.(`use_${++recorded}`) } },
  );
  const versions = { one: { template: '{{ text }}' }, two: { template: 'two {{ text }}' } };
  const prompts = createPromptSource(
    {
      say: promptOptions.parse({
        input: { text: 'String!' },
        versions,
        release: [{ version: 'one' }, { version: 'two', weight: 0 }],
        header: 'x-say',
      }),
      count: promptOptions.parse({ output: 'Int', template: 'no number' }),
    },
    models,
    deps,
  );
  const shop = createMemorySource({
    name: 'shop',
    sdl: 'type Query { items: [Item!]! } type Item { name: String! }',
    unary: { 'Query.items': () => [{ name: 'a' }, { name: 'b' }] },
  });
  const links = { 'Item.said': linkOptions.parse({ call: 'prompts.say', args: { text: '$parent.name' } }) };
  const gateway = await startTestGateway([shop, createAiSource(models, deps), prompts], links, { way });
  afterAll(async () => {
    await gateway.close();
    await server.close();
  });

  const made = (prompt: string, version: string, count: number) => {
    const hash = expect.stringMatching(/^[0-9a-f]{12}$/);
    const usage = { inputTokens: 5 * count, outputTokens: 2 * count, totalTokens: 7 * count };
    const calls = Array.from({ length: count }, () => expect.stringMatching(/^use_\d$/));
    return { prompt, version, hash, model: 'small', provider: 'stub', count, calls, usage };
  };

  it('says what made it', async () => {
    const { body } = await gateway.post({ query: 'mutation { say(text: "x") }' }, { 'x-say': 'two' });
    const extensions = { skein: { prompts: [made('say', 'two', 1)] } };
    expect(body).toEqual({ data: { say: 'two x' }, extensions });
  });

  it('says it for fields that prompts resolve, beside the plan', async () => {
    const { body } = await gateway.post({ query: '{ items { said } }', extensions: { skein: { plan: true } } });
    expect(body).toMatchObject({
      data: { items: [{ said: 'a' }, { said: 'b' }] },
      extensions: { plan: { way }, skein: { prompts: [made('say', 'one', 2)] } },
    });
  });

  it('says it of answers that do not fit, and not of those that did not come', async () => {
    const unfit = await gateway.post({ query: 'mutation { count }' });
    expect(unfit.body).toMatchObject({
      errors: [{ extensions: { code: 'MODEL_OUTPUT_INVALID' } }],
      extensions: { skein: { prompts: [made('count', 'inline', 1)] } },
    });
    const failed = await gateway.post({ query: 'mutation { say(text: "down") }' });
    expect(failed.body).toMatchObject({ errors: [{ extensions: { code: 'UPSTREAM_REJECTED' } }] });
    expect(failed.body).not.toHaveProperty('extensions');
    expect((await gateway.post({ query: '{ items { name } }' })).body).not.toHaveProperty('extensions');
  });
});
