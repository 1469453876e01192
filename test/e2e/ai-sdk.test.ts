import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { silentLog, systemClock } from '../../kernel/ports.ts';
import { createAiSource } from '../../sources/ai/ai-source.ts';
import { createCachedModels } from '../../sources/ai/cache/cached-models.ts';
import type { ModelCallRecord } from '../../sources/ai/meter.ts';
import { createModels } from '../../sources/ai/model-client.ts';
import { modelOptions, providerOptions, routeOptions } from '../../sources/ai/options.ts';
import { createMemoryStore } from '../../sources/cache/memory-store.ts';
import { promptOptions } from '../../sources/prompt/options.ts';
import { createPromptSource } from '../../sources/prompt/prompt-source.ts';
import { readEvents } from '../utils/events.ts';
import { createProviderServer, type ProviderServer, sendJson } from '../utils/provider-server.ts';
import { bedrock, cohere, frame, sendStream } from '../utils/sdk-wires.ts';
import { startTestGateway, type TestGateway } from '../utils/test-gateway.ts';

const MODEL = 'anthropic.claude-haiku-4-5-20251001-v1:0';
const records: ModelCallRecord[] = [];
let aws: ProviderServer;
let other: ProviderServer;
let gateway: TestGateway;

beforeAll(async () => {
  [aws, other] = await Promise.all([createProviderServer(), createProviderServer()]);
  const deps = {
    log: silentLog,
    report: ({ message }: { readonly message: string }) => {
      throw new Error(message);
    },
  };
  const meter = { record: (record: ModelCallRecord) => void records.push(record) };
  const packaged = { dialect: 'ai-sdk', apiKey: 'key-of-the-provider' };
  const client = createModels(
    {
      providers: {
        bedrock: providerOptions.parse({ apiKey: 'k', endpoint: aws.endpoint, settings: { region: 'eu-central-1' } }),
        cohere: providerOptions.parse({ ...packaged, package: '@ai-sdk/cohere', endpoint: other.endpoint }),
      },
      models: {
        claude: modelOptions.parse({
          provider: 'bedrock',
          model: MODEL,
          price: 'known',
          capabilities: { reasoning: true },
        }),
        command: modelOptions.parse({ provider: 'cohere', model: 'command-a-03-2025', price: { input: 1, output: 2 } }),
      },
      routes: { default: routeOptions.parse(['claude', 'command']) },
    },
    deps,
    undefined,
    { meter },
  );
  const models = createCachedModels(client, {
    store: createMemoryStore({ maxBytes: 10_000_000 }),
    ...{ meter, clock: systemClock, options: new Map(), release: async () => {} },
  });
  const prompt = { template: 'Greet {{ name }}.', input: { name: 'String!' }, cache: { ttlSeconds: 60 } };
  const prompts = createPromptSource({ greet: promptOptions.parse(prompt) }, models, deps);
  gateway = await startTestGateway([createAiSource(models, deps), prompts], {}, {});
});
afterAll(async () => {
  await gateway.close();
  await Promise.all([aws.close(), other.close()]);
});
beforeEach(() => {
  records.length = 0;
});

