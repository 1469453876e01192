import { describe, expect, test } from 'vitest';
import { setUpModels } from '../../../test/utils/model-harness.ts';
import { openaiAnswer, type ProviderHandler, sendJson } from '../../../test/utils/provider-server.ts';
import type { ModelRequest } from '../model.ts';
import type { Models } from '../model-client.ts';

const fails =
  (status: number): ProviderHandler =>
  (_, response) =>
    sendJson(response, {}, status);
const answers: ProviderHandler = (_, response) => sendJson(response, openaiAnswer('Hello'));
const messages = [{ role: 'user', content: 'Hi' }] as const;
/** What only a provider of OpenAI's format takes. */
const ONE_TOOL: ModelRequest = {
  messages,
  tools: [{ name: 'look', parameters: { type: 'object' } }],
  parallelToolCalls: false,
};
const SEED: ModelRequest = { messages, seed: 7 };
const NO_SEED = { models: { b: { capabilities: { seed: false } } } };
const GEMINI = { providers: { b: { dialect: 'gemini', apiKey: 'k' } } };

type Context = Awaited<ReturnType<typeof setUpModels>>['context'];
const asks: readonly [string, (client: Models, request: ModelRequest, context: Context) => Promise<unknown>][] = [
  ['for a whole answer', (client, request, context) => client.generate(client.route(), request, context)],
  ['for a stream', (client, request, context) => client.stream(client.route(), request, context).next()],
];

describe.each(asks)('a route that is asked %s', (_how, ask) => {
  test('tells the failure of one model, and why the next was left out', async () => {
    const { client, context, asked } = await setUpModels({ answers: { a: fails(500), b: answers }, ...NO_SEED });
    await expect(ask(client, SEED, context)).rejects.toMatchObject({
      code: 'UPSTREAM_FAILED',
      message:
        'The source failed. Another model of the route could not be asked: "seed" asks for more than the model "b" can: it takes no seed.',
      extensions: { operation: 'a', upstreamStatus: 500 },
    });
    expect(asked()).toEqual({ a: 1, b: 0 });
  });

  test.each([
    ['after', ['a', 'b']],
    ['before', ['b', 'a']],
  ])('tells both, too, where a format refuses %s a failure', async (_when, order) => {
    const { client, context, asked } = await setUpModels({
      ...{ answers: { a: fails(500), b: answers }, ...GEMINI },
      routes: { default: order },
    });
    await expect(ask(client, ONE_TOOL, context)).rejects.toMatchObject({
      code: 'UPSTREAM_FAILED',
      message: expect.stringMatching(
        /^The source failed\. Another model of the route could not be asked: "parallelToolCalls"/,
      ),
    });
    expect(asked()).toEqual({ a: 1, b: 0 });
  });

  test('tells nothing of others where they would not have been asked', async () => {
    const { client, context } = await setUpModels({ answers: { a: fails(400), b: answers }, ...NO_SEED });
    await expect(ask(client, SEED, context)).rejects.toMatchObject({
      code: 'UPSTREAM_REJECTED',
      message: expect.not.stringContaining('Another'),
    });
  });

  test('tells nothing of others where each was asked', async () => {
    const { client, context } = await setUpModels({ answers: { a: fails(500), b: fails(503) } });
    await expect(ask(client, SEED, context)).rejects.toMatchObject({ message: 'The source failed.' });
  });
});
