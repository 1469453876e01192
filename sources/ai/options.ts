import { z } from 'zod';
import { headers, httpEndpoint, tls, upstream } from '../options.ts';
import { answerCacheOptions } from './cache/options.ts';
import { DIALECT_NAMES } from './dialects/index.ts';
import type { routeOptions } from './routes/options.ts';

export { type RouteOptions, routeMembers, routeOptions } from './routes/options.ts';

/** A company or server that hosts models. */
export const providerOptions = z.strictObject({
  /** Which entry of the catalogue it is. Default: the one of the provider's own name, if there is one. */
  preset: z.string().optional(),
  /** The wire format it speaks. Default: as the catalogue has it. */
  dialect: z.enum(DIALECT_NAMES).optional(),
  /** Address below which the dialect's paths are, e.g. `https://api.openai.com/v1`. Default: as the catalogue has it. */
  endpoint: httpEndpoint.optional(),
  /** Key of the provider. Present but empty — an unset `${ENV:-}` — leaves the provider and its models out. Absent: no key is sent. */
  apiKey: z.string().optional(),
  /** More keys, used in turn. Empty ones are left out. */
  apiKeys: z.array(z.string()).optional(),
  headers,
  /** How long a call, or the silence between two parts of a stream, may last, in milliseconds. */
  timeoutMs: z.int().min(1).max(3_600_000).default(60_000),
  upstream,
  tls: tls.optional(),
});
export type ProviderOptions = z.infer<typeof providerOptions>;

/** US dollars for a million tokens. */
const usdPerMillion = z.number().min(0);

/** What tokens of each class cost. A class without a price costs what the class costs that it is part of. */
const priceOptions = z.strictObject({
  input: usdPerMillion,
  /** Not needed for models that write nothing. */
  output: usdPerMillion.optional(),
  /** Input from the provider's cache. */
  cachedInput: usdPerMillion.optional(),
  /** Input written to the provider's cache. */
  cacheWrite: usdPerMillion.optional(),
  /** Input written to the provider's cache for an hour. */
  cacheWrite1h: usdPerMillion.optional(),
  /** Output that is reasoning. */
  reasoning: usdPerMillion.optional(),
});

/** What a model can, where we know better than the built-in list. */
const capabilityOptions = z.strictObject({
  chat: z.boolean().optional(),
  tools: z.boolean().optional(),
  structuredOutput: z.boolean().optional(),
  images: z.boolean().optional(),
  files: z.boolean().optional(),
  reasoning: z.boolean().optional(),
  /** `temperature` and `topP`. */
  sampling: z.boolean().optional(),
  stop: z.boolean().optional(),
  seed: z.boolean().optional(),
  logprobs: z.boolean().optional(),
  embeddings: z.boolean().optional(),
});

/** A deployment of a model under our own name. */
export const modelOptions = z.strictObject({
  provider: z.string(),
  /** The provider's own id of the model. */
  model: z.string().min(1),
  /** Tokens asked for where the caller names none and the provider wants a number. */
  maxTokens: z.int().min(1).default(4096),
  /** Default: by the list of prices. `known`: a model that is not in it is a mistake. `free`: it costs nothing. */
  price: z.union([z.enum(['free', 'known']), priceOptions]).optional(),
  /** Default: by what is known of the model. */
  capabilities: capabilityOptions.optional(),
  /** Tokens of question and answer together. Default: by what is known of the model. */
  contextTokens: z.int().min(1).optional(),
  /** Answers to be given again to the same question. Default: none. */
  cache: answerCacheOptions.optional(),
});
export type ModelOptions = z.infer<typeof modelOptions>;

/** All that the AI source is made of. */
export interface AiOptions {
  readonly providers: Readonly<Record<string, ProviderOptions>>;
  readonly models: Readonly<Record<string, ModelOptions>>;
  readonly routes: Readonly<Record<string, z.infer<typeof routeOptions>>>;
}