describe('models behind packages of the AI SDK', () => {
  it('answer chats in the graph, at the price of their host', async () => {
    aws.answer((_, response) => sendJson(response, bedrock.answer('Hello')));
    const { body } = await gateway.post({
      query: `mutation { chat(input: { messages: [{ role: SYSTEM, content: "Be brief." }, { role: USER, content: "Hi" }] }) {
        text model finishReason usage { inputTokens outputTokens cachedInputTokens costUsd } attempts { outcome }
      } }`,
    });
    expect(body).toMatchObject({
      data: {
        chat: {
          ...{ text: 'Hello', model: 'claude', finishReason: 'STOP', attempts: [{ outcome: 'ok' }] },
          usage: { inputTokens: 11, outputTokens: 4, cachedInputTokens: 4, costUsd: expect.any(Number) },
        },
      },
    });
    expect(aws.requests.at(-1)?.body).toMatchObject({ system: [{ text: 'Be brief.' }] });
    expect(records).toMatchObject([{ outcome: 'ok', provider: 'bedrock', modelId: MODEL, isEstimated: false }]);
    expect(records[0]?.costNanoUsd).toBeGreaterThan(0n);
  });

  it('stream thoughts, text and calls of tools as events of the graph', async () => {
    aws.answer((_, response) =>
      sendStream(
        response,
        bedrock,
        frame('contentBlockDelta', { contentBlockIndex: 0, delta: { reasoningContent: { text: 'Hm' } } }),
        frame('contentBlockDelta', { contentBlockIndex: 0, delta: { reasoningContent: { signature: 'sealed' } } }),
        frame('contentBlockStop', { contentBlockIndex: 0 }),
        ...bedrock.call('call_1', 'weather', '{"city":', '"Oslo"}'),
        ...bedrock.end(true),
      ),
    );
    const query = `subscription { chatStream(input: {
      messages: [{ role: USER, content: "How warm is it?" }], reasoning: { effort: LOW },
      tools: [{ name: "weather", parameters: { type: "object" } }]
    }) { text reasoning toolCall { index id name arguments } finishReason usage { costUsd } } }`;
    const response = await fetch(gateway.url, {
      method: 'POST',
      headers: { ...gateway.headers, 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query }),
    });
    const events: { reasoning?: string; toolCall?: { arguments: string }; finishReason?: string }[] = [];
    for await (const { event, data } of readEvents(response))
      if (event === 'next') events.push((JSON.parse(data) as { data: { chatStream: object } }).data.chatStream);
    expect(events[0]?.reasoning).toBe('Hm');
    expect(events.map(({ toolCall }) => toolCall?.arguments ?? '').join('')).toBe('{"city":"Oslo"}');
    expect(events.at(-1)).toMatchObject({ finishReason: 'TOOL_CALLS', usage: { costUsd: expect.any(Number) } });
    expect(aws.requests.at(-1)?.body).toMatchObject({
      additionalModelRequestFields: { thinking: { type: 'enabled', budget_tokens: 2_048 } },
    });
  });

  it('go on to the next of their route, and refuse what none of them can', async () => {
    aws.answer((_, response) => sendJson(response, { message: 'Too many requests' }, 429));
    other.answer((_, response) => sendJson(response, cohere.answer('Hi there')));
    const ask = (more: string) =>
      gateway.post({
        query: `mutation { chat(input: { messages: [{ role: USER, content: "Hi" }] ${more} }) {
          text model attempts { model outcome } usage { costUsd }
        } }`,
      });
    expect((await ask('')).body).toMatchObject({
      data: {
        chat: {
          ...{ text: 'Hi there', model: 'command', usage: { costUsd: 0.000019 } },
          attempts: [
            { model: 'claude', outcome: 'UPSTREAM_REJECTED' },
            { model: 'command', outcome: 'ok' },
          ],
        },
      },
    });
    expect((await ask('seed: 1')).body).toMatchObject({
      errors: [{ message: expect.stringContaining('"seed"'), extensions: { code: 'BAD_USER_INPUT' } }],
    });
    other.answer((_, response) => sendJson(response, { message: 'down' }, 500));
    const { body } = await ask('');
    expect(body).toMatchObject({ errors: [{ extensions: { code: 'UPSTREAM_FAILED' } }] });
    expect(JSON.stringify(body)).not.toMatch(/key-of|127\.0\.0\.1|Too many|down/);
  });

  it('answer prompts, whose answers are kept', async () => {
    aws.answer((_, response) => sendJson(response, bedrock.answer('Good day, Ada.')));
    const asked = aws.requests.length;
    const greet = () => gateway.post({ query: 'mutation { greet(name: "Ada") }' });
    for (const _ of [1, 2]) expect((await greet()).body).toMatchObject({ data: { greet: 'Good day, Ada.' } });
    expect(aws.requests.length).toBe(asked + 1);
    expect(records.map(({ outcome }) => outcome)).toEqual(['ok', 'cached']);
  });
});
