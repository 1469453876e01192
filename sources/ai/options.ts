import { z } from 'zod';
import { choiceOf } from '../../kernel/choice-of.ts';
import { endpointTls, headers, httpEndpoint, upstream } from '../options.ts';
import { answerCacheOptions } from './cache/options.ts';
import { PROVIDER_DIALECTS, type ProviderDialect } from './dialects/index.ts';
import type { routeOptions } from './routes/options.ts';

export { type RouteOptions, routeMembers, routeOptions } from './routes/options.ts';

const DIALECT_DESCRIPTIONS: Readonly<Record<ProviderDialect, string>> = {
  openai: 'Chat completions of OpenAI.',
  'openai-responses': 'Responses of OpenAI.',
  anthropic: 'Messages of Anthropic.',
  gemini: 'Gemini of Google.',
  'ai-sdk': 'What a package of the AI SDK speaks, which is run in the gateway.',
};

export const providerOptions = z
  .strictObject({
    preset: z
      .string()
      .optional()
      .describe('Which entry of the catalogue it is. Default: the one of the provider’s own name, if there is one.'),
    dialect: z
      .enum(PROVIDER_DIALECTS)
      .meta({ values: DIALECT_DESCRIPTIONS })
      .optional()
      .describe('The wire format it speaks. Default: as the catalogue has it.'),
    endpoint: httpEndpoint
      .optional()
      .describe(
        'Address below which the dialect’s paths are, e.g. `https://api.openai.com/v1`. Default: as the catalogue has it.',
      ),
    package: z
      .string()
      .optional()
      .describe(
        'Of `ai-sdk`: the npm package of the provider, which is installed beside Skein, e.g. `@ai-sdk/cohere`.',
      ),
    factory: z
      .string()
      .optional()
      .describe('Of `ai-sdk`: which function of the package makes the provider. Default: its only `create…`.'),
    settings: z
      .record(z.string(), z.json())
      .optional()
      .describe('Of `ai-sdk`: what the function is given, beside the endpoint as `baseURL`, the key and the headers.'),
    providerOptions: z
      .record(z.string(), z.record(z.string(), z.json()))
      .optional()
      .describe('Of `ai-sdk`: `providerOptions` of every call, by the namespace of the package.'),
    apiKey: z
      .string()
      .optional()
      .describe(
        'Key of the provider. Present but empty, as of a variable that is not set, it leaves the provider and its models out. Absent: no key is sent.',
      ),
    apiKeys: z.array(z.string()).optional().describe('More keys, used in turn. Empty ones are left out.'),
    headers,
    timeoutMs: z
      .int()
      .min(1)
      .max(3_600_000)
      .default(60_000)
      .describe('How long a call, or the silence between two parts of a stream, may last, in milliseconds.'),
    upstream,
    tls: endpointTls,
  })
  .describe('A company or a server that hosts models.');
export type ProviderOptions = z.infer<typeof providerOptions>;

const usdPerMillion = z.number().min(0);

const usdPerThousand = z.number().min(0);

const classPrices = {
  input: usdPerMillion.describe('Input.'),
  output: usdPerMillion.optional().describe('Output. Not needed for models that write nothing.'),
  cachedInput: usdPerMillion.optional().describe('Input from the provider’s cache. Default: as `input`.'),
  cacheWrite: usdPerMillion.optional().describe('Input written to the provider’s cache. Default: as `input`.'),
  cacheWrite1h: usdPerMillion
    .optional()
    .describe('Input written to the provider’s cache for an hour. Default: as `cacheWrite`.'),
  reasoning: usdPerMillion.optional().describe('Output that is reasoning. Default: as `output`.'),
  inputAudio: usdPerMillion.optional().describe('Input that is sound. Default: what it costs is not known.'),
  outputAudio: usdPerMillion.optional().describe('Output that is sound. Default: what it costs is not known.'),
  outputImage: usdPerMillion.optional().describe('Output that is images. Default: what it costs is not known.'),
  webSearch: usdPerThousand
    .optional()
    .describe('A thousand searches of the web that the provider makes. Default: what they cost is not known.'),
  fileSearch: usdPerThousand
    .optional()
    .describe('A thousand searches in files that the provider makes. Default: what they cost is not known.'),
  request: usdPerThousand.optional().describe('A thousand calls, whatever is in them. Default: nothing.'),
};

const tierPrices = z
  .strictObject(classPrices)
  .describe('What a million tokens of each class cost at this tier, in US dollars.');

const priceOptions = z
  .strictObject({
    ...classPrices,
    serviceTiers: z
      .record(z.string().describe('The tier, as answers tell it.'), tierPrices)
      .optional()
      .describe(
        'Prices at other tiers of service, by the names that answers tell: `flex`, `priority` … Default: what is made at another tier costs nobody knows what.',
      ),
  })
  .describe('What a million tokens of each class cost, in US dollars.');

const capabilityOptions = z
  .strictObject({
    chat: z.boolean().optional().describe('Answers messages.'),
    tools: z.boolean().optional().describe('Calls tools.'),
    structuredOutput: z.boolean().optional().describe('Answers by a JSON Schema.'),
    images: z.boolean().optional().describe('Reads images.'),
    files: z.boolean().optional().describe('Reads files.'),
    reasoning: z.boolean().optional().describe('Thinks before it answers.'),
    sampling: z.boolean().optional().describe('Takes `temperature` and `topP`.'),
    stop: z.boolean().optional().describe('Takes texts to stop at.'),
    seed: z.boolean().optional().describe('Takes a seed.'),
    logprobs: z.boolean().optional().describe('Tells how likely tokens were.'),
    embeddings: z.boolean().optional().describe('Makes embeddings.'),
  })
  .describe('What a model can, where we know better than the built-in list.');

const price = z
  .union([
    choiceOf({
      free: 'It costs nothing.',
      known: 'By the list of prices: a model that is not in it is a mistake.',
    }).describe('A rule.'),
    priceOptions,
  ])
  .meta({ members: ['rule', 'usdPerMillion'], description: 'What a model costs.' });

export const modelOptions = z
  .strictObject({
    provider: z.string().describe('Name of the provider.'),
    model: z.string().min(1).describe('The provider’s own id of the model.'),
    maxTokens: z
      .int()
      .min(1)
      .default(4096)
      .describe('Tokens asked for where the caller names none and the provider wants a number.'),
    price: price.optional().describe('What it costs. Default: by the list of prices, where it is in it.'),
    capabilities: capabilityOptions.optional().describe('What it can. Default: by what is known of the model.'),
    contextTokens: z
      .int()
      .min(1)
      .optional()
      .describe('Tokens of question and answer together. Default: by what is known of the model.'),
    cache: answerCacheOptions.optional().describe('Answers to be given again to the same question. Default: none.'),
  })
  .describe('A model of a provider under a name of our own.');
export type ModelOptions = z.infer<typeof modelOptions>;

/** All that the AI source is made of. */
export interface AiOptions {
  readonly providers: Readonly<Record<string, ProviderOptions>>;
  readonly models: Readonly<Record<string, ModelOptions>>;
  readonly routes: Readonly<Record<string, z.infer<typeof routeOptions>>>;
}
