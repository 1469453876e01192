import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { describeError } from '../../kernel/errors.ts';
import type { Problem } from '../../kernel/problem.ts';
import { cacheOptions } from '../../sources/cache/options.ts';
import { authOptions } from '../identity/options.ts';
import { usageOptions } from '../metering/options.ts';
import { ratesOptions } from '../policy/rates/options.ts';
import { checkEntry } from './check-entry.ts';
import { resolveDocuments, resolveProviderFiles } from './documents.ts';
import { kindOf, unknownKey } from './explain-issue.ts';
import { quote, type YamlPath } from './path-text.ts';
import { nearestFileName, readText } from './read-text.ts';
import { BUILT_IN_SOURCES, checkReferences, type SectionName, type Sections } from './references.ts';
import {
  corsOptions,
  type KeyOptions,
  keyOptions,
  limitOptions,
  reloadOptions,
  SECTIONS,
  type SkeinConfig,
  sourceOptions,
} from './schema.ts';
import { type Environment, secretsIn } from './substitute.ts';
import { type Position, parseYaml, type YamlDocument, yamlOfData } from './yaml-document.ts';

const MAX_BYTES = 4 * 1024 * 1024;
const TOP_LEVEL = ['keys', 'auth', 'cors', 'limits', 'rates', 'reload', 'cache', 'usage', ...Object.keys(SECTIONS)];

export interface ConfigReading {
  /** What could be used of the file. All references and files in it exist. */
  readonly config: SkeinConfig;
  /** Whether the file says nothing, not even that there is nothing. */
  readonly isEmpty: boolean;
  /** The sections of its entries as they are written there: nothing is put in for `${NAME}`. Empty where there are mistakes. */
  readonly sections: Readonly<Record<string, unknown>>;
  /** Names of the secrets that all else in it takes, such as keys. Empty where there are mistakes. */
  readonly secrets: ReadonlySet<string>;
  /** All mistakes of the file at once. */
  readonly problems: readonly Problem[];
  /** Where a path of the file stands, or the nearest thing around it. */
  locate(path: YamlPath): Position | undefined;
}

/**
 * Reads skein.yaml, or the one in the folder that is named. Never throws for what the file holds: mistakes are problems, and wrong entries are left out. Values
 * of `env` come in through `${NAME}` and `${NAME:-default}` alone, except that a file without `keys` has one key named
 * `default`, SKEIN_API_KEY.
 */
export async function readConfig(file: string, env: Environment): Promise<ConfigReading> {
  const absolute = await configFile(resolve(file));
  return toReading(absolute, env, (report) => readDocument(absolute, env, report));
}

/** As `readConfig`, of a text; its paths are found beside `file`, which need not be there. */
export async function readConfigText(text: string, file: string, env: Environment): Promise<ConfigReading> {
  return toReading(file, env, (report) => parseYaml(text, file, env, report));
}

/** As `readConfigText`, of data that nobody has written as text. */
export async function readConfigData(data: object, file: string, env: Environment): Promise<ConfigReading> {
  return toReading(file, env, (report) => ({ ...yamlOfData(data, env, report), locate: () => undefined }));
}

async function toReading(
  file: string,
  env: Environment,
  open: (report: (problem: Problem) => void) => YamlDocument | Promise<YamlDocument>,
): Promise<ConfigReading> {
  const problems: Problem[] = [];
  const report = (problem: Problem): void => void problems.push(problem);
  const document = await open(report);
  const config = await readSections(document, file, env, report);
  const { asWritten, locate } = document;
  const written = problems.length === 0 && isMap(asWritten) ? asWritten : {};
  const names = Object.keys(SECTIONS).filter((name) => isMap(written[name]));
  const sections = Object.fromEntries(names.map((name) => [name, written[name]]));
  const others = Object.entries(written).filter(([name]) => !names.includes(name));
  const isEmpty = document.value === null && problems.length === 0;
  return { config, isEmpty, sections, secrets: secretsIn(JSON.stringify(others)), problems, locate };
}

