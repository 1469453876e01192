import { z } from 'zod';
import { headers, httpEndpoint, tls, upstream } from '../options.ts';

/** A company or server that hosts models. */
export const providerOptions = z.strictObject({
  /** The wire format it speaks. */
  dialect: z.enum(['openai', 'anthropic']),
  /** Address below which the dialect's paths are, e.g. `https://api.openai.com/v1`. */
  endpoint: httpEndpoint,
  /** Key of the provider. Present but empty — an unset `${ENV:-}` — leaves the provider and its models out. Absent: no key is sent. */
  apiKey: z.string().optional(),
  headers,
  /** How long a call, or the silence between two parts of a stream, may last, in milliseconds. */
  timeoutMs: z.int().min(1).max(3_600_000).default(60_000),
  upstream,
  tls: tls.optional(),
});
export type ProviderOptions = z.infer<typeof providerOptions>;

/** A deployment of a model under our own name. */
export const modelOptions = z.strictObject({
  provider: z.string(),
  /** The provider's own id of the model. */
  model: z.string().min(1),
  /** Tokens asked for where the caller names none and the provider wants a number. */
  maxTokens: z.int().min(1).default(4096),
});
export type ModelOptions = z.infer<typeof modelOptions>;

/** Names of models in order of preference: the first whose provider is there is used. */
export const routeOptions = z.array(z.string()).min(1);
export type RouteOptions = z.infer<typeof routeOptions>;

/** All that the AI source is made of. */
export interface AiOptions {
  readonly providers: Readonly<Record<string, ProviderOptions>>;
  readonly models: Readonly<Record<string, ModelOptions>>;
  readonly routes: Readonly<Record<string, RouteOptions>>;
}
