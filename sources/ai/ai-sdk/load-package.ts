import { existsSync, readFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { join } from 'node:path';
import type { LanguageModelV3 } from '@ai-sdk/provider';
import { describeError } from '../../../kernel/errors.ts';
import { type Problem, ProblemsError } from '../../../kernel/problem.ts';
import { didYouMean } from '../../../kernel/suggest.ts';
import { arrayOf, isObject, objectOf } from '../dialects/read.ts';

/** What a package's `create…` makes: https://ai-sdk.dev/providers/community-providers/custom-providers */
export type SdkProvider = ((modelId: string) => LanguageModelV3) | { languageModel(modelId: string): LanguageModelV3 };
export type SdkFactory = (settings: Readonly<Record<string, unknown>>) => SdkProvider;

export interface PackageOptions {
  readonly package?: string | undefined;
  readonly factory?: string | undefined;
}

/** A name of the npm registry: no path, no address, nothing below a package. */
const PACKAGE_NAME = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;
const MAX_NAME_CHARACTERS = 214;
const FACTORY = /^create[A-Z]\w*$/;

/** Where packages are looked for: where the gateway was started, and where it is installed. */
const FOLDERS: () => readonly string[] = () => [process.cwd(), import.meta.dirname];

/**
 * Runs the package's code, and gives what makes its provider.
 * @throws ProblemsError with paths below the provider's options.
 */
export function loadFactory(options: PackageOptions, folders: readonly string[] = FOLDERS()): SdkFactory {
  const name = readName(options.package);
  const loaded = load(name, folders);
  const factories = Object.keys(loaded).filter((key) => FACTORY.test(key) && typeof loaded[key] === 'function');
  const wanted = options.factory ?? (factories.length === 1 ? factories[0] : undefined);
  const list = factories.length === 0 ? 'It has none.' : `It has: ${factories.join(', ')}.`;
  if (wanted === undefined)
    throw problem('factory', `Nobody knows which function of the package "${name}" makes its provider.`, list);
  if (!factories.includes(wanted)) {
    const hint = didYouMean(wanted, factories);
    throw problem('factory', `The package "${name}" has no function "${wanted}" that makes a provider.${hint}`, list);
  }
  return loaded[wanted] as SdkFactory;
}

function readName(name: string | undefined): string {
  if (name === undefined)
    throw problem(
      'package',
      'A provider of the AI SDK needs the package that speaks with it.',
      "Say it, e.g. `package: '@ai-sdk/amazon-bedrock'`.",
    );
  if (PACKAGE_NAME.test(name) && name.length <= MAX_NAME_CHARACTERS && !isBuiltin(name)) return name;
  throw problem(
    'package',
    'The package must be the name of a package as npm has it: no path, no address.',
    "Say it like `package: '@ai-sdk/amazon-bedrock'`.",
  );
}

function load(name: string, folders: readonly string[]): Readonly<Record<string, unknown>> {
  for (const folder of folders) {
    const require = createRequire(join(folder, 'package.json'));
    const home = (require.resolve.paths(name) ?? []).map((place) => join(place, name)).find(hasPackage);
    if (home === undefined) continue;
    try {
      const loaded: unknown = require(entryOf(require, name, home));
      return isObject(loaded) ? loaded : {};
    } catch (error) {
      throw problem(
        'package',
        `The package "${name}" cannot be loaded: ${describeError(error).split('\n')[0]}`,
        `Install it anew: npm install ${name}`,
      );
    }
  }
  throw problem('package', `The package "${name}" is not installed.`, `npm install ${name}`);
}

function hasPackage(folder: string): boolean {
  return existsSync(join(folder, 'package.json'));
}

/** A package that has modules for `import` alone does not tell `require` where they are. */
function entryOf(require: NodeJS.Require, name: string, home: string): string {
  try {
    return require.resolve(name);
  } catch (error) {
    const manifest = objectOf(JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')));
    const entry = importEntry(manifest.exports);
    if (entry === undefined) throw error;
    return join(home, entry);
  }
}

function importEntry(exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports.startsWith('./') ? exports : undefined;
  const options = Array.isArray(exports)
    ? arrayOf(exports)
    : ['.', 'node', 'import', 'default'].map((key) => objectOf(exports)[key]);
  for (const option of options) {
    const found = option === undefined ? undefined : importEntry(option);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function problem(option: string, message: string, suggestion: string): ProblemsError {
  const told: Problem = { path: [option], message, suggestion };
  return new ProblemsError([told]);
}
