import { createHash } from 'node:crypto';
import { isAbsolute } from 'node:path';
import type { Source } from '../../sources/source.ts';
import type { SourceOptions } from '../config/schema.ts';
import type { CompileWorker } from './compile-worker.ts';

/** What became of one source of the configuration, and what that depends on: whether it must be loaded again. */
export interface SourceEntry {
  readonly options: SourceOptions;
  readonly sources: readonly Source[];
  /** Absolute paths of all it was read from. */
  readonly files: ReadonlySet<string>;
  /** Of all texts it was compiled from. */
  readonly fingerprint: string;
}

/** What a compiler was given: everything that a source is made of, beside its options. */
export interface Recording {
  /** Rejects with SameSourceError where there is nothing to compile. */
  readonly compiler: CompileWorker;
  files(): ReadonlySet<string>;
  fingerprint(): Promise<string>;
}

/** What a source would be compiled from is what another one was compiled from: there is nothing to do. */
export class SameSourceError extends Error {}

/**
 * @param known the fingerprint of a source that may go on as it is: what has it is not compiled
 */
export function recordCompiler(compiler: CompileWorker, options: SourceOptions, known?: string): Recording {
  const files = new Set<string>();
  collectPaths(options, files);
  const hash = createHash('sha256');
  let hashed: Promise<void> = Promise.resolve();
  const digest = () => hash.copy().digest('base64');
  return {
    compiler: {
      run: (name, ...given) => {
        collectPaths(given, files);
        hashed = hashed.then(() => hashValue(hash, given));
        // Bytes are the compiler's once it has them, and empty here.
        return hashed.then(() => {
          if (digest() === known) throw new SameSourceError();
          return compiler.run(name, ...given);
        });
      },
      dispose: () => compiler.dispose(),
    },
    files: () => files,
    async fingerprint() {
      await hashed;
      return digest();
    },
  };
}

/** Documents are told to compilers with the absolute paths they were read from; texts are longer, or begin otherwise. */
const MAX_PATH = 4_096;

function collectPaths(value: unknown, found: Set<string>): void {
  if (typeof value === 'string') {
    if (value.length <= MAX_PATH && isAbsolute(value) && !value.includes('\n')) found.add(value);
  } else if (Array.isArray(value)) {
    for (const item of value) collectPaths(item, found);
  } else if (value instanceof Map) {
    for (const [key, item] of value) {
      collectPaths(key, found);
      collectPaths(item, found);
    }
  } else if (isPlain(value)) {
    for (const item of Object.values(value)) collectPaths(item, found);
  }
}

const PIECE = 1_048_576;

/** In pieces: texts may be long, and a gateway serves meanwhile. */
async function hashValue(hash: ReturnType<typeof createHash>, value: unknown): Promise<void> {
  if (typeof value === 'string') {
    hash.update(`${value.length}:`);
    for (let at = 0; at < value.length; at += PIECE) {
      hash.update(value.slice(at, at + PIECE));
      if (value.length > PIECE) await new Promise((resolve) => setImmediate(resolve));
    }
  } else if (value instanceof Uint8Array) {
    hash.update(`${value.byteLength}b`).update(value);
  } else if (value instanceof ArrayBuffer) {
    hash.update(`${value.byteLength}b`);
    for (let at = 0; at < value.byteLength; at += PIECE) {
      hash.update(new Uint8Array(value, at, Math.min(PIECE, value.byteLength - at)));
      if (value.byteLength > PIECE) await new Promise((resolve) => setImmediate(resolve));
    }
  } else if (value instanceof Map) {
    hash.update('(');
    for (const entry of value) await hashValue(hash, entry);
  } else if (Array.isArray(value)) {
    hash.update('[');
    for (const item of value) await hashValue(hash, item);
  } else if (isPlain(value)) {
    hash.update('{');
    for (const entry of Object.entries(value)) await hashValue(hash, entry);
  } else hash.update(`${String(value)};`);
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array);
}
