import type { IncomingMessage } from 'node:http';
import { SkeinError } from '../../kernel/errors.ts';
import { ChunkList } from '../../sources/upstream/chunk-list.ts';

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
    const chunks = new ChunkList();
    request.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      if (chunks.bytes > maxBytes) {
        chunks.clear();
        request.pause();
        tooLarge();
      }
    });
    request.once('end', () => resolve(chunks.whole()));
    request.once('error', () => reject(new SkeinError('CLIENT_CLOSED_REQUEST')));
    request.once('aborted', () => reject(new SkeinError('CLIENT_CLOSED_REQUEST')));
  });
}

const AS_JSON = `Send the operation as JSON, {"query": "…"}, with the header "content-type: application/json"`;

/**
 * The parameters of a body in one of the forms that are taken beside JSON. With curl, `-d` says that its data is a form,
 * whatever it is.
 *
 * @throws SkeinError that says what to do instead
 */
export function readForm(body: Buffer, contentType: string | undefined): URLSearchParams {
  const type = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (type === 'application/graphql') return new URLSearchParams([['query', body.toString('utf8')]]);
  if (type === 'application/x-www-form-urlencoded') {
    if (/^\s*\{/.test(body.toString('utf8', 0, 64))) {
      throw new SkeinError('UNSUPPORTED_MEDIA_TYPE', `The body is JSON, but is called a form. ${AS_JSON} (curl: -H).`);
    }
    const form = new URLSearchParams(body.toString('utf8'));
    if (form.has('query')) return form;
    throw new SkeinError('BAD_REQUEST', `The form has no "query". ${AS_JSON}, or as a form with a "query".`);
  }
  const what = type === '' ? 'The request has no content type.' : 'The content type of the request is not supported.';
  throw new SkeinError('UNSUPPORTED_MEDIA_TYPE', `${what} ${AS_JSON}.`);
}
