import { expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import { createAiSource } from './ai-source.ts';
import { estimateCallCost, estimateQuestionTokens } from './estimate-cost.ts';
import { createModels } from './model-client.ts';
import { modelOptions, providerOptions } from './options.ts';
import type { ModelRoute } from './routes/route.ts';

/** In nano-USD, what a token costs with a price of one dollar for a million. */
const TOKEN = 1_000n;

it('a call costs what it does at the dearest hour of the day, with thoughts where those are dearer', () => {
  const noon = Date.UTC(2030, 4, 1, 12);
  const price = (at: number) => ({ input: new Date(at).getUTCHours() === 3 ? 10n ** 9n : 5n * 10n ** 8n, output: 0n });
  const routeOf = (pricing: object) =>
    ({ targets: [{ deployment: { pricing, target: { maxTokens: 10 }, capabilities: {} } }] }) as unknown as ModelRoute;
  expect(estimateCallCost(routeOf({ price }), { needs: [], inputTokens: 8 }, noon)).toBe(8n * TOKEN);
  const thinking = { price: () => ({ input: 0n, output: 10n ** 9n, reasoning: 3n * 10n ** 9n }) };
  expect(estimateCallCost(routeOf(thinking), { needs: [], inputTokens: 8 }, noon)).toBe(30n * TOKEN);
});

it('images and files of messages count a thousand each, by bytes or by address, and all else is text', () => {
  const bytes = `data:image/png;base64,${'A'.repeat(1_000_000)}`;
  const asked = (...parts: readonly object[]) => estimateQuestionTokens({ messages: [{ role: 'USER', parts }] });
  for (const image of [
    { url: bytes },
    { base64: 'A'.repeat(1_000_000), mediaType: 'image/png' },
    { url: 'https://a.b' },
  ])
    for (const part of [{ image }, { file: image }]) expect(Math.round(asked(part, part) / 100)).toBe(20);
  expect(asked({ text: bytes })).toBeGreaterThan(250_000);
  const parameters = { image: { base64: 'A'.repeat(1_000_000) } };
  expect(estimateQuestionTokens({ messages: [], tools: [{ name: 't', parameters }] })).toBeGreaterThan(250_000);
  for (const messages of [undefined, null, 7, [null, 'x', { parts: 3 }, { parts: [null, 7, { image: null }] }]])
    expect(estimateQuestionTokens({ messages })).toBeLessThan(20);
});

it('a chat and an embedding cost what they ask and what may be answered, by the model that they name', () => {
  const report = ({ message }: { readonly message: string }) => expect.unreachable(message);
  const deps = { log: silentLog, report };
  const model = (input: number) =>
    modelOptions.parse({ provider: 'stub', model: 'm', maxTokens: 50, price: { input, output: 2 * input } });
  const models = createModels(
    {
      providers: { stub: providerOptions.parse({ dialect: 'openai', endpoint: 'http://127.0.0.1:9' }) },
      models: { small: model(1), large: model(10) },
      routes: { default: ['small'] },
    },
    deps,
  );
  const source = createAiSource(models, deps);
  onTestFinished(() => source.dispose());
  const estimate = (coordinate: string, known: Readonly<Record<string, unknown>>) => {
    const told = source.estimate?.(coordinate);
    return typeof told === 'function' ? told(known) : told;
  };
  const messages = [{ role: 'USER', content: 'Hello, you!' }];
  const tokens = BigInt(Math.ceil(JSON.stringify({ messages }).length / 4));
  expect(estimate('Mutation.chat', { input: { messages } })).toBe((tokens + 100n) * TOKEN);
  expect(estimate('Subscription.chatStream', { input: { messages, maxTokens: 5 } })).toBe((tokens + 10n) * TOKEN);
  expect(estimate('Mutation.chat', { input: { messages, model: 'large' } })).toBe((tokens + 100n) * 10n * TOKEN);
  const texts = ['Hello, you!'];
  const ofTexts = BigInt(Math.ceil(JSON.stringify({ texts }).length / 4));
  expect(estimate('Mutation.embed', { input: { texts, model: 'small' } })).toBe(ofTexts * TOKEN);
  expect(estimate('Query.models', {})).toBeUndefined();
  // What is refused anyway costs nothing, and breaks nothing.
  expect(estimate('Mutation.embed', { input: { texts } })).toBe(0n);
  for (const input of [undefined, null, 7, [], { model: 'none' }, { model: 3, maxTokens: Number.NaN, messages: 'x' }])
    expect(estimate('Mutation.chat', { input })).toBeTypeOf('bigint');
  expect(estimate('Mutation.chat', { input: { maxTokens: 1e300 } })).toBeGreaterThan(0n);
});
