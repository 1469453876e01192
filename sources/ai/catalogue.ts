import type { Capability } from './capabilities.ts';
import type { DialectQuirks } from './dialects/dialect.ts';
import type { ProviderDialect } from './dialects/index.ts';

/** What is known of a provider, so that its key is all that a configuration needs. */
export interface Preset {
  readonly dialect: ProviderDialect;
  /** The package of the AI SDK that speaks with it. */
  readonly package?: string | undefined;
  /** Not there where everybody has an address of their own. */
  readonly endpoint?: string | undefined;
  /** Where its key is looked for by custom: a word for the configuration, read by nobody here. */
  readonly keyVariable?: string | undefined;
  /** Its name in the list of prices. */
  readonly priceList?: string | undefined;
  readonly quirks?: DialectQuirks | undefined;
  /** What none of its models can, whatever its dialect has. */
  readonly lacks?: readonly Capability[] | undefined;
}

const openai = (endpoint: string, keyVariable: string, priceList?: string, more: Partial<Preset> = {}): Preset => ({
  dialect: 'openai',
  endpoint,
  keyVariable,
  priceList,
  ...more,
});

/** Servers on one's own machine: no key, no price. */
const local = (port: number): Preset => ({ dialect: 'openai', endpoint: `http://127.0.0.1:${port}/v1` });

export const CATALOGUE: Readonly<Record<string, Preset>> = {
  openai: openai('https://api.openai.com/v1', 'OPENAI_API_KEY', 'openai'),
  anthropic: {
    dialect: 'anthropic',
    endpoint: 'https://api.anthropic.com/v1',
    keyVariable: 'ANTHROPIC_API_KEY',
    priceList: 'anthropic',
  },
  gemini: {
    dialect: 'gemini',
    endpoint: 'https://generativelanguage.googleapis.com/v1beta',
    keyVariable: 'GEMINI_API_KEY',
    priceList: 'google',
  },
  // https://<resource>.openai.azure.com/openai/v1; the model is the name of the deployment.
  azure: { dialect: 'openai', keyVariable: 'AZURE_OPENAI_API_KEY', priceList: 'azure', quirks: { auth: 'api-key' } },
  mistral: openai('https://api.mistral.ai/v1', 'MISTRAL_API_KEY', 'mistral', {
    quirks: { seedField: 'random_seed', hasNoStreamOptions: true, toolCallIds: 'mistral' },
    lacks: ['logprobs'],
  }),
  groq: openai('https://api.groq.com/openai/v1', 'GROQ_API_KEY', 'groq', {
    quirks: { alikeTiers: ['flex'] },
    lacks: ['logprobs'],
  }),
  together: openai('https://api.together.xyz/v1', 'TOGETHER_API_KEY', 'together'),
  deepseek: openai('https://api.deepseek.com/v1', 'DEEPSEEK_API_KEY', 'deepseek', {
    quirks: { wantsThoughts: true },
    lacks: ['structuredOutput', 'images', 'files', 'seed', 'embeddings'],
  }),
  xai: openai('https://api.x.ai/v1', 'XAI_API_KEY', 'x-ai', {
    quirks: { costField: 'cost_in_usd_ticks' },
    lacks: ['embeddings'],
  }),
  openrouter: openai('https://openrouter.ai/api/v1', 'OPENROUTER_API_KEY', 'openrouter', {
    quirks: { toolCallIds: 'openai', costField: 'cost' },
  }),
  fireworks: openai('https://api.fireworks.ai/inference/v1', 'FIREWORKS_API_KEY', 'fireworks'),
  cerebras: openai('https://api.cerebras.ai/v1', 'CEREBRAS_API_KEY', 'cerebras', { lacks: ['embeddings', 'images'] }),
  perplexity: openai('https://api.perplexity.ai', 'PERPLEXITY_API_KEY', 'perplexity', {
    quirks: { costField: 'cost.total_cost' },
    lacks: ['tools', 'seed', 'logprobs', 'embeddings'],
  }),
  moonshot: openai('https://api.moonshot.ai/v1', 'MOONSHOT_API_KEY', 'moonshotai', {
    quirks: { wantsThoughts: true },
    lacks: ['embeddings'],
  }),
  cohere: openai('https://api.cohere.ai/compatibility/v1', 'COHERE_API_KEY', 'cohere'),
  novita: openai('https://api.novita.ai/v3/openai', 'NOVITA_API_KEY', 'novita'),
  huggingface: openai('https://router.huggingface.co/v1', 'HF_TOKEN'),
  nvidia: openai('https://integrate.api.nvidia.com/v1', 'NVIDIA_API_KEY'),
  // They sign what they are sent, or have formats of many makers: their packages know how.
  bedrock: {
    dialect: 'ai-sdk',
    package: '@ai-sdk/amazon-bedrock',
    keyVariable: 'AWS_BEARER_TOKEN_BEDROCK',
    priceList: 'aws',
  },
  vertex: {
    dialect: 'ai-sdk',
    package: '@ai-sdk/google-vertex',
    keyVariable: 'GOOGLE_VERTEX_API_KEY',
    priceList: 'google',
  },
  vllm: local(8000),
  ollama: local(11434),
  lmstudio: local(1234),
  llamacpp: local(8080),
};

const packaged = (priceList: string): Preset => ({ dialect: 'ai-sdk', priceList });

/** What is known of providers behind packages of the AI SDK, beside those above. */
export const PACKAGES: Readonly<Record<string, Preset>> = {
  '@ai-sdk/anthropic': packaged('anthropic'),
  '@ai-sdk/azure': packaged('azure'),
  '@ai-sdk/cerebras': packaged('cerebras'),
  '@ai-sdk/cohere': packaged('cohere'),
  '@ai-sdk/deepseek': packaged('deepseek'),
  '@ai-sdk/fireworks': packaged('fireworks'),
  '@ai-sdk/google': packaged('google'),
  '@ai-sdk/groq': packaged('groq'),
  '@ai-sdk/mistral': packaged('mistral'),
  '@ai-sdk/openai': packaged('openai'),
  '@ai-sdk/perplexity': packaged('perplexity'),
  '@ai-sdk/togetherai': packaged('together'),
  '@ai-sdk/xai': packaged('x-ai'),
};
