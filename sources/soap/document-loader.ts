import { open } from 'node:fs/promises';
import { fetchDocument } from '../upstream/fetch-document.ts';
import type { LoadDocument } from './load-documents.ts';
import { isUrl } from './locations.ts';

const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** Reads documents from files and, by http or https, from hosts. */
export function createDocumentLoader(source: string): LoadDocument {
  return (location) => (isUrl(location) ? fetchDocument(source, location) : readBounded(location));
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
