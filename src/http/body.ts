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

const AS_JSON = `Send the operation as JSON, {"query": "…"}, with the header "content-type: application/json"`;

/**
 * Throws what to do instead unless the body can be one of the forms that are taken beside JSON. With curl, `-d` says
 * that its data is a form, whatever it is.
 */
export function checkForm(body: Buffer, contentType: string | undefined): void {
  const [type = ''] = (contentType ?? '').split(';');
  if (type === 'application/graphql') return;
  if (type === 'application/x-www-form-urlencoded') {
    if (/^\s*\{/.test(body.toString('utf8', 0, 64))) {
      throw new SkeinError('UNSUPPORTED_MEDIA_TYPE', `The body is JSON, but is called a form. ${AS_JSON} (curl: -H).`);
    }
    if (new URLSearchParams(body.toString('utf8')).has('query')) return;
    throw new SkeinError('BAD_REQUEST', `The form has no "query". ${AS_JSON}, or as a form with a "query".`);
  }
  const what = type === '' ? 'The request has no content type.' : 'The content type of the request is not supported.';
  throw new SkeinError('UNSUPPORTED_MEDIA_TYPE', `${what} ${AS_JSON}.`);
}
