import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { Problem } from '../../kernel/problem.ts';
import type { ProviderOptions } from '../../sources/ai/options.ts';
import type { TlsOptions } from '../../sources/upstream/tls-files.ts';
import { pathText, type YamlPath } from './path-text.ts';
import { fileErrorText, nearestFileName } from './read-text.ts';
import type { SourceOptions } from './schema.ts';

/**
 * The options of a source with its files as absolute paths, found beside `file`; `undefined` if one of them is not
 * there. A URL stays a URL.
 */
export async function resolveDocuments(
  options: SourceOptions,
  path: YamlPath,
  file: string,
  report: (problem: Problem) => void,
): Promise<SourceOptions | undefined> {
  return resolveAll(path, file, report, async (finding) => {
    const resolved = await resolveFiles(options, finding.found);
    return (await resolveSecured(resolved, finding)) as SourceOptions;
  });
}

/** The same for a provider of models. */
export async function resolveProviderFiles(
  options: ProviderOptions,
  path: YamlPath,
  file: string,
  report: (problem: Problem) => void,
): Promise<ProviderOptions | undefined> {
  return resolveAll(path, file, report, (finding) => resolveSecured(options, finding));
}

interface Finding {
  /** The absolute path; what is not there is told. */
  found(given: string, below: YamlPath, wanted?: 'file' | 'folder'): Promise<string>;
  wrong(what: string, below: YamlPath): void;
}

/** Undefined when something was told. */
async function resolveAll<T>(
  path: YamlPath,
  file: string,
  report: (problem: Problem) => void,
  resolveIn: (finding: Finding) => Promise<T>,
): Promise<T | undefined> {
  const folder = dirname(file);
  let complete = true;
  const resolved = await resolveIn({
    async found(given, below, wanted = 'file') {
      const absolute = await resolvePlace(given, [...path, ...below], folder, wanted, report);
      if (absolute === undefined) complete = false;
      return absolute ?? given;
    },
    wrong(what, below) {
      complete = false;
      report({ message: `${pathText([...path, ...below])} ${what}.`, path: [...path, ...below] });
    },
  });
  return complete ? resolved : undefined;
}

async function resolveSecured<T extends { readonly tls?: unknown; readonly documentTls?: unknown }>(
  options: T,
  finding: Finding,
): Promise<T> {
  const secured: Record<string, TlsOptions> = {};
  for (const name of ['tls', 'documentTls'] as const) {
    const tls = options[name];
    if (typeof tls === 'object' && tls !== null) secured[name] = await resolveTls(tls, name, finding);
  }
  return { ...options, ...secured };
}

async function resolveTls(tls: TlsOptions, option: string, { found, wrong }: Finding): Promise<TlsOptions> {
  const [has, lacks] = tls.key === undefined ? ['certificate', 'key'] : ['key', 'certificate'];
  if ((tls.key === undefined) !== (tls.certificate === undefined)) {
    wrong(`has a ${has}, but no ${lacks}: the gateway shows itself with both or neither`, [option]);
  }
  const files: Record<string, string> = {};
  for (const key of ['ca', 'certificate', 'key'] as const) {
    const given = tls[key];
    if (given !== undefined) files[key] = await found(given, [option, key]);
  }
  return { ...tls, ...files };
}

async function resolveFiles(options: SourceOptions, found: Finding['found']): Promise<SourceOptions> {
  switch (options.kind) {
    case 'openapi':
    case 'soap':
      return /^https?:\/\//i.test(options.document)
        ? options
        : { ...options, document: await found(options.document, ['document']) };
    case 'graphql':
      return options.document === undefined
        ? options
        : { ...options, document: await found(options.document, ['document']) };
    case 'federation': {
      const { document, supergraph } = options;
      return {
        ...options,
        ...(document !== undefined && { document: await found(document, ['document']) }),
        ...(supergraph !== undefined && { supergraph: await found(supergraph, ['supergraph']) }),
      };
    }
    case 'grpc': {
      const { document } = options;
      const includeDirs: string[] = [];
      const place = document === undefined ? {} : { document: await found(document, ['document']) };
      for (const [index, dir] of options.includeDirs.entries()) {
        includeDirs.push(await found(dir, ['includeDirs', index], 'folder'));
      }
      return { ...options, ...place, includeDirs };
    }
  }
}

async function resolvePlace(
  given: string,
  path: YamlPath,
  folder: string,
  wanted: 'file' | 'folder',
  report: (problem: Problem) => void,
): Promise<string | undefined> {
  if (wanted === 'file' && /^[a-z][a-z0-9+.-]*:\/\//i.test(given)) {
    report({
      message: `${pathText(path)} must be a file.`,
      path,
      suggestion:
        'Only OpenAPI documents and WSDLs may be http:// or https:// URLs; save the document beside this file.',
    });
    return undefined;
  }
  const absolute = resolve(folder, given);
  const reason = await whyUnusable(absolute, wanted);
  if (reason === undefined) return absolute;
  const near = await nearestFileName(absolute);
  const instead = near === undefined || near === basename(absolute) ? undefined : sameFolder(given, near);
  report({
    message: `${pathText(path)} is the ${wanted} ${absolute}, but ${reason}.`,
    path,
    suggestion: instead === undefined ? 'Paths are relative to the folder of this file.' : `Did you mean "${instead}"?`,
  });
  return undefined;
}

async function whyUnusable(absolute: string, wanted: 'file' | 'folder'): Promise<string | undefined> {
  try {
    const found = await stat(absolute);
    if (wanted === 'file' && found.isDirectory()) return 'it is a folder';
    if (wanted === 'folder' && !found.isDirectory()) return 'it is not a folder';
    await access(absolute, constants.R_OK);
    return undefined;
  } catch (error) {
    return fileErrorText(error);
  }
}

/** The path as it was given, with another last part. */
function sameFolder(given: string, name: string): string {
  return given.replace(/[^/\\]*[/\\]?$/, '') + name;
}
