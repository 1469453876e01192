import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { didYouMean } from '../../kernel/suggest.ts';
import { CATALOGUE, type Preset } from './catalogue.ts';
import type { DialectName } from './dialects/index.ts';
import type { ProviderOptions } from './options.ts';

/** A provider's options with what the catalogue knows of it. */
export interface SettledProvider {
  readonly dialect: DialectName;
  readonly endpoint: string;
  readonly preset: Preset | undefined;
  /** Without empty ones. */
  readonly apiKeys: readonly string[];
}

/** The catalogue's entry: the one that is named, or the one of the provider's own name. */
function presetOf(name: string, { preset }: ProviderOptions): Preset | undefined {
  const wanted = preset ?? name;
  return Object.hasOwn(CATALOGUE, wanted) ? CATALOGUE[wanted] : undefined;
}

/** @throws ProblemsError with paths below the provider's options. */
export function settleProvider(name: string, options: ProviderOptions): SettledProvider {
  const problems: Problem[] = [];
  const preset = presetOf(name, options);
  const known = Object.keys(CATALOGUE);
  if (options.preset !== undefined && preset === undefined)
    problems.push({
      path: ['preset'],
      message: `There is no preset "${options.preset}".${didYouMean(options.preset, known)}`,
      suggestion: `There is: ${known.join(', ')}.`,
    });
  const dialect = options.dialect ?? preset?.dialect;
  const endpoint = options.endpoint ?? preset?.endpoint;
  const isOwn = preset === undefined && options.preset === undefined;
  const way = isOwn ? `Say it, or which preset it is: ${known.join(', ')}.` : 'Say it.';
  if (dialect === undefined && isOwn)
    problems.push({ message: `Nobody knows the dialect of the provider "${name}".`, suggestion: way });
  if (endpoint === undefined && (isOwn || preset !== undefined))
    problems.push({ message: `Nobody knows the endpoint of the provider "${name}".`, suggestion: way });
  if (problems.length > 0 || dialect === undefined || endpoint === undefined) throw new ProblemsError(problems);
  return { dialect, endpoint, preset, apiKeys: apiKeysOf(options) };
}

export function apiKeysOf({ apiKey, apiKeys = [] }: ProviderOptions): readonly string[] {
  return [...new Set(apiKey === undefined ? apiKeys : [apiKey, ...apiKeys])].filter((key) => key !== '');
}

/** It should have a key, and none of those that it names is set. */
export function lacksKey(options: ProviderOptions): boolean {
  const isAsked = options.apiKey !== undefined || options.apiKeys !== undefined;
  return isAsked && apiKeysOf(options).length === 0;
}
