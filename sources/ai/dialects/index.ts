import type { ProviderOptions } from '../options.ts';
import { anthropicDialect } from './anthropic.ts';
import type { ModelDialect } from './dialect.ts';
import { createOpenaiDialect } from './openai.ts';

type DialectName = ProviderOptions['dialect'];

const DIALECTS: Readonly<Record<DialectName, (endpoint: string) => ModelDialect>> = {
  openai: createOpenaiDialect,
  anthropic: () => anthropicDialect,
};

/** The dialect of a provider, made for its endpoint. */
export function createDialect(name: DialectName, endpoint: string): ModelDialect {
  return DIALECTS[name](endpoint);
}
