import type { ServerResponse } from 'node:http';
import { ERROR_TABLE, type ErrorCode } from '../../kernel/errors.ts';
import { type ErrorScope, type PublicResult, statusOf, toPublicError } from '../public-errors.ts';
import { PLAIN_JSON, type RESPONSE_JSON } from './media-types.ts';

type JsonMediaType = typeof RESPONSE_JSON | typeof PLAIN_JSON;

/** Codes that, for clients of plain JSON, travel in a 200 answer: the document arrived, it was the wrong one. */
const DOCUMENT_CODES: ReadonlySet<unknown> = new Set<ErrorCode>([
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_TOO_COMPLEX',
]);

/** Sends a GraphQL result with the status that GraphQL over HTTP asks for in the media type. */
export function sendResult(response: ServerResponse, result: PublicResult, mediaType: JsonMediaType): void {
  sendJson(response, resultStatus(result, mediaType), result, mediaType);
}

export function resultStatus(result: PublicResult, mediaType: JsonMediaType): number {
  if (result.errors === undefined || result.data !== undefined) return 200;
  if (mediaType === PLAIN_JSON && DOCUMENT_CODES.has(result.errors[0]?.extensions?.code)) return 200;
  return statusOf(result.errors);
}

/** Sends errors of a request that never became an operation. */
export function sendErrors(
  response: ServerResponse,
  errors: readonly unknown[],
  scope: ErrorScope,
  mediaType: JsonMediaType = PLAIN_JSON,
): void {
  if (!response.headersSent) response.setHeader('x-request-id', scope.requestId);
  sendResult(response, { errors: errors.map((error) => toPublicError(error, scope)) }, mediaType);
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  mediaType: string = PLAIN_JSON,
): void {
  if (response.headersSent || response.destroyed) return;
  sendText(response, status, JSON.stringify(body), `${mediaType}; charset=utf-8`);
}

export function sendText(response: ServerResponse, status: number, text: string, contentType: string): void {
  if (response.headersSent || response.destroyed) return;
  const length = Buffer.byteLength(text);
  if (status === ERROR_TABLE.UNAUTHENTICATED.status) response.setHeader('www-authenticate', 'Bearer');
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': length,
    'cache-control': 'no-store',
  });
  // As text it leaves in one piece with the headers; a buffer would be a second write.
  response.end(text);
}
