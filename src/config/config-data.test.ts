import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readConfigData, readConfigText } from './read-config.ts';

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: substitutions of skein.yaml
const MODELS = {
  providers: { stand: { dialect: 'openai', endpoint: 'http://127.0.0.1:1/v1', apiKey: '${KEY}' } },
  models: { small: { provider: 'stand', model: 'small-1' } },
  routes: { default: ['small'] },
};
const FILE = '/skein.yaml';

async function both(data: object, env: Record<string, string> = {}) {
  const [fromData, fromText] = [
    await readConfigData(data, FILE, env),
    await readConfigText(JSON.stringify(data), FILE, env),
  ];
  const told = (reading: typeof fromData) => reading.problems.map(({ path, message }) => ({ path, message }));
  expect({ ...fromData, problems: told(fromData), locate: undefined }).toEqual({
    ...fromText,
    problems: told(fromText),
    locate: undefined,
  });
  return fromData;
}

test('data are read as their text is', async () => {
  const { config, sections, problems } = await both({ ...MODELS, limits: { depth: 7 } }, { KEY: 'secret' });
  expect(problems).toEqual([]);
  expect(config.providers.stand).toMatchObject({ apiKey: 'secret' });
  expect(config.limits.depth).toBe(7);
  // The secret is not among what is kept.
  expect(sections).toEqual(MODELS);
});

test('mistakes of data are told as those of a text, and nothing counts as written', async () => {
  const { problems, sections } = await both({ ...MODELS, routes: { default: ['large'] }, sauces: {} });
  expect(problems.map(({ message }) => message).join('\n')).toMatch(/KEY, which is not set[\s\S]*sauces/);
  expect(sections).toEqual({});
});

test('whatever values there are, they are read as those of a text', async () => {
  const value = fc.jsonValue({ maxDepth: 4 });
  await fc.assert(
    fc.asyncProperty(value, fc.string(), async (metadata, text) => {
      const prompt = { input: { name: 'String!' }, template: text.replaceAll('${', ''), metadata };
      await both({ ...MODELS, prompts: { one: prompt, [text]: metadata } }, { KEY: 'secret' });
    }),
    { numRuns: 200 },
  );
});

test('data that nest too deeply are a mistake', async () => {
  let nested: unknown = 'end';
  for (let level = 0; level < 10_000; level += 1) nested = { nested };
  const { problems } = await readConfigData({ sources: nested }, FILE, {});
  expect(problems.map(({ message }) => message)).toEqual(['It nests deeper than 64 levels.']);
});

test('a text with an alias is written as what the alias stands for', async () => {
  const text = `
    providers: { stand: &stand { dialect: openai, endpoint: 'http://127.0.0.1:1/v1', apiKey: '\${KEY}' }, other: *stand }
    models: { small: { provider: stand, model: small-1 } }`;
  const { sections, problems } = await readConfigText(text, FILE, { KEY: 'secret' });
  expect(problems).toEqual([]);
  expect(sections.providers).toEqual({ stand: MODELS.providers.stand, other: MODELS.providers.stand });
});
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: substitutions of skein.yaml
