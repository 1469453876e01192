import { brotliDecompress, gunzip, type InputType, inflate } from 'node:zlib';
import { SkeinError } from '../../kernel/errors.ts';
import { errorCode } from './transport-error.ts';

type Decompress = (
  body: InputType,
  options: { maxOutputLength: number },
  done: (error: Error | null, decoded: Buffer) => void,
) => void;

const DECODERS: Readonly<Record<string, Decompress>> = {
  gzip: gunzip,
  'x-gzip': gunzip,
  deflate: inflate,
  br: brotliDecompress,
};

/** What servers write for "not encoded": `none` is no registered name, but what event streams are often sent with. */
const PLAIN: readonly unknown[] = [undefined, '', 'identity', 'none'];

/** True for an answer that came encoded although identity was asked for. */
export function isEncoded(contentEncoding: string | string[] | undefined): boolean {
  return !PLAIN.includes(contentEncoding);
}

/**
 * Undoes one content encoding, off the main thread and bounded.
 * @throws SkeinError UPSTREAM_RESPONSE_TOO_LARGE, UPSTREAM_BAD_RESPONSE
 */
export function decodeBody(
  body: Buffer,
  contentEncoding: string | string[] | undefined,
  maxBytes: number,
  details: { source: string; operation: string },
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const name = String(contentEncoding).trim().toLowerCase();
    const decompress = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined;
    if (decompress === undefined) {
      const cause = new Error('The content encoding of the answer is not known.');
      reject(new SkeinError('UPSTREAM_BAD_RESPONSE', undefined, { details, cause }));
      return;
    }
    decompress(body, { maxOutputLength: maxBytes }, (error, decoded) => {
      if (error === null) {
        resolve(decoded);
        return;
      }
      const tooLarge = errorCode(error) === 'ERR_BUFFER_TOO_LARGE';
      const code = tooLarge ? 'UPSTREAM_RESPONSE_TOO_LARGE' : 'UPSTREAM_BAD_RESPONSE';
      reject(new SkeinError(code, undefined, { details, cause: error }));
    });
  });
}
