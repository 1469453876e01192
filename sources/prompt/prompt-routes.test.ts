import { expect, test } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import { createCallContext } from '../../test/utils/call-context.ts';
import { setUpModels } from '../../test/utils/model-harness.ts';
import {
  openaiAnswer,
  openaiChunks,
  openaiEvents,
  type ProviderHandler,
  sendEvents,
  sendJson,
} from '../../test/utils/provider-server.ts';
import { promptOptions } from './options.ts';
import { promptAnswersOf } from './prompt-answers.ts';
import type { PromptEvent } from './prompt-events.ts';
import { createPromptSource } from './prompt-source.ts';

const answers: ProviderHandler = ({ body }, response) => {
  if (body.stream === true) sendEvents(response, openaiEvents(...openaiChunks('Bon', 'jour')));
  else sendJson(response, openaiAnswer('Bonjour'));
};
const PRICE = { price: { input: 1_000, output: 2_000 } };

async function setUp() {
  const models = await setUpModels({
    answers: { a: (_, response) => sendJson(response, {}, 401), b: answers },
    models: { b: PRICE },
  });
  const prompt = promptOptions.parse({ input: { text: 'String!' }, template: '{{ text }}' });
  const deps = { log: silentLog, report: () => expect.unreachable() };
  const { calls } = createPromptSource({ greet: prompt }, models.client, deps).model;
  return { ...models, calls };
}

test('a model that fails is followed by the next of the route, and who answered is told, with what it cost', async () => {
  const { calls, asked, records } = await setUp();
  const call = calls.get('Mutation.greet');
  if (call?.type !== 'unary') throw new Error('no call');
  const { context } = createCallContext();
  expect(await call.invoke({ text: 'x' }, context)).toBe('Bonjour');
  expect(await call.invoke({ text: 'y' }, context)).toBe('Bonjour');
  expect(asked()).toEqual({ a: 2, b: 2 });
  expect(promptAnswersOf(context)).toMatchObject([
    { model: 'b', provider: 'at-b', count: 2, usage: { totalTokens: 14, costUsd: 0.018 } },
  ]);
  expect(records).toMatchObject([{ asked: 'default', model: 'b' }, { model: 'b' }]);
});

test('each event of a stream names the model that answers', async () => {
  const { calls } = await setUp();
  const call = calls.get('Subscription.greetStream');
  if (call?.type !== 'stream') throw new Error('no call');
  const events: unknown[] = [];
  for await (const event of call.open({ text: 'x' }, createCallContext().context)) events.push(event);
  expect(events).toMatchObject([
    { text: 'Bon', model: 'b', provider: 'at-b' },
    { text: 'jour', model: 'b' },
    { text: '', model: 'b', finishReason: 'stop', usage: { costUsd: 0.009 }, cached: false },
  ] satisfies Partial<Record<keyof PromptEvent, unknown>>[]);
});
