import type { ListPrice } from './billing-provider.ts';

const price = (input: number, cachedInput: number, cacheWrite: number, output: number) => ({
  options: { input, cachedInput, cacheWrite, output },
  list: {
    input: BigInt(input * 1e9),
    cachedInput: BigInt(cachedInput * 1e9),
    cacheWrite: BigInt(cacheWrite * 1e9),
    output: BigInt(output * 1e9),
  },
});

/** `cheap` costs fractions of a nano-dollar for a token. */
const PRICES = {
  cheap: price(0.0375, 0.009375, 0.0375, 0.15),
  claude: price(3, 0.3, 3.75, 15),
  small: price(0.02, 0.02, 0.02, 0),
  vague: price(0.7, 0.07, 0.7, 2.1),
  kept: price(0.5, 0.05, 0.5, 1.5),
};

/** By what the provider calls the models. */
export const LIST_PRICES: Readonly<Record<string, ListPrice>> = Object.fromEntries(
  Object.entries(PRICES).map(([name, { list }]) => [`${name}-1`, list]),
);

/** Kind → name → options. */
export const USAGE_CONFIG = (endpoint: string): Readonly<Record<string, Readonly<Record<string, object>>>> => ({
  Provider: {
    stand: { dialect: 'openai', endpoint, apiKey: 'k' },
    broken: { dialect: 'openai', endpoint: endpoint.replace(/v1$/, 'down/v1'), apiKey: 'k' },
    claude: { dialect: 'anthropic', endpoint, apiKey: 'k' },
    vague: { dialect: 'openai', endpoint: endpoint.replace(/v1$/, 'vague/v1'), apiKey: 'k' },
  },
  Model: {
    cheap: { provider: 'stand', model: 'cheap-1', price: PRICES.cheap.options },
    gone: { provider: 'broken', model: 'gone-1', price: PRICES.cheap.options },
    claude: { provider: 'claude', model: 'claude-1', price: PRICES.claude.options },
    vague: { provider: 'vague', model: 'vague-1', price: PRICES.vague.options },
    kept: { provider: 'stand', model: 'kept-1', price: PRICES.kept.options, cache: { ttlSeconds: 3_600 } },
    small: { provider: 'stand', model: 'small-1', price: PRICES.small.options, capabilities: { embeddings: true } },
  },
  Route: { default: ['cheap'], safe: ['gone', 'cheap'], second: ['vague', 'cheap'] },
  Prompt: {
    count: { template: '{{ text }}', input: { text: 'String!' }, output: 'Int!', route: 'second' },
    repeat: { template: '{{ text }}', input: { text: 'String!' }, route: 'safe' },
  },
});
