import { expect, test } from 'vitest';
import { ASK, answerHello, as, setUpCachedModels } from '../../../test/utils/cached-models.ts';
import { createCallContext } from '../../../test/utils/call-context.ts';
import { setUpModels } from '../../../test/utils/model-harness.ts';
import { openaiAnswer, sendJson } from '../../../test/utils/provider-server.ts';
import { createMemoryStore } from '../../cache/memory-store.ts';
import { noMeter } from '../meter.ts';
import { createCachedModels } from './cached-models.ts';

/** Models of the same names whose answers are kept in one place, as before and after a change of the configuration. */
function setUpChange() {
  const clock = { now: () => 1_000 };
  const store = createMemoryStore({ maxBytes: 10_000_000, clock });
  const options = new Map([['default', { ttlSeconds: 60, scope: 'tenant' as const }]]);
  return async (text: string, provider: object = {}) => {
    const { client, server } = await setUpModels({
      answers: { a: (_, response) => sendJson(response, openaiAnswer(text)) },
      providers: { a: provider },
    });
    const kept = createCachedModels(client, { store, clock, meter: noMeter, options, release: async () => {} });
    const ask = async () => (await kept.generate(kept.route(), ASK, as('acme'))).text;
    return { ask, server: server('a') };
  };
}

test('an answer is not given where the provider of its model is another by now', async () => {
  const configure = setUpChange();
  const before = await configure('from the stand-in');
  const after = await configure('from the provider');
  expect(await before.ask()).toBe('from the stand-in');
  expect(await after.ask()).toBe('from the provider');
  expect(await before.ask()).toBe('from the stand-in');
});

test('an answer is given where only the key of its provider is another, or the patience with it', async () => {
  const configure = setUpChange();
  const before = await configure('Hello');
  const { endpoint, requests } = before.server;
  const after = await configure('', { endpoint, apiKey: 'another', timeoutMs: 1_000 });
  expect([await before.ask(), await after.ask()]).toEqual(['Hello', 'Hello']);
  expect(requests).toHaveLength(1);
});

test('an answer for the one caller is kept for nobody where nobody says who calls', async () => {
  const { client, asked } = await setUpCachedModels(answerHello, { scope: 'caller' });
  const ask = () => client.generate(client.route(), ASK, createCallContext().context);
  await Promise.all([ask(), ask()]);
  await ask();
  expect(asked()).toEqual({ a: 3, b: 0 });
});
