import { createRequire } from 'node:module';
import type { ModelPrice, PriceCalculation } from '@pydantic/genai-prices';
import { costNanoUsd, nanoUsdOf, nanoUsdPerMillion, type Price } from './cost.ts';
import type { Usage } from './model.ts';
import type { ModelOptions } from './options.ts';

type Library = typeof import('@pydantic/genai-prices');

/** What a model costs; some cost less by night, or more with a long input. */
export interface ModelPricing {
  /** `undefined`: nobody knows. */
  price(at: number, inputTokens: number, serviceTier?: string): Price | undefined;
  /** What a call costs, and by which price; by none where the provider has told it. */
  bill(usage: Usage, at: number): Bill;
  /** Tokens of input and output together; `undefined`: nobody knows. */
  readonly contextTokens: number | undefined;
}

export interface Bill {
  readonly costNanoUsd: bigint | undefined;
  readonly price: Price | undefined;
}

type Listed = Pick<ModelPricing, 'price' | 'contextTokens'>;

const UNKNOWN: Listed = { price: () => undefined, contextTokens: undefined };
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
  const own = price === 'free' ? () => FREE : typeof price === 'object' ? givenPricing(price) : undefined;
  const priceAt = own ?? listed.price;
  return {
    price: priceAt,
    contextTokens: contextTokens ?? listed.contextTokens,
    bill(usage, at) {
      const { inputTokens = 0, serviceTier, toldUsd } = usage;
      if (price === 'free') return { costNanoUsd: 0n, price: FREE };
      const known = priceAt(at, inputTokens, serviceTier);
      const reckoned = known && costNanoUsd(usage, known);
      // What a provider charges is more certain than a list; what the operator says of it is not to be doubted.
      const isTold = toldUsd !== undefined && (own === undefined || reckoned === undefined);
      return isTold ? { costNanoUsd: nanoUsdOf(toldUsd), price: undefined } : { costNanoUsd: reckoned, price: known };
    },
  };
}

type GivenPrice = Exclude<ModelOptions['price'], string | undefined>;

/** At a tier of service that has no price of its own, nobody knows it. */
function givenPricing({ serviceTiers = {}, ...standard }: GivenPrice): ModelPricing['price'] {
  const own = givenPrice(standard);
  const tiers = new Map(Object.entries(serviceTiers).map(([name, price]) => [name.toLowerCase(), givenPrice(price)]));
  return (_at, _inputTokens, serviceTier) => (serviceTier === undefined ? own : tiers.get(serviceTier));
}

function givenPrice(price: Omit<GivenPrice, 'serviceTiers'>): Price {
  const of = (usd: number | undefined) => (usd === undefined ? undefined : nanoUsdPerMillion(usd));
  const { input, output, cachedInput, cacheWrite, cacheWrite1h, reasoning, ...more } = price;
  return {
    input: nanoUsdPerMillion(input),
    output: of(output),
    cachedInput: of(cachedInput),
    cacheWrite: of(cacheWrite),
    cacheWrite1h: of(cacheWrite1h),
    reasoning: of(reasoning),
    inputAudio: of(more.inputAudio),
    cachedInputAudio: of(more.inputAudio),
    outputAudio: of(more.outputAudio),
    outputImage: of(more.outputImage),
    webSearch: ofThousand(of(more.webSearch)),
    fileSearch: ofThousand(of(more.fileSearch)),
    request: ofThousand(of(more.request)),
  };
}

/** Models that take a fee for each call, which is in no list. */
const HAS_UNLISTED_FEE = /-search-(?:preview|api)/;

function listedPricing(model: string, providerId: string): Listed {
  const found = prices().calcPrice(NOTHING, model, { providerId });
  if (found === null) return UNKNOWN;
  const contextTokens = found.model.context_window;
  if (HAS_UNLISTED_FEE.test(model)) return { ...UNKNOWN, contextTokens };
  const isDated = Array.isArray(found.model.prices);
  return {
    price(at, tokens, serviceTier) {
      // The list has prices of one tier.
      if (serviceTier !== undefined) return undefined;
      const now = isDated ? prices().calcPrice(NOTHING, model, { providerId, timestamp: new Date(at) }) : found;
      return now === null ? undefined : listedPrice(now, tokens, providerId);
    },
    contextTokens,
  };
}

/** Where tokens of sound and images cost what those of text do, unless the list has a price for them. */
const HAS_ONE_PRICE = new Set(['google']);

/** A model that is not priced by its tokens of text has no price here. */
function listedPrice(
  { model_price: price }: PriceCalculation,
  inputTokens: number,
  providerId: string,
): Price | undefined {
  const of = (key: string) => tierOf(price[key], inputTokens);
  const input = of('input_mtok');
  if (input === undefined) return undefined;
  const output = of('output_mtok');
  const cachedInput = of('cache_read_mtok');
  const isOne = HAS_ONE_PRICE.has(providerId);
  const inputAudio = of('input_audio_mtok') ?? (isOne ? input : undefined);
  const request = ofThousand(of('requests_kcount'));
  return {
    input,
    output,
    cachedInput,
    cacheWrite: of('cache_write_mtok'),
    cacheWrite1h: of('cache_write_1h_mtok'),
    reasoning: of('output_reasoning_mtok'),
    inputAudio,
    cachedInputAudio: of('cache_audio_read_mtok') ?? inputAudio,
    outputAudio: of('output_audio_mtok') ?? (isOne ? output : undefined),
    outputImage: of('output_image_mtok') ?? (isOne ? output : undefined),
    citation: of('output_citation_mtok'),
    // A fee for each call is for what it looks up.
    webSearch: ofThousand(of('web_searches_kcount')) ?? (request === undefined ? undefined : 0n),
    fileSearch: ofThousand(of('storage_searches_kcount')),
    request,
  };
}

/** Prices of searches and calls are told for a thousand of them. */
function ofThousand(nanoUsd: bigint | undefined): bigint | undefined {
  return nanoUsd === undefined ? undefined : nanoUsd * 1_000n;
}

/** All tokens cost what those of the highest tier do that the input has passed. */
function tierOf(price: ModelPrice[string], inputTokens: number): bigint | undefined {
  if (price === undefined) return undefined;
  if (typeof price === 'number') return nanoUsdPerMillion(price);
  let usd = price.base;
  for (const tier of price.tiers) if (inputTokens > tier.start) usd = tier.price;
  return nanoUsdPerMillion(usd);
}
