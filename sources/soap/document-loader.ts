import { open } from 'node:fs/promises';
import { SkeinError } from '../../kernel/errors.ts';
import { type FetchOptions, fetchDocument } from '../upstream/fetch-document.ts';
import type { LoadDocument } from './load-documents.ts';
import { isUrl } from './locations.ts';

const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** A WSDL may import a thousand documents: no host may hold up each of them. */
const ONE_MS = 30_000;
const ALL_MS = 60_000;

/** Reads the documents of one WSDL from files and, by http or https, from one host: all of them within 60 s. */
export function createDocumentLoader(
  source: string,
  options: Pick<FetchOptions, 'tls' | 'network'> = {},
  now: () => number = Date.now,
): LoadDocument {
  const deadlineAt = now() + ALL_MS;
  return async (location) => {
    if (!isUrl(location)) return readBounded(location);
    const left = deadlineAt - now();
    if (left > 0) return fetchDocument(source, location, { ...options, timeoutMs: Math.min(left, ONE_MS) });
    const cause = new Error(`The WSDL and what it imports took longer than ${ALL_MS / 1_000} s`);
    throw new SkeinError('UPSTREAM_TIMEOUT', undefined, { details: { source, operation: 'document' }, cause });
  };
}

async function readBounded(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new Error('it is not a file');
    if (found.size > MAX_FILE_BYTES) throw new Error(`it has more than ${MAX_FILE_BYTES} bytes`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}
