import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { describeError } from '../../kernel/errors.ts';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { didYouMean } from '../../kernel/suggest.ts';
import { bundledProto } from './bundled-protos.ts';
import { scanImports } from './scan-imports.ts';

const MAX_FILES = 1_000;
const MAX_FILE_BYTES = 4_194_304;
const MAX_TOTAL_BYTES = 33_554_432;
const MAX_NEIGHBOURS = 1_000;

/** The texts of a .proto file and of all it imports. */
export interface ProtoText {
  readonly kind: 'text';
  /** Path of the file that the configuration names. */
  readonly document: string;
  readonly files: readonly { readonly path: string; readonly text: string }[];
  /** Imports that come with us, e.g. `google/protobuf/timestamp.proto`. */
  readonly bundled: readonly string[];
  /** Imports that are nowhere. Without harm if nothing but options is defined there, which GraphQL has no use for. */
  readonly missing: readonly { readonly name: string; readonly problem: Problem }[];
}

/**
 * Reads a .proto file and all it imports. Imports are looked for in the document's folder and in `includeDirs` (taken
 * from there when relative), and nowhere else: a path that leaves them, by `..` or by a link, is refused.
 * @throws ProblemsError with the file
 */
export async function readProtoText(document: string, includeDirs: readonly string[]): Promise<ProtoText> {
  const folder = dirname(document);
  const folders = await findFolders([folder, ...includeDirs.map((dir) => resolve(folder, dir))]);
  const files: { path: string; text: string }[] = [];
  const bundled = new Set<string>();
  const missing: { name: string; problem: Problem }[] = [];
  const seen = new Set([document]);
  let totalBytes = 0;
  for (const path of seen) {
    if (seen.size > MAX_FILES) throw problem(document, `The document imports more than ${MAX_FILES} files.`);
    const text = await readBounded(path);
    totalBytes += text.length;
    if (totalBytes > MAX_TOTAL_BYTES) {
      throw problem(document, `The document and its imports are larger than ${MAX_TOTAL_BYTES} bytes.`);
    }
    files.push({ path, text });
    for (const { name, line } of scanImports(text)) {
      if (bundledProto(name) !== undefined) {
        bundled.add(name);
        continue;
      }
      const found = await findImport(name, dirname(path), folders);
      if (found !== undefined) seen.add(found);
      else missing.push({ name, problem: await importProblem(name, path, line, folders) });
    }
  }
  return { kind: 'text', document, files, bundled: [...bundled], missing };
}

interface Folder {
  readonly path: string;
  /** Without symbolic links. */
  readonly real: string;
}

async function findFolders(paths: readonly string[]): Promise<Folder[]> {
  const found: Folder[] = [];
  for (const path of paths) {
    const real = await realpath(path).catch(() => undefined);
    if (real !== undefined) found.push({ path, real });
  }
  return found;
}

async function findImport(name: string, importer: string, folders: readonly Folder[]): Promise<string | undefined> {
  for (const base of [...folders.map(({ path }) => path), importer]) {
    const path = resolve(base, name);
    const real = await realpath(path).catch(() => undefined);
    if (real !== undefined && folders.some((folder) => isInside(real, folder.real))) return path;
  }
  return undefined;
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

async function readBounded(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) throw problem(path, `The file is larger than ${MAX_FILE_BYTES} bytes.`);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof ProblemsError) throw error;
    throw problem(path, `The file cannot be read: ${describeError(error)}`);
  }
}

async function importProblem(name: string, file: string, line: number, folders: readonly Folder[]): Promise<Problem> {
  const near = didYouMean(name, await neighbours(name, folders)).trim();
  return {
    message: `The import "${name}" is not found in the folder of the document or in includeDirs.`,
    file,
    line,
    suggestion: near || 'Add the folder it is in to includeDirs.',
  };
}

/** The .proto files beside the place where the import should be, as imports would name them. */
async function neighbours(name: string, folders: readonly Folder[]): Promise<string[]> {
  const place = name.slice(0, name.lastIndexOf('/') + 1);
  const found: string[] = [];
  for (const folder of folders) {
    const path = resolve(folder.path, place);
    const real = await realpath(path).catch(() => undefined);
    if (real === undefined || (real !== folder.real && !isInside(real, folder.real))) continue;
    const entries = await readdir(real).catch(() => []);
    found.push(...entries.filter((entry) => entry.endsWith('.proto')).map((entry) => place + entry));
  }
  return found.slice(0, MAX_NEIGHBOURS);
}

function problem(file: string, message: string): ProblemsError {
  return new ProblemsError([{ message, file }]);
}
