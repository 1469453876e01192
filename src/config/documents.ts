import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { Problem } from '../../kernel/problem.ts';
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
  const folder = dirname(file);
  switch (options.kind) {
    case 'openapi': {
      if (/^https?:\/\//i.test(options.document)) return options;
      const document = await resolveFile(options.document, [...path, 'document'], folder, report);
      return document === undefined ? undefined : { ...options, document };
    }
    case 'graphql': {
      if (options.document === undefined) return options;
      const document = await resolveFile(options.document, [...path, 'document'], folder, report);
      return document === undefined ? undefined : { ...options, document };
    }
    case 'grpc': {
      const document =
        options.document === undefined
          ? undefined
          : await resolveFile(options.document, [...path, 'document'], folder, report);
      const includeDirs: string[] = [];
      for (const [index, dir] of options.includeDirs.entries()) {
        const absolute = await resolvePlace(dir, [...path, 'includeDirs', index], folder, 'folder', report);
        if (absolute !== undefined) includeDirs.push(absolute);
      }
      if (options.document === undefined) return { ...options, includeDirs };
      const complete = document !== undefined && includeDirs.length === options.includeDirs.length;
      return complete ? { ...options, document, includeDirs } : undefined;
    }
  }
}

function resolveFile(
  given: string,
  path: YamlPath,
  folder: string,
  report: (problem: Problem) => void,
): Promise<string | undefined> {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(given)) return resolvePlace(given, path, folder, 'file', report);
  report({
    message: `${pathText(path)} must be a file.`,
    path,
    suggestion: 'Only an OpenAPI document may be an http:// or https:// URL; save the document beside this file.',
  });
  return Promise.resolve(undefined);
}

async function resolvePlace(
  given: string,
  path: YamlPath,
  folder: string,
  wanted: 'file' | 'folder',
  report: (problem: Problem) => void,
): Promise<string | undefined> {
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