async function configFile(path: string): Promise<string> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isFolder ? join(path, 'skein.yaml') : path;
}

async function readDocument(file: string, env: Environment, report: (problem: Problem) => void): Promise<YamlDocument> {
  try {
    return parseYaml(await readText(file, MAX_BYTES), file, env, report);
  } catch (error) {
    const near = await nearestFileName(file);
    const guess =
      near === undefined || !/\.ya?ml$/.test(near) || resolve(file, '..', near) === file
        ? ''
        : ` There is a ${quote(near)} beside it.`;
    report({
      message: `The configuration ${file} cannot be read: ${describeError(error)}.`,
      file,
      suggestion: `Give the path of your skein.yaml as --config or SKEIN_CONFIG.${guess}`,
    });
    return parseYaml('', file, env, report);
  }
}

async function readSections(
  document: YamlDocument,
  file: string,
  env: Environment,
  report: (problem: Problem) => void,
): Promise<SkeinConfig> {
  const broken = new Set<string>();
  const root = document.value ?? {};
  if (!isMap(root))
    report({ message: `The file must be a map of ${TOP_LEVEL.join(', ')}, but is ${kindOf(root)}.`, file });
  const top = isMap(root) ? root : {};
  for (const key of Object.keys(top))
    if (!TOP_LEVEL.includes(key)) report(misplaced(key, [key], top.sources) ?? unknownKey(key, [], TOP_LEVEL));

  /** The entry, or nothing if it is wrong; then it counts as broken. */
  function readEntry<T>(schema: z.ZodType<T>, value: unknown, path: YamlPath): { readonly value: T } | undefined {
    const checked = checkEntry(schema, value, path, document, report);
    const failed = document.failures.some((failure) => path.every((step, index) => failure[index] === step));
    const isRepeated = document.repeated.some((repeated) => repeated.every((step, index) => path[index] === step));
    if (checked !== undefined && !failed && !isRepeated) return checked;
    broken.add(path.join('.'));
    return undefined;
  }

  function readSection<T>(name: SectionName, section: { key: z.ZodType<string>; entry: z.ZodType<T> }): Map<string, T> {
    const entries = new Map<string, T>();
    const given = top[name] ?? {};
    if (document.repeated.some((repeated) => repeated.length === 1 && repeated[0] === name)) broken.add(name);
    if (!isMap(given)) {
      broken.add(name);
      if (!document.hasFailed([name]))
        report({ message: `${name} must be a map, but is ${kindOf(given)}.`, path: [name] });
      return entries;
    }
    for (const [key, value] of Object.entries(given)) {
      const path = [name, key];
      const wrong = section.key.safeParse(key).error?.issues[0]?.message ?? reserved(name, key);
      if (wrong !== undefined) report({ message: `The name ${quote(key)} in ${name} ${wrong}.`, path });
      const beside = name === 'sources' && isMap(value) && !Object.hasOwn(value, 'kind');
      const stray = beside ? misplaced(key, path, given) : undefined;
      if (stray !== undefined) {
        report(stray);
        broken.add(path.join('.'));
        continue;
      }
      const entry = readEntry(section.entry, value, path);
      if (wrong !== undefined) broken.add(path.join('.'));
      else if (entry !== undefined) entries.set(key, entry.value);
    }
    return entries;
  }

  function readKeys(): KeyOptions[] {
    const given = top.keys ?? [{ name: 'default', key: env.SKEIN_API_KEY ?? '' }];
    if (Array.isArray(given)) {
      return given.flatMap((value, index) => readEntry(keyOptions, value, ['keys', index])?.value ?? []);
    }
    broken.add('keys');
    if (!document.hasFailed(['keys'])) {
      report({ message: `keys must be a list, but is ${kindOf(given)}.`, path: ['keys'] });
    }
    return [];
  }

  const keys = readKeys();
  keys.forEach(({ key }, index) => {
    const first = keys.findIndex((other) => other.key === key);
    if (key === '' || first === index) return;
    report({ message: `keys[${index}] has the same key as keys[${first}].`, path: ['keys', index] });
  });
  const auth = readEntry(authOptions, top.auth ?? {}, ['auth'])?.value ?? authOptions.parse({});
  const cors = readEntry(corsOptions, top.cors ?? {}, ['cors'])?.value ?? corsOptions.parse({});
  const limits = readEntry(limitOptions, top.limits ?? {}, ['limits'])?.value ?? limitOptions.parse({});
  const rates = readEntry(ratesOptions, top.rates ?? {}, ['rates'])?.value ?? ratesOptions.parse({});
  const reload = readEntry(reloadOptions, top.reload ?? {}, ['reload'])?.value ?? reloadOptions.parse({});
  const cache = readEntry(cacheOptions, top.cache ?? {}, ['cache'])?.value ?? cacheOptions.parse({});
  const usage = readEntry(usageOptions, top.usage ?? {}, ['usage'])?.value ?? usageOptions.parse({});
  const sections: Sections = {
    sources: readSection('sources', SECTIONS.sources),
    versions: readSection('versions', SECTIONS.versions),
    links: readSection('links', SECTIONS.links),
    types: readSection('types', SECTIONS.types),
    overrides: readSection('overrides', SECTIONS.overrides),
    providers: readSection('providers', SECTIONS.providers),
    models: readSection('models', SECTIONS.models),
    routes: readSection('routes', SECTIONS.routes),
    prompts: readSection('prompts', SECTIONS.prompts),
  };
  for (const [name, options] of sections.sources) {
    const resolved = await resolveDocuments(options, ['sources', name], file, report);
    if (resolved !== undefined) sections.sources.set(name, resolved);
    else {
      sections.sources.delete(name);
      broken.add(`sources.${name}`);
    }
  }
  for (const [name, options] of sections.providers) {
    const resolved = await resolveProviderFiles(options, ['providers', name], file, report);
    if (resolved !== undefined) sections.providers.set(name, resolved);
    else {
      sections.providers.delete(name);
      broken.add(`providers.${name}`);
    }
  }
  checkReferences(sections, broken, report);
  return {
    file,
    keys,
    auth,
    cors,
    limits,
    rates,
    reload,
    cache,
    usage,
    sources: toRecord(sections.sources),
    versions: toRecord(sections.versions),
    links: toRecord(sections.links),
    types: toRecord(sections.types),
    overrides: toRecord(sections.overrides),
    providers: toRecord(sections.providers),
    models: toRecord(sections.models),
    routes: toRecord(sections.routes),
    prompts: toRecord(sections.prompts),
    broken,
  };
}

function reserved(section: SectionName, name: string): string | undefined {
  return (section === 'sources' || section === 'versions') && BUILT_IN_SOURCES.includes(name)
    ? 'is reserved for a source of the gateway itself'
    : undefined;
}

/** An option of sources that stands beside them instead of in one. */
function misplaced(key: string, path: YamlPath, sources: unknown): Problem | undefined {
  const isOption = sourceOptions.options.some(({ shape }) => Object.hasOwn(shape, key));
  if (!isOption) return undefined;
  const name = isMap(sources) ? Object.keys(sources).findLast((source) => source !== key) : undefined;
  return {
    message: `${quote(key)} is an option of a source, but stands beside the sources.`,
    path,
    suggestion: `Write it in the source, indented as its "kind" is: sources.${name ?? '<name>'}.${key}.`,
  };
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Without a prototype, so that looking up `constructor` finds nothing. */
function toRecord<T>(entries: ReadonlyMap<string, T>): Readonly<Record<string, T>> {
  const record: Record<string, T> = Object.create(null);
  for (const [name, value] of entries) record[name] = value;
  return record;
}
