import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { silentLog } from '../../../kernel/ports.ts';
import { type Problem, ProblemsError } from '../../../kernel/problem.ts';
import { createModels } from '../model-client.ts';
import { modelOptions, providerOptions } from '../options.ts';
import { loadFactory } from './load-package.ts';

/** Packages as npm would install them, by their names: the manifest's own fields and the files. */
const PACKAGES: Readonly<Record<string, { manifest?: object; files: Readonly<Record<string, string>> }>> = {
  one: { files: { 'index.js': 'exports.createOne = (settings) => ({ settings }); exports.other = 1;' } },
  '@scope/two': { files: { 'index.js': 'exports.createTwo = () => 2; exports.createThree = () => 3;' } },
  none: { files: { 'index.js': 'exports.make = () => {}; exports.create = () => {};' } },
  'esm-only': {
    manifest: { type: 'module', exports: { '.': { types: './index.d.ts', import: './lib/index.js' } } },
    files: { 'lib/index.js': 'export const createModern = () => "modern";' },
  },
  broken: { files: { 'index.js': 'throw new Error("it does not start");' } },
  lacking: { files: { 'index.js': 'require("skein-test-not-there");' } },
};

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skein-packages-'));
  for (const [name, { manifest = {}, files }] of Object.entries(PACKAGES)) {
    const home = join(folder, 'node_modules', name);
    await mkdir(join(home, 'lib'), { recursive: true });
    await writeFile(join(home, 'package.json'), JSON.stringify({ name, version: '1.0.0', ...manifest }));
    for (const [file, text] of Object.entries(files)) await writeFile(join(home, file), text);
  }
});
afterAll(() => rm(folder, { recursive: true }));

const loaded = () => Object.keys(createRequire(import.meta.url).cache).filter((file) => file.includes('@ai-sdk'));

function told(options: { package?: string; factory?: string }): readonly (string | undefined)[] {
  try {
    loadFactory(options, [folder]);
    return [];
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    return error.problems.flatMap(({ path, message, suggestion }) => [path?.join('.'), message, suggestion]);
  }
}

function load(providers: Readonly<Record<string, object>>, models: Readonly<Record<string, object>> = {}) {
  const problems: Problem[] = [];
  const all = <T>(entries: Readonly<Record<string, object>>, schema: { parse(value: unknown): T }) =>
    Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, schema.parse(value)]));
  const client = createModels(
    { providers: all(providers, providerOptions), models: all(models, modelOptions), routes: {} },
    { log: silentLog, report: (problem) => void problems.push(problem) },
  );
  onTestFinished(() => client.dispose());
  return { client, problems: problems.map(({ path, message }) => [path?.join('.'), message]) };
}

test('nothing of the AI SDK is loaded before a provider of it is configured', () => {
  const openai = { openai: { apiKey: 'k' }, off: { dialect: 'ai-sdk', package: '@ai-sdk/cohere', apiKey: '' } };
  expect(load(openai, { gpt: { provider: 'openai', model: 'gpt-4.1' } }).problems).toEqual([]);
  expect(loaded()).toEqual([]);
  load({ mine: { dialect: 'ai-sdk', package: '@ai-sdk/cohere', apiKey: 'k' } });
  expect(loaded().length).toBeGreaterThan(0);
});

