import { expect, test } from 'vitest';
import { type ModelHarnessOptions, setUpModels } from '../../../test/utils/model-harness.ts';
import { type ProviderHandler, sendJson } from '../../../test/utils/provider-server.ts';

const vectors: ProviderHandler = ({ body }, response) => {
  const data = (body.input as string[]).map((_, index) => ({ index, embedding: [1, 2] }));
  sendJson(response, { data, usage: { prompt_tokens: 5, total_tokens: 5 } });
};
const SHORT = ['a word'];
const LONG = ['x'.repeat(3_000), 'y'.repeat(3_000)];

async function setUp(options: Omit<ModelHarnessOptions, 'answers'>) {
  const { client, context } = await setUpModels({ answers: { a: vectors, b: vectors }, ...options });
  return async (texts: readonly string[]) =>
    (await client.embed(client.route('embed'), { texts }, context)).made?.model;
}

test('the cheapest is asked for vectors first', async () => {
  const embed = await setUp({
    models: { a: { price: { input: 0.13 } }, b: { price: { input: 0.02 } } },
    routes: { embed: { strategy: 'cheapest', targets: ['a', 'b'] } },
  });
  expect(await embed(LONG)).toBe('b');
});

test('vectors of long texts are made by the model that is for long questions', async () => {
  const targets = [{ model: 'a', when: { minInputTokens: 1_000 } }, 'b'];
  const embed = await setUp({ routes: { embed: { strategy: 'conditional', targets } } });
  expect([await embed(SHORT), await embed(LONG)]).toEqual(['b', 'a']);
});

test('many texts are not too long for a model that takes each of them', async () => {
  const embed = await setUp({
    models: { a: { contextTokens: 1_000 } },
    routes: { embed: { targets: ['a', 'b'], onContextOverflow: 'next' } },
  });
  expect(await embed(LONG)).toBe('a');
});
