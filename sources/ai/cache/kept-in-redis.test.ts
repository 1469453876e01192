import { afterAll, expect, test } from 'vitest';
import { silentLog, systemClock } from '../../../kernel/ports.ts';
import { createCallContext } from '../../../test/utils/call-context.ts';
import { setUpModels } from '../../../test/utils/model-harness.ts';
import { openaiAnswer, sendJson } from '../../../test/utils/provider-server.ts';
import { startRedis } from '../../../test/utils/redis-server.ts';
import { createRedisStore } from '../../cache/redis-store.ts';
import { noMeter } from '../meter.ts';
import { createCachedModels } from './cached-models.ts';

const redis = await startRedis();
afterAll(() => redis?.stop());

test.runIf(redis !== undefined)('instances share their answers in Redis', async () => {
  const { client, asked } = await setUpModels({
    answers: { a: (_, response) => sendJson(response, openaiAnswer('Hello “you”')) },
  });
  const instance = () => {
    const store = createRedisStore({ url: redis?.url ?? '', prefix: 'answers', waitMs: 5_000, log: silentLog });
    const options = new Map([['default', { ttlSeconds: 60, scope: 'tenant' as const }]]);
    return createCachedModels(client, { store, clock: systemClock, meter: noMeter, options, release: store.dispose });
  };
  const [one, other] = [instance(), instance()];
  const request = { messages: [{ role: 'user', content: 'Hi' }] } as const;
  const ask = async (models: typeof one) => {
    const { context } = createCallContext({ callerScope: 'acme/one' });
    return models.generate(models.route(), request, context);
  };
  await ask(one);
  await expect.poll(async () => (await ask(other)).made?.isCached).toBe(true);
  const before = asked().a;
  expect(await ask(other)).toMatchObject({ text: 'Hello “you”', finishReason: 'stop', made: { model: 'a' } });
  expect(asked().a).toBe(before);
  await Promise.all([one.dispose(), other.dispose()]);
});
