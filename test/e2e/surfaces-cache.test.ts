import { afterEach, describe, expect, it } from 'vitest';
import { deferred } from '../utils/deferred.ts';
import { answerAs } from '../utils/surface-providers.ts';
import { type Surfaces, startSurfaces } from '../utils/surfaces.ts';
import { TEST_KEY } from '../utils/test-gateway.ts';
import { expectNoUnhandledRejection } from '../utils/unhandled.ts';

expectNoUnhandledRejection();
let surfaces: Surfaces;
const clock = { time: 1_000_000, now: () => clock.time };
const start = async (origins?: readonly string[]) => {
  surfaces = await startSurfaces({
    keeps: new Map([['openai', { ttlSeconds: 60, scope: 'tenant' }]]),
    clock,
    ...(origins && { origins }),
  });
  surfaces.providers.openai.answer(answerAs('openai', 'text'));
};
afterEach(() => surfaces.close());

const PATHS = ['/v1/chat/completions', '/v1/responses', '/v1/messages'] as const;
const ask = async (path: string, more: object = {}, headers: Record<string, string> = {}) => {
  const messages = [{ role: 'user', content: 'Hi' }];
  const question = path === '/v1/responses' ? { input: 'Hi', max_output_tokens: 9 } : { messages, max_tokens: 9 };
  const response = await fetch(surfaces.origin + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${TEST_KEY}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'openai', ...question, ...more }),
  });
  expect(response.status).toBe(200);
  const told = ['x-skein-cache', 'x-skein-cache-age', 'x-skein-saved-usd'].map((name) => response.headers.get(name));
  return { told, text: await response.text(), headers: response.headers };
};

describe.each(PATHS)('%s', (path) => {
  it.each([false, true])(
    'tells in headers whether an answer was kept, its age and what it saved (stream: %s)',
    async (stream) => {
      await start();
      const first = await ask(path, { stream });
      expect(first.told).toEqual(['miss', null, null]);
      clock.time += 12_900;
      const again = await ask(path, { stream });
      expect(again.told).toEqual(['hit', '12', expect.stringMatching(/^0\.0\d+$/)]);
      expect(again.headers.get('x-skein-model')).toBe('openai');
      const cost = surfaces.records[0]?.costNanoUsd;
      expect(BigInt(Math.round(Number(again.told[2]) * 1e9))).toBe(cost);
      expect(surfaces.records[1]).toMatchObject({ outcome: 'cached', costNanoUsd: 0n, savedNanoUsd: cost });
      expect(surfaces.providers.openai.requests).toHaveLength(1);
    },
  );

  it('gives to a stream what was asked for whole, and says so', async () => {
    await start();
    await ask(path);
    const again = await ask(path, { stream: true });
    expect(again.told.slice(0, 2)).toEqual(['hit', '0']);
    expect(again.text).toContain('Hello');
    expect(surfaces.providers.openai.requests).toHaveLength(1);
  });

  it('asks once for what is asked for at the same time', async () => {
    await start();
    const held = deferred<void>();
    surfaces.providers.openai.answer(async (request, response) => {
      await held.promise;
      answerAs('openai', 'text')(request, response);
    });
    const all = [ask(path), ask(path, { stream: true })];
    await surfaces.providers.openai.nextRequest();
    all.push(ask(path, { stream: true }));
    held.resolve();
    const told = (await Promise.all(all)).map(({ told: [cache] }) => cache);
    expect(told.filter((cache) => cache === 'miss')).toHaveLength(1);
    expect(surfaces.providers.openai.requests).toHaveLength(1);
    await expect.poll(() => surfaces.records.map(({ outcome }) => outcome).sort()).toEqual(['cached', 'cached', 'ok']);
  });

  it('says nothing of it where none are kept', async () => {
    await start();
    surfaces.providers.anthropic.answer(answerAs('anthropic', 'text'));
    expect((await ask(path, { model: 'anthropic' })).told).toEqual([null, null, null]);
  });
});

it('pages of other origins may read it', async () => {
  await start(['https://app.example']);
  const { headers } = await ask('/v1/chat/completions', {}, { origin: 'https://app.example' });
  expect(headers.get('access-control-expose-headers')).toMatch(/x-skein-cache, x-skein-cache-age, x-skein-saved-usd/);
});
