import { errors } from 'undici';
import { type ErrorCode, SkeinError } from '../../kernel/errors.ts';

const CODES: Readonly<Record<string, ErrorCode>> = {
  UND_ERR_CONNECT_TIMEOUT: 'UPSTREAM_TIMEOUT',
  UND_ERR_HEADERS_TIMEOUT: 'UPSTREAM_TIMEOUT',
  UND_ERR_BODY_TIMEOUT: 'UPSTREAM_TIMEOUT',
  ETIMEDOUT: 'UPSTREAM_TIMEOUT',
  UND_ERR_HEADERS_OVERFLOW: 'UPSTREAM_RESPONSE_TOO_LARGE',
  // Also when an answer has a transfer-encoding, too: it does not hold to HTTP (RFC 9112, section 6.3).
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'UPSTREAM_BAD_RESPONSE',
  UND_ERR_DESTROYED: 'UPSTREAM_UNREACHABLE',
  UND_ERR_CLOSED: 'UPSTREAM_UNREACHABLE',
  // The request itself could not be written: that is ours.
  UND_ERR_INVALID_ARG: 'INTERNAL_SERVER_ERROR',
  UND_ERR_NOT_SUPPORTED: 'INTERNAL_SERVER_ERROR',
};

/** The connection ended in the middle of an answer. */
const PARSER_AT_END = 'HPE_INVALID_EOF_STATE';

/**
 * The public face of an error of the connection. `answering` tells whether the status line had arrived: before it the
 * source was not reached, after it the source failed.
 */
export function transportError(
  error: unknown,
  answering: boolean,
  details: { source: string; operation: string },
): SkeinError {
  if (error instanceof SkeinError) return error;
  return new SkeinError(codeOf(error, answering), undefined, { details, cause: error });
}

function codeOf(error: unknown, answering: boolean): ErrorCode {
  const code = errorCode(error);
  const known = code === undefined ? undefined : CODES[code];
  if (known !== undefined) return known;
  if (error instanceof errors.HTTPParserError && code !== PARSER_AT_END) return 'UPSTREAM_BAD_RESPONSE';
  return answering ? 'UPSTREAM_FAILED' : 'UPSTREAM_UNREACHABLE';
}

/** The `code` of a Node or undici error, e.g. `ECONNREFUSED`. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
