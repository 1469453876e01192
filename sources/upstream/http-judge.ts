import { SkeinError } from '../../kernel/errors.ts';
import type { HttpHeaders } from './http.ts';
import type { Judgement } from './resilience/contracts.ts';
import { retryAfterMs } from './retry-after.ts';
import { errorCode } from './transport-error.ts';

/** Nothing of a call can have reached a service when these end it. */
const UNSENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'ERR_SKEIN_PRIVATE_ADDRESS',
  // The server's certificate, which comes before all requests: https://nodejs.org/api/tls.html#x509-certificate-error-codes
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'CERT_CHAIN_TOO_LONG',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERROR_IN_CERT_NOT_AFTER_FIELD',
  'ERROR_IN_CERT_NOT_BEFORE_FIELD',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
  'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

const OK: Judgement = { outcome: 'ok' };
const FAILED: Judgement = { outcome: 'failed' };
const UNSENT_CALL: Judgement = { outcome: 'unsent' };
const GIVEN_UP: Judgement = { outcome: 'given-up' };

/** What an answer says of the service: RFC 9110, 15. A 502 or 504 of a proxy may well have been processed behind it. */
export function judgeAnswer(answer: { readonly status: number; readonly headers: HttpHeaders }): Judgement {
  const { status } = answer;
  if (status < 500 && status !== 429) return OK;
  const reason = `HTTP ${status}`;
  if (status !== 503 && status !== 429) return { outcome: 'failed', reason };
  const busy = { outcome: 'busy', reason, retryAfterMs: retryAfterMs(answer.headers, Date.now()) } as const;
  return status === 429 ? { ...busy, overLimit: true } : busy;
}

/** What a failure says of the service. */
export function judgeFailure(error: unknown): Judgement {
  if (!(error instanceof SkeinError)) return FAILED;
  switch (error.code) {
    case 'CLIENT_CLOSED_REQUEST':
    case 'DEADLINE_EXCEEDED':
    case 'SHUTTING_DOWN':
    case 'BAD_USER_INPUT':
    case 'INTERNAL_SERVER_ERROR':
      return GIVEN_UP;
    // It answers, and would answer the same again.
    case 'UPSTREAM_RESPONSE_TOO_LARGE':
      return OK;
    default:
      return isUnsent(error.cause) ? UNSENT_CALL : FAILED;
  }
}

function isUnsent(cause: unknown): boolean {
  // Node tries all addresses of a name, and tells of all.
  if (cause instanceof AggregateError) return cause.errors.every(isUnsent);
  return UNSENT.has(errorCode(cause) ?? '');
}
