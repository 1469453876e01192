import { CloseCode } from 'graphql-ws';
import { type ErrorCode, SkeinError } from '../../kernel/errors.ts';
import { judgeAnswer, judgeFailure } from '../upstream/http-judge.ts';
import type { Judgement } from '../upstream/resilience/contracts.ts';
import { errorCode, transportError } from '../upstream/transport-error.ts';
import type { CallScope } from './answer.ts';

/** Codes of the protocol, and of WebSocket itself (RFC 6455, section 7.4.1). */
const CODES: Readonly<Record<number, ErrorCode>> = {
  [CloseCode.BadRequest]: 'UPSTREAM_REJECTED',
  [CloseCode.Unauthorized]: 'UPSTREAM_REJECTED',
  [CloseCode.Forbidden]: 'UPSTREAM_REJECTED',
  [CloseCode.SubscriberAlreadyExists]: 'UPSTREAM_REJECTED',
  [CloseCode.TooManyInitialisationRequests]: 'UPSTREAM_REJECTED',
  [CloseCode.SubprotocolNotAcceptable]: 'UPSTREAM_BAD_RESPONSE',
  [CloseCode.ConnectionInitialisationTimeout]: 'UPSTREAM_TIMEOUT',
  1002: 'UPSTREAM_BAD_RESPONSE',
  1003: 'UPSTREAM_REJECTED',
  1008: 'UPSTREAM_REJECTED',
  1009: 'UPSTREAM_REJECTED',
};

/** What a service means that closes the socket of a subscription under way. */
export function closeError(code: number, reason: string, isOpen: boolean, scope: CallScope): SkeinError {
  const cause = new Error(`The socket was closed with ${code}${reason === '' ? '' : `, "${reason}"`}.`);
  // 1006: it went without a word.
  const lost = code === 1006 && !isOpen ? 'UPSTREAM_UNREACHABLE' : 'UPSTREAM_FAILED';
  return new SkeinError(CODES[code] ?? lost, undefined, { details: detailsOf(scope), cause });
}

/** What it means that a socket broke. */
export function socketError(error: Error, isOpen: boolean, scope: CallScope): SkeinError {
  const code = errorCode(error);
  // Errors of the connection have codes; without one it is the handshake that was answered amiss.
  if (code !== undefined && !code.startsWith('WS_ERR_')) return transportError(error, isOpen, detailsOf(scope));
  const isTooLarge = code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';
  const meaning = isTooLarge ? 'UPSTREAM_RESPONSE_TOO_LARGE' : 'UPSTREAM_BAD_RESPONSE';
  return new SkeinError(meaning, undefined, { details: detailsOf(scope), cause: error });
}

/** What it says of a service that a socket did not come to be open. */
export function judgeOpening(error: unknown): Judgement {
  if (!(error instanceof SkeinError)) return judgeFailure(error);
  const { upstreamStatus, retryAfterMs } = error.extensions;
  if (upstreamStatus !== undefined) return { ...judgeAnswer({ status: upstreamStatus, headers: {} }), retryAfterMs };
  // It answers, and has something against who asks.
  return error.code === 'UPSTREAM_REJECTED' ? { outcome: 'ok' } : judgeFailure(error);
}

function detailsOf({ source, operation }: CallScope): { source: string; operation: string } {
  return { source, operation };
}
