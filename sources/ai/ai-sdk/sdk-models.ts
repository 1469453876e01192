import type { LanguageModelV3 } from '@ai-sdk/provider';
import { describeError } from '../../../kernel/errors.ts';
import type { ProviderOptions } from '../options.ts';
import { type PackageOptions, problem, type SdkFactory, type SdkProvider } from './load-package.ts';

/** Models of one package, by the key that they are asked with. */
export interface SdkModels {
  /** @throws ProblemsError for a model that cannot be used. */
  of(modelId: string, apiKey: string | undefined): LanguageModelV3;
}

const VERSION = 'v3';
/** What the provider is given beside the settings of the configuration. */
type Given = Readonly<Record<string, unknown>>;

export interface SdkModelsDeps {
  readonly fetch: typeof globalThis.fetch;
  readonly redact: (text: string) => string;
  readonly load: (options: PackageOptions) => SdkFactory;
}

/** @throws ProblemsError with paths below the provider's options. */
export function createSdkModels(
  options: ProviderOptions,
  apiKeys: readonly string[],
  { fetch, redact, load }: SdkModelsDeps,
): SdkModels {
  const { settings = {}, endpoint, headers } = options;
  for (const taken of ['fetch', 'apiKey', ...(endpoint === undefined ? [] : ['baseURL'])])
    if (Object.hasOwn(settings, taken))
      throw problem('settings', `"settings.${taken}" cannot be set.`, WAYS[taken] ?? '');
  const factory = load(options);
  const given: Given = {
    ...settings,
    ...(endpoint !== undefined && { baseURL: endpoint }),
    ...(Object.keys(headers).length > 0 && { headers: { ...(settings.headers as object | undefined), ...headers } }),
    fetch,
  };
  const make = (apiKey: string | undefined): SdkProvider => {
    try {
      return factory({ ...given, ...(apiKey !== undefined && { apiKey }) });
    } catch (error) {
      throw problem(
        'settings',
        `The package cannot make its provider: ${redact(describeError(error))}`,
        'Its own documentation says which settings it takes.',
      );
    }
  };
  const providers = new Map<string | undefined, SdkProvider>();
  const providerOf = (apiKey: string | undefined): SdkProvider => {
    const provider = providers.get(apiKey) ?? make(apiKey);
    providers.set(apiKey, provider);
    return provider;
  };
  const models = new Map<string | undefined, Map<string, LanguageModelV3>>();
  // What cannot be made is told now.
  providerOf(apiKeys[0]);
  return {
    of(modelId, apiKey) {
      const known = models.get(apiKey) ?? new Map<string, LanguageModelV3>();
      models.set(apiKey, known);
      const model = known.get(modelId) ?? openModel(providerOf(apiKey), modelId, redact);
      known.set(modelId, model);
      return model;
    },
  };
}

const WAYS: Readonly<Record<string, string>> = {
  fetch: 'What the package sends goes through the gateway.',
  apiKey: 'Say it as `apiKey` of the provider.',
  baseURL: 'Say it as `endpoint` of the provider, or here, and not as both.',
};

function openModel(provider: SdkProvider, modelId: string, redact: (text: string) => string): LanguageModelV3 {
  let model: LanguageModelV3;
  try {
    model = 'languageModel' in provider ? provider.languageModel(modelId) : provider(modelId);
  } catch (error) {
    throw problem(
      'model',
      `The package has no such model: ${redact(describeError(error))}`,
      'Say an id that it knows.',
    );
  }
  const { specificationVersion, doGenerate, doStream } = model ?? {};
  if (specificationVersion === VERSION && typeof doGenerate === 'function' && typeof doStream === 'function')
    return model;
  const told = typeof specificationVersion === 'string' ? `version "${specificationVersion}"` : 'no version';
  throw problem(
    'provider',
    `The package's models are of ${told} of the AI SDK's specification, and not of "${VERSION}".`,
    'Install the version of the package that belongs to AI SDK 6.',
  );
}
