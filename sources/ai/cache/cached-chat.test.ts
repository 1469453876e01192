import { expect, test } from 'vitest';
import { setUpModels } from '../../../test/utils/model-harness.ts';
import { openaiAnswer, openaiChunks, openaiEvents, sendEvents, sendJson } from '../../../test/utils/provider-server.ts';
import { createMemoryStore } from '../../cache/memory-store.ts';
import { createAiSource } from '../ai-source.ts';
import { noMeter } from '../meter.ts';
import { createCachedModels } from './cached-models.ts';

const INPUT = { input: { messages: [{ role: 'user', content: 'Hi' }] } };

async function setUp() {
  const { client, context, log } = await setUpModels({
    answers: {
      a: ({ body }, response) => {
        if (body.stream === true) sendEvents(response, openaiEvents(...openaiChunks('Hel', 'lo')));
        else sendJson(response, openaiAnswer('Hello'));
      },
    },
    models: { a: { price: { input: 1_000, output: 2_000 } } },
  });
  const clock = { time: 1_000, now: () => clock.time };
  const options = new Map([['default', { ttlSeconds: 60, scope: 'tenant' as const }]]);
  const store = createMemoryStore({ maxBytes: 10_000_000, clock });
  const models = createCachedModels(client, { store, clock, meter: noMeter, options, release: async () => {} });
  const { model } = createAiSource(models, { log, report: () => {} });
  const chat = model.calls.get('Mutation.chat');
  const chatStream = model.calls.get('Subscription.chatStream');
  if (chat?.type !== 'unary' || chatStream?.type !== 'stream') throw new Error('There is no chat.');
  const last = async () => {
    let event: unknown;
    for await (const next of chatStream.open(INPUT, context)) event = next;
    return event;
  };
  return { clock, chat: () => chat.invoke(INPUT, context), last };
}

test('a chat says whether its answer was kept, how long, and what it saved', async () => {
  const { chat, clock } = await setUp();
  expect(await chat()).toMatchObject({ cached: false, usage: { costUsd: 0.009 } });
  clock.time += 3_999;
  const kept = { costUsd: 0, savedUsd: 0.009, totalTokens: 0 };
  expect(await chat()).toMatchObject({ text: 'Hello', cached: true, cacheAgeSeconds: 3, attempts: [], usage: kept });
});

test('a streamed chat says so with its last event', async () => {
  const { last, clock } = await setUp();
  expect(await last()).toMatchObject({ cached: false, usage: { costUsd: 0.009 } });
  clock.time += 3_999;
  const kept = { costUsd: 0, savedUsd: 0.009, totalTokens: 0 };
  expect(await last()).toMatchObject({ cached: true, cacheAgeSeconds: 3, attempts: [], usage: kept });
});
