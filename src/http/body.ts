import type { IncomingMessage } from 'node:http';
import { SkeinError } from '../../kernel/errors.ts';

/**
 * Reads a request body of at most `maxBytes`. Rejects with PAYLOAD_TOO_LARGE — before reading when the length is
 * declared — or with CLIENT_CLOSED_REQUEST when the client goes away in the middle.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const tooLarge = () =>
      reject(new SkeinError('PAYLOAD_TOO_LARGE', `The request body is larger than ${maxBytes} bytes.`));
    if (Number(request.headers['content-length']) > maxBytes) {
      tooLarge();
      return;
    }
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > maxBytes) {
        chunks.length = 0;
        request.pause();
        tooLarge();
      } else chunks.push(chunk);
    });
    request.once('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    request.once('error', () => reject(new SkeinError('CLIENT_CLOSED_REQUEST')));
    request.once('aborted', () => reject(new SkeinError('CLIENT_CLOSED_REQUEST')));
  });
}
