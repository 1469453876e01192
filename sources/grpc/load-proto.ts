import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import protobuf from 'protobufjs';
import { describeError } from '../../kernel/errors.ts';
import { ProblemsError } from '../../kernel/problem.ts';

const MAX_FILES = 500;
const MAX_FILE_BYTES = 4_194_304;

/** Imported for their options only, which GraphQL has no use for; protoc users rarely keep copies of them. */
const OPTIONAL_IMPORT = /^google\/api\//;

export interface LoadedProto {
  readonly root: protobuf.Root;
  /** Services that the document itself defines, not its imports. */
  readonly services: readonly protobuf.Service[];
}

/**
 * Reads a .proto file and all it imports. Imports are looked for in the document's folder and in `includeDirs` (taken
 * from there when relative), and nowhere else: a path that leaves them, by `..` or by a link, is refused.
 * @throws ProblemsError with the file and, where it is known, the line
 */
export async function loadProto(documentPath: string, includeDirs: readonly string[]): Promise<LoadedProto> {
  const folder = dirname(documentPath);
  const roots = [folder, ...includeDirs.map((dir) => resolve(folder, dir))];
  const root = new protobuf.Root();
  const seen = new Set<string>();
  const waiting = [documentPath];
  for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
    if (seen.has(file)) continue;
    seen.add(file);
    if (seen.size > MAX_FILES) throw problem(documentPath, `The document imports more than ${MAX_FILES} files.`);
    const text = await readBounded(file);
    for (const name of parseFile(file, text, root)) {
      const bundled = protobuf.common.get(name);
      if (bundled !== null) {
        if (!seen.has(name)) root.addJSON(bundled.nested ?? {});
        seen.add(name);
        continue;
      }
      const path = await findImport(name, dirname(file), roots);
      if (path !== undefined) waiting.push(path);
      else if (!OPTIONAL_IMPORT.test(name)) throw importProblem(name, file, text);
    }
  }
  try {
    root.resolveAll();
  } catch (error) {
    throw problem(fileOf(root, describeError(error)) ?? documentPath, describeError(error));
  }
  return { root, services: servicesOf(root).filter((service) => service.filename === documentPath) };
}

export function servicesOf(namespace: protobuf.NamespaceBase): protobuf.Service[] {
  return namespace.nestedArray.flatMap((object) => {
    if (object instanceof protobuf.Service) return [object];
    return object instanceof protobuf.Namespace ? servicesOf(object) : [];
  });
}

/** Adds the file to the root; returns the names it imports. */
function parseFile(path: string, text: string, root: protobuf.Root): readonly string[] {
  // The parser takes the name of the file from itself; it is reset when parsing is done.
  Object.assign(protobuf.parse, { filename: path });
  try {
    const parsed = protobuf.parse(text, root, { keepCase: false, alternateCommentMode: true });
    return [...(parsed.imports ?? []), ...(parsed.weakImports ?? [])];
  } catch (error) {
    const message = describeError(error);
    const line = /line (\d+)\)$/.exec(message)?.[1];
    throw problem(path, message.replace(/ \([^()]*line \d+\)$/, ''), line === undefined ? undefined : Number(line));
  }
}

async function findImport(name: string, importer: string, roots: readonly string[]): Promise<string | undefined> {
  for (const base of [...roots, importer]) {
    const path = resolve(base, name);
    const real = await realpath(path).catch(() => undefined);
    if (real === undefined) continue;
    for (const folder of roots) {
      const realFolder = await realpath(folder).catch(() => undefined);
      if (realFolder !== undefined && isInside(real, realFolder)) return path;
    }
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

function importProblem(name: string, file: string, text: string): ProblemsError {
  const index = text.split('\n').findIndex((line) => line.includes('import') && line.includes(name));
  return problem(
    file,
    `The import "${name}" is not found in the folder of the document or in includeDirs.`,
    index < 0 ? undefined : index + 1,
    'Add the folder it is in to includeDirs.',
  );
}

/** The file of the object an error of the resolver names: `no such type … in Type .shop.Product`. */
function fileOf(root: protobuf.Root, message: string): string | undefined {
  const name = / in \w+ (\.\S+)$/.exec(message)?.[1];
  if (name === undefined) return undefined;
  let object: protobuf.ReflectionObject | null = root.lookup(name);
  while (object !== null && !object.filename) object = object.parent;
  return object?.filename ?? undefined;
}

function problem(file: string, message: string, line?: number, suggestion?: string): ProblemsError {
  return new ProblemsError([
    { message, file, ...(line === undefined ? {} : { line }), ...(suggestion === undefined ? {} : { suggestion }) },
  ]);
}
