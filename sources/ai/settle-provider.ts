import { canonicalJson } from '../../kernel/canonical-json.ts';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { didYouMean } from '../../kernel/suggest.ts';
import { digestOf } from '../cache/keys.ts';
import { CATALOGUE, PACKAGES, type Preset } from './catalogue.ts';
import { AI_SDK, type DialectName } from './dialects/index.ts';
import type { ProviderOptions } from './options.ts';

/** A provider's options with what the catalogue knows of it. */
export type SettledProvider = SpeakingProvider | PackagedProvider;

interface SettledBase {
  readonly preset: Preset | undefined;
  /** Without empty ones. */
  readonly apiKeys: readonly string[];
}

interface SpeakingProvider extends SettledBase {
  readonly dialect: DialectName;
  readonly endpoint: string;
  readonly package?: undefined;
}

/** One whom a package of the AI SDK speaks with, which knows where it is. */
interface PackagedProvider extends SettledBase {
  readonly dialect: typeof AI_SDK;
  readonly endpoint: string | undefined;
  readonly package: string | undefined;
}

/** The catalogue's entry: the one that is named, or the one of the provider's own name. */
function presetOf(name: string, { preset }: Pick<ProviderOptions, 'preset'>): Preset | undefined {
  const wanted = preset ?? name;
  return Object.hasOwn(CATALOGUE, wanted) ? CATALOGUE[wanted] : undefined;
}

/** Whether code of a package would be run for it: options that nobody has looked at yet. */
export function runsPackage(name: string, options: Readonly<Record<string, unknown>>): boolean {
  const { preset, dialect } = options;
  const known = presetOf(name, { preset: typeof preset === 'string' ? preset : undefined });
  const own = ['package', 'factory', 'settings'].some((option) => options[option] !== undefined);
  return own || dialect === AI_SDK || known?.dialect === AI_SDK;
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
  if (dialect === AI_SDK && problems.length === 0) {
    const packageName = options.package ?? preset?.package;
    return {
      ...{ dialect, endpoint: options.endpoint, package: packageName },
      preset: preset ?? presetOfPackage(packageName),
      apiKeys: apiKeysOf(options),
    };
  }
  for (const option of ['package', 'factory', 'settings', 'providerOptions'] as const)
    if (options[option] !== undefined)
      problems.push({
        path: [option],
        message: `"${option}" is for providers of the AI SDK, and this is none.`,
        suggestion: 'Say `dialect: ai-sdk`, or leave it out.',
      });
  const isOwn = preset === undefined && options.preset === undefined;
  const way = isOwn ? `Say it, or which preset it is: ${known.join(', ')}.` : 'Say it.';
  if (dialect === undefined && isOwn)
    problems.push({ message: `Nobody knows the dialect of the provider "${name}".`, suggestion: way });
  if (endpoint === undefined && (isOwn || preset !== undefined))
    problems.push({ message: `Nobody knows the endpoint of the provider "${name}".`, suggestion: way });
  if (problems.length > 0 || dialect === undefined || dialect === AI_SDK || endpoint === undefined)
    throw new ProblemsError(problems);
  return { dialect, endpoint, preset, apiKeys: apiKeysOf(options) };
}

/** What is known of models is known whoever speaks with them. */
function presetOfPackage(name: string | undefined): Preset | undefined {
  return (
    Object.values(CATALOGUE).find((preset) => preset.package === name && name !== undefined) ?? PACKAGES[name ?? '']
  );
}

/** Whom it asks, and how, as a text without secrets: keys and times are not in it. @throws ProblemsError as `settleProvider` does */
export function identityOf(name: string, options: ProviderOptions): string {
  const { dialect, endpoint, package: packageName } = settleProvider(name, options);
  const { headers, factory, settings, providerOptions, upstream } = options;
  const own = { headers, factory, settings, providerOptions, endpoints: upstream?.endpoints };
  return digestOf(canonicalJson({ dialect, endpoint, package: packageName, ...own }));
}

export function apiKeysOf({ apiKey, apiKeys = [] }: ProviderOptions): readonly string[] {
  return [...new Set(apiKey === undefined ? apiKeys : [apiKey, ...apiKeys])].filter((key) => key !== '');
}

/** It should have a key, and none of those that it names is set. */
export function lacksKey(options: ProviderOptions): boolean {
  const isAsked = options.apiKey !== undefined || options.apiKeys !== undefined;
  return isAsked && apiKeysOf(options).length === 0;
}
