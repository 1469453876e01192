import { readFile } from 'node:fs/promises';
import { buildSchema, parse, validate } from 'graphql';
import { describe, expect, onTestFinished, test } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import type { Problem } from '../../kernel/problem.ts';
import { CATALOGUE } from './catalogue.ts';
import { SDL } from './chat-sdl.ts';
import { createModels } from './model-client.ts';
import { modelOptions, providerOptions, routeOptions } from './options.ts';
import { settleProvider } from './settle-provider.ts';

const page = await readFile('docs/models.md', 'utf8');

function load(
  providers: Record<string, object>,
  models: Record<string, object> = {},
  routes: Record<string, unknown> = {},
) {
  const problems: Problem[] = [];
  const parseAll = <T>(entries: Record<string, unknown>, schema: { parse(value: unknown): T }) =>
    Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, schema.parse(value)]));
  const client = createModels(
    {
      providers: parseAll(providers, providerOptions),
      models: parseAll(models, modelOptions),
      routes: parseAll(routes, routeOptions),
    },
    { log: silentLog, report: (problem) => void problems.push(problem) },
  );
  onTestFinished(() => client.dispose());
  return { client, problems: problems.map(({ path, message }) => [path?.join('.'), message]) };
}

describe('a provider of the catalogue', () => {
  test('is a key, and its models are names', () => {
    const { client, problems } = load(
      { openai: { apiKey: 'sk-1' }, gemini: { apiKey: 'AIza-1' }, ollama: {} },
      {
        gpt: { provider: 'openai', model: 'gpt-4.1-mini', price: 'known' },
        flash: { provider: 'gemini', model: 'gemini-2.5-flash', price: 'known' },
        llama: { provider: 'ollama', model: 'llama3.2' },
      },
    );
    expect(problems).toEqual([]);
    expect(client.list()).toMatchObject([
      { name: 'gpt', price: { input: 400_000_000n }, contextTokens: expect.any(Number) },
      { name: 'flash', price: { input: 300_000_000n } },
      { name: 'llama', price: undefined, contextTokens: undefined },
    ]);
  });

  test('is known under another name by its preset, and what is said wins', () => {
    const options = { preset: 'openai', dialect: 'openai-responses', endpoint: 'https://eu.example.com/v1' };
    expect(settleProvider('mine', providerOptions.parse({ ...options, apiKeys: ['', 'a', 'a', 'b'] }))).toEqual({
      dialect: 'openai-responses',
      endpoint: 'https://eu.example.com/v1',
      preset: CATALOGUE.openai,
      apiKeys: ['a', 'b'],
    });
  });

  test('is left out when all of its keys are empty', () => {
    const { client } = load(
      { openai: { apiKeys: ['', ''] }, groq: { apiKey: '', apiKeys: ['a'] } },
      { gpt: { provider: 'openai', model: 'x' }, fast: { provider: 'groq', model: 'y' } },
      { default: ['gpt', 'fast'] },
    );
    expect(client.names()).toEqual(['fast', 'default']);
    expect(client.unavailable('gpt')).toMatch(/"openai" has no key/);
  });

  test('is in the table of docs/models.md', () => {
    const rows = [...page.matchAll(/^\| `(\w+)` \| `([\w-]+)` \| (?:`(\S+)`|your own.*) \| (?:`(\w+)`|—) \|$/gm)];
    const told = rows.map(([, name, dialect, endpoint, keyVariable]) => [name, { dialect, endpoint, keyVariable }]);
    const known = Object.entries(CATALOGUE).map(([name, { dialect, endpoint, keyVariable }]) => [
      name,
      { dialect, endpoint, keyVariable },
    ]);
    expect(Object.fromEntries(told)).toEqual(Object.fromEntries(known));
  });
});

test('mistakes are told at their place, with the way out', () => {
  const { problems } = load(
    {
      own: {},
      half: { dialect: 'openai' },
      typo: { preset: 'opnai' },
      azure: { apiKey: 'a' },
      ollama: { apiKeys: ['fine', 'not\nfine'] },
    },
    { secret: { provider: 'ollama', model: 'my-own', price: 'known' } },
    { default: { targets: ['secret', { model: 'scret' }] } },
  );
  expect(problems).toEqual([
    ['providers.own', 'Nobody knows the dialect of the provider "own".'],
    ['providers.own', 'Nobody knows the endpoint of the provider "own".'],
    ['providers.half', 'Nobody knows the endpoint of the provider "half".'],
    ['providers.typo.preset', 'There is no preset "opnai". Did you mean "openai"?'],
    ['providers.azure', 'Nobody knows the endpoint of the provider "azure".'],
    ['providers.ollama.apiKeys.1', 'The key has characters that cannot be sent in a header.'],
    ['models.secret.price', 'The price of the model "my-own" is not known.'],
    ['routes.default.targets.1.model', 'There is no model "scret". Did you mean "secret"?'],
  ]);
});

test('the questions of docs/models.md can be asked', () => {
  const [question = '', messages = ''] = [...page.matchAll(/```graphql\n([\s\S]*?)```/g)].map(([, text]) => text);
  const schema = buildSchema(SDL);
  expect(validate(schema, parse(question))).toEqual([]);
  expect(validate(schema, parse(`mutation { chat(input: { ${messages} }) { text } }`))).toEqual([]);
});
