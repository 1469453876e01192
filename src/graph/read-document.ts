import { open } from 'node:fs/promises';
import { describeError } from '../../kernel/errors.ts';
import { ProblemsError } from '../../kernel/problem.ts';
import { type FetchOptions, fetchDocumentBytes } from '../../sources/upstream/fetch-document.ts';
import { fileErrorText, readText } from '../config/read-text.ts';

const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;

export function isUrl(document: string): boolean {
  return /^https?:/i.test(document);
}

/**
 * The text of a document that is a file.
 * @throws ProblemsError when the file is larger than any document needs to be, is not text, or is gone by now
 */
export function readDocument(file: string): Promise<string> {
  return orProblem(file, () => readText(file, MAX_DOCUMENT_BYTES));
}

/**
 * A document by its address or its file, as bytes where it can be had so: another thread may read their text.
 * @throws ProblemsError SkeinError as `fetchDocument` and `readDocument` do
 */
export async function loadDocument(
  source: string,
  document: string,
  options?: Pick<FetchOptions, 'tls' | 'network'>,
): Promise<string | ArrayBuffer> {
  if (isUrl(document)) return bufferOf(await fetchDocumentBytes(source, document, options));
  return orProblem(document, async () => (await readBytes(document)) ?? readText(document, MAX_DOCUMENT_BYTES));
}

/** Undefined for what is no plain file, and may have no end. */
async function readBytes(path: string): Promise<ArrayBuffer | undefined> {
  let file: Awaited<ReturnType<typeof open>> | undefined;
  try {
    file = await open(path, 'r');
    const found = await file.stat();
    if (!found.isFile()) return undefined;
    if (found.size <= MAX_DOCUMENT_BYTES) return bufferOf(await file.readFile());
  } catch (error) {
    throw new Error(fileErrorText(error));
  } finally {
    await file?.close();
  }
  throw new Error(`it is larger than ${MAX_DOCUMENT_BYTES} bytes`);
}

async function orProblem<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new ProblemsError([
      { path: ['document'], file, message: `The document cannot be read: ${describeError(error)}.` },
    ]);
  }
}

/** Small ones may share theirs with others. */
function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): ArrayBuffer {
  const isWhole = byteOffset === 0 && byteLength === buffer.byteLength;
  return (isWhole ? buffer : buffer.slice(byteOffset, byteOffset + byteLength)) as ArrayBuffer;
}