test('no file of the gateway needs the AI SDK when it is run', async () => {
  for (const room of ['kernel', 'sources', 'schema', 'admin', 'src'])
    for (const file of await readdir(room, { recursive: true })) {
      if (!file.endsWith('.ts') || file.endsWith('.test.ts')) continue;
      const text = await readFile(join(room, file), 'utf8');
      const imports = [...text.matchAll(/^(?:import|export)\b[^;]*?from '@ai-sdk\/[^']+'/gm)].map(([line]) => line);
      expect(imports.filter((line) => !/^(import|export) type /.test(line))).toEqual([]);
    }
});

describe('a package', () => {
  test('is loaded from the folder that it is installed in, with the one function that makes its provider', () => {
    expect(loadFactory({ package: 'one' }, [folder])({ a: 1 })).toEqual({ settings: { a: 1 } });
    expect(loadFactory({ package: 'one' }, [tmpdir(), folder])({})).toEqual({ settings: {} });
    expect(loadFactory({ package: '@scope/two', factory: 'createThree' }, [folder])({})).toBe(3);
  });

  test('that has modules alone is loaded as well', () => {
    expect(loadFactory({ package: 'esm-only' }, [folder])({})).toBe('modern');
  });

  test.each([
    [
      {},
      'package',
      'A provider of the AI SDK needs the package that speaks with it.',
      "Say it, e.g. `package: '@ai-sdk/amazon-bedrock'`.",
    ],
    [
      { package: '@ai-sdk/not-there' },
      'package',
      'The package "@ai-sdk/not-there" is not installed.',
      'npm install @ai-sdk/not-there',
    ],
    [
      { package: 'none' },
      'factory',
      'Nobody knows which function of the package "none" makes its provider.',
      'It has none.',
    ],
    [
      { package: '@scope/two' },
      'factory',
      'Nobody knows which function of the package "@scope/two" makes its provider.',
      'It has: createTwo, createThree.',
    ],
    [
      { package: 'one', factory: 'createOnce' },
      'factory',
      'The package "one" has no function "createOnce" that makes a provider. Did you mean "createOne"?',
      'It has: createOne.',
    ],
    [
      { package: 'one', factory: 'constructor' },
      'factory',
      'The package "one" has no function "constructor" that makes a provider.',
      'It has: createOne.',
    ],
    [
      { package: 'broken' },
      'package',
      'The package "broken" cannot be loaded: it does not start',
      'Install it anew: npm install broken',
    ],
    [
      { package: 'lacking' },
      'package',
      'The package "lacking" cannot be loaded: Cannot find module \'skein-test-not-there\'',
      'Install it anew: npm install lacking',
    ],
  ])('%j is a mistake that is told with its way out', (options, ...problem) => {
    expect(told(options)).toEqual(problem);
  });

  test.each([
    '../evil',
    './evil',
    '/etc/evil',
    'C:\\evil',
    'evil/lib/index.js',
    '@scope/two/lib',
    'file:evil',
    'https://a.example/x.js',
    'data:text/javascript,1',
    'git+ssh://a',
    '..',
    '.',
    '',
    'Evil',
    'a b',
    'evil@1.0.0',
    'node:fs',
    'fs',
    'child_process',
    `a${'b'.repeat(214)}`,
  ])('cannot be named %j', (name) => {
    expect(told({ package: name })).toEqual([
      'package',
      'The package must be the name of a package as npm has it: no path, no address.',
      "Say it like `package: '@ai-sdk/amazon-bedrock'`.",
    ]);
  });
});

test('mistakes of a provider are told at their place, without its secrets', () => {
  const cohere = { dialect: 'ai-sdk', package: '@ai-sdk/cohere', apiKey: 'a-long-key' };
  const { problems, client } = load(
    {
      gone: { dialect: 'ai-sdk', package: '@ai-sdk/not-there' },
      mixed: { dialect: 'openai', endpoint: 'https://a.example', package: '@ai-sdk/cohere', settings: {} },
      fetching: { ...cohere, settings: { fetch: 'mine' } },
      twice: { ...cohere, endpoint: 'https://a.example', settings: { baseURL: 'https://b.example' } },
      spread: { ...cohere, upstream: { endpoints: ['https://b.example'] } },
      headed: { ...cohere, headers: { 'x-a': 'b\nc' } },
      named: { dialect: 'ai-sdk', package: '@ai-sdk/mistral', factory: 'createMistral', apiKey: 'k' },
    },
    {
      left: { provider: 'gone', model: 'x' },
      small: { provider: 'named', model: 'mistral-small-latest', price: 'known' },
    },
  );
  expect(problems).toEqual([
    ['providers.gone.package', 'The package "@ai-sdk/not-there" is not installed.'],
    ['providers.mixed.package', '"package" is for providers of the AI SDK, and this is none.'],
    ['providers.mixed.settings', '"settings" is for providers of the AI SDK, and this is none.'],
    ['providers.fetching.settings', '"settings.fetch" cannot be set.'],
    ['providers.twice.settings', '"settings.baseURL" cannot be set.'],
    ['providers.spread.upstream', 'A package says itself whom it calls: other endpoints cannot be given.'],
    [
      'providers.headed.headers',
      'The header "x-a" cannot be sent: its name or value has characters that headers must not have.',
    ],
  ]);
  expect(client.unavailable('left')).toMatch(/cannot be used/);
  expect(client.names()).toEqual(['small']);
});

test('models are priced by the lists of those who host them, and can what all packages send', () => {
  const claude = 'eu.anthropic.claude-sonnet-4-5-20250929-v1:0';
  const { client, problems } = load(
    {
      bedrock: { apiKey: 'k', settings: { region: 'eu-central-1' } },
      cohere: { dialect: 'ai-sdk', package: '@ai-sdk/cohere', apiKey: 'k' },
    },
    {
      claude: { provider: 'bedrock', model: claude, price: 'known', capabilities: { images: true } },
      command: { provider: 'cohere', model: 'command-a-03-2025', price: 'known' },
    },
  );
  expect(problems).toEqual([]);
  const can = { chat: true, tools: true, structuredOutput: true, sampling: true, stop: true };
  const cannot = { files: false, reasoning: false, seed: false, logprobs: false, embeddings: false };
  expect(client.list()).toMatchObject([
    {
      name: 'claude',
      price: { input: expect.any(BigInt) },
      contextTokens: 200_000,
      capabilities: { ...can, ...cannot, images: true },
    },
    { name: 'command', price: { input: 2_500_000_000n }, capabilities: { ...can, ...cannot, images: false } },
  ]);
});
