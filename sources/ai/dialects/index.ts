import { createAnthropicDialect } from './anthropic.ts';
import type { DialectQuirks, ModelDialect } from './dialect.ts';
import { createGeminiDialect } from './gemini.ts';
import { createOpenaiDialect } from './openai.ts';
import { createResponsesDialect } from './openai-responses.ts';

export const DIALECT_NAMES = ['openai', 'openai-responses', 'anthropic', 'gemini'] as const;
export type DialectName = (typeof DIALECT_NAMES)[number];

/** What a provider speaks whom a package of the AI SDK speaks with, in words of its own. */
export const AI_SDK = 'ai-sdk';
export const PROVIDER_DIALECTS = [...DIALECT_NAMES, AI_SDK] as const;
export type ProviderDialect = (typeof PROVIDER_DIALECTS)[number];

const DIALECTS: Readonly<Record<DialectName, (endpoint: string, quirks: DialectQuirks) => ModelDialect>> = {
  openai: createOpenaiDialect,
  'openai-responses': (_, quirks) => createResponsesDialect(quirks),
  anthropic: (_, quirks) => createAnthropicDialect(quirks),
  gemini: (_, quirks) => createGeminiDialect(quirks),
};

/** The dialect of a provider, made for its endpoint. */
export function createDialect(name: DialectName, endpoint: string, quirks: DialectQuirks = {}): ModelDialect {
  return DIALECTS[name](endpoint, quirks);
}
