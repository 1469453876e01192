import { createRequire } from 'node:module';
import type { ModelPrice, PriceCalculation } from '@pydantic/genai-prices';
import { nanoUsdPerMillion, type Price } from './cost.ts';
import type { ModelOptions } from './options.ts';

type Library = typeof import('@pydantic/genai-prices');

/** What a model costs; some cost less by night, or more with a long input. */
export interface ModelPricing {
  /** `undefined`: nobody knows. */
  price(at: number, inputTokens: number): Price | undefined;
  /** Tokens of input and output together; `undefined`: nobody knows. */
  readonly contextTokens: number | undefined;
}

const UNKNOWN: ModelPricing = { price: () => undefined, contextTokens: undefined };
const FREE: Price = { input: 0n, output: 0n };
const NOTHING = { input_tokens: 0, output_tokens: 0 };

let library: Library | undefined;

/** Half a megabyte of prices, read when there is a model to be priced. */
function prices(): Library {
  library ??= createRequire(import.meta.url)('@pydantic/genai-prices') as Library;
  return library;
}

/** The price of a model by its options, or by the list of its provider. */
export function createPricing(options: ModelOptions, priceList: string | undefined): ModelPricing {
  const { price, contextTokens } = options;
  const listed = priceList === undefined ? UNKNOWN : listedPricing(options.model, priceList);
  const own = price === 'free' ? FREE : typeof price === 'object' ? givenPrice(price) : undefined;
  return {
    price: own === undefined ? listed.price : () => own,
    contextTokens: contextTokens ?? listed.contextTokens,
  };
}

function givenPrice(price: Exclude<ModelOptions['price'], string | undefined>): Price {
  const of = (usd: number | undefined) => (usd === undefined ? undefined : nanoUsdPerMillion(usd));
  const { input, output, cachedInput, cacheWrite, cacheWrite1h, reasoning } = price;
  return {
    input: nanoUsdPerMillion(input),
    output: of(output),
    cachedInput: of(cachedInput),
    cacheWrite: of(cacheWrite),
    cacheWrite1h: of(cacheWrite1h),
    reasoning: of(reasoning),
  };
}

function listedPricing(model: string, providerId: string): ModelPricing {
  const found = prices().calcPrice(NOTHING, model, { providerId });
  if (found === null) return UNKNOWN;
  const contextTokens = found.model.context_window;
  if (!Array.isArray(found.model.prices)) return { price: (_, tokens) => listedPrice(found, tokens), contextTokens };
  return {
    price(at, tokens) {
      const now = prices().calcPrice(NOTHING, model, { providerId, timestamp: new Date(at) });
      return now === null ? undefined : listedPrice(now, tokens);
    },
    contextTokens,
  };
}

/** A model that is not priced by its tokens of text has no price here. */
function listedPrice({ model_price: price }: PriceCalculation, inputTokens: number): Price | undefined {
  const of = (key: string) => tierOf(price[key], inputTokens);
  const input = of('input_mtok');
  if (input === undefined) return undefined;
  return {
    input,
    output: of('output_mtok'),
    cachedInput: of('cache_read_mtok'),
    cacheWrite: of('cache_write_mtok'),
    cacheWrite1h: of('cache_write_1h_mtok'),
    reasoning: of('output_reasoning_mtok'),
  };
}

/** All tokens cost what those of the highest tier do that the input has passed. */
function tierOf(price: ModelPrice[string], inputTokens: number): bigint | undefined {
  if (price === undefined) return undefined;
  if (typeof price === 'number') return nanoUsdPerMillion(price);
  let usd = price.base;
  for (const tier of price.tiers) if (inputTokens > tier.start) usd = tier.price;
  return nanoUsdPerMillion(usd);
}
