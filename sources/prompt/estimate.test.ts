import { expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import { createModels } from '../ai/model-client.ts';
import { modelOptions, providerOptions } from '../ai/options.ts';
import { promptOptions } from './options.ts';
import { createPromptSource } from './prompt-source.ts';

const report = ({ message }: { readonly message: string }) => expect.unreachable(message);
const deps = { log: silentLog, report };
const model = (options: object) => modelOptions.parse({ provider: 'stub', model: 'm', maxTokens: 50, ...options });
/** In nano-USD, what a token costs with a price of one dollar for a million. */
const TOKEN = 1_000n;

function estimatesOf(prompts: Readonly<Record<string, object>>) {
  const models = createModels(
    {
      providers: { stub: providerOptions.parse({ dialect: 'openai', endpoint: 'http://127.0.0.1:9' }) },
      models: {
        small: model({ price: { input: 1, output: 2 } }),
        large: model({ price: { input: 10, output: 20 } }),
        blunt: model({ price: { input: 100, output: 200 }, capabilities: { structuredOutput: false } }),
        free: model({ price: 'free' }),
        unknown: model({}),
      },
      routes: {
        default: ['small'],
        all: {
          strategy: 'weighted',
          sticky: 'none',
          onContextOverflow: 'fail',
          targets: ['unknown', { model: 'large', weight: 0, retries: 0 }, 'free', 'small'],
        },
        able: ['blunt', 'small'],
      },
    },
    deps,
  );
  onTestFinished(() => models.dispose());
  const parsed = Object.entries(prompts).map(([name, options]) => [name, promptOptions.parse(options)] as const);
  const source = createPromptSource(Object.fromEntries(parsed), models, deps);
  return (coordinate: string, known = {}) => {
    const estimate = source.estimate?.(coordinate);
    return typeof estimate === 'function' ? estimate(known) : estimate;
  };
}

it('a prompt costs its own words, what is put in, and the longest answer', () => {
  const input = { text: 'String!' };
  const estimate = estimatesOf({
    bare: { template: 'Say a word.', maxTokens: 7 },
    asked: { input, template: 'Say {{ text }}', system: 'Be brief.', maxTokens: 7 },
    long: { template: 'Say a word.' },
    seen: { input: { before: 'Image!', after: '[Image!]!' }, template: '{{ before }}' },
  });
  expect(estimate('Mutation.bare')).toBe(3n * TOKEN + 7n * 2n * TOKEN);
  expect(estimate('Mutation.asked')).toBe(1_006n * TOKEN + 14n * TOKEN);
  expect(estimate('Subscription.askedStream')).toBe(estimate('Mutation.asked'));
  expect(estimate('Mutation.long')).toBe(3n * TOKEN + 50n * 2n * TOKEN);
  expect(estimate('Mutation.seen')).toBe(3_003n * TOKEN + 100n * TOKEN);
  expect(estimate('Mutation.promptFeedback')).toBeUndefined();
  // What is known to be longer than is assumed counts as it is.
  expect(estimate('Mutation.asked', { text: 'word'.repeat(10) })).toBe(1_020n * TOKEN);
  expect(estimate('Mutation.asked', { text: 'word'.repeat(2_000) })).toBe((2_003n + 6n + 14n) * TOKEN);
});

it('a prompt costs what the dearest model of its route that can answer it does', () => {
  const structured = { output: 'Int!', template: 'Say a word.', maxTokens: 7, route: 'able' };
  const estimate = estimatesOf({
    all: { template: 'Say a word.', maxTokens: 7, route: 'all' },
    text: { ...structured, output: 'String!' },
    structured,
    unknown: { template: 'Say a word.', route: 'unknown' },
  });
  expect(estimate('Mutation.all')).toBe(17n * 10n * TOKEN);
  expect(estimate('Mutation.text')).toBe(17n * 100n * TOKEN);
  expect(estimate('Mutation.structured')).toBeLessThan(200n * TOKEN);
  expect(estimate('Mutation.structured')).toBeGreaterThan(17n * TOKEN);
  expect(estimate('Mutation.unknown')).toBe(0n);
});

it('a prompt costs what the dearest of its released versions does, or what it says itself', () => {
  const versions = {
    short: { template: 'Say a word.', maxTokens: 7 },
    long: { template: 'Say a word.', maxTokens: 70 },
    unreleased: { template: 'Say a word.', maxTokens: 700 },
  };
  const shown = { template: 'Say.', maxTokens: 1, examples: [{ input: {}, output: 'Well, well, well.' }] };
  const release = [{ version: 'short' }, { version: 'long', weight: 0 }];
  const estimate = estimatesOf({
    released: { versions, release },
    said: { versions, release, estimatedCostUsd: 0.0025 },
    shown,
  });
  expect(estimate('Mutation.released')).toBe(143n * TOKEN);
  expect(estimate('Mutation.said')).toBe(2_500_000n);
  expect(estimate('Mutation.shown')).toBeGreaterThan(8n * TOKEN);
});

it('an image or a file that is put in costs a thousand tokens, by bytes or by address, and a text that looks like one costs what it is', () => {
  const estimate = estimatesOf({
    seen: {
      input: { shots: '[Shot!]!', note: 'String', order: 'JSON' },
      types: 'input Shot { image: Image! more: [File] }',
      template: '{{ shots | size }} {{ note }} {{ order | json }}',
      maxTokens: 1,
    },
  });
  const tokens = (known: object) => Math.round(Number(estimate('Mutation.seen', known)) / Number(TOKEN) / 1_000);
  const bytes = `data:image/png;base64,${'A'.repeat(4_000_000)}`;
  const shots = ['https://a.example/b.png', bytes].map((image) => ({ image, more: [image, { url: image }] }));
  expect(tokens({ shots })).toBe(6);
  expect(tokens({ shots: shots[0] })).toBe(3);
  expect(tokens({ shots: [], note: bytes })).toBe(1_000);
  expect(tokens({ shots: [], order: { base64: bytes } })).toBe(1_000);
  for (const known of [{ shots: null }, { shots: 7 }, { shots: [null, 'x', { more: 3 }] }, { others: bytes }])
    expect(tokens(known)).toBeLessThanOrEqual(2);
});
