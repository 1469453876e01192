import { status } from '@grpc/grpc-js';
import { type ErrorCode, SkeinError } from '../../kernel/errors.ts';
import type { Judgement } from '../upstream/resilience/contracts.ts';
import { isServiceError, UnsentError } from './status.ts';
import { refusesRepetition } from './status-details.ts';

const OK: Judgement = { outcome: 'ok' };
const FAILED: Judgement = { outcome: 'failed' };

/** What the gateway or its client is to blame for. */
const OURS: ReadonlySet<ErrorCode> = new Set([
  'CLIENT_CLOSED_REQUEST',
  'DEADLINE_EXCEEDED',
  'SHUTTING_DOWN',
  'BAD_USER_INPUT',
  'INTERNAL_SERVER_ERROR',
]);

/** The service fails; others are its answers to what it was asked. https://grpc.io/docs/guides/status-codes/ */
const FAILURES: ReadonlySet<status> = new Set([
  status.CANCELLED,
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.ABORTED,
  status.INTERNAL,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

/** What the end of a call says of the service. */
export function judgeCall(settled: { readonly answer: unknown } | { readonly error: unknown }): Judgement {
  if (!('error' in settled)) return OK;
  const { error } = settled;
  if (!(error instanceof SkeinError)) return FAILED;
  if (OURS.has(error.code)) return { outcome: 'given-up' };
  // It answers, and would answer the same again.
  if (error.code === 'UPSTREAM_RESPONSE_TOO_LARGE') return OK;
  const { cause } = error;
  if (cause instanceof UnsentError) return { outcome: 'unsent', reason: status[cause.code] };
  // An answer that cannot be read, whatever its status.
  if (error.code === 'UPSTREAM_BAD_RESPONSE' || !isServiceError(cause)) return FAILED;
  const { retryAfterMs } = error.extensions;
  const told = { reason: status[cause.code], retryAfterMs, final: refusesRepetition(cause.metadata) };
  if (cause.code === status.RESOURCE_EXHAUSTED) return { outcome: 'busy', overLimit: true, ...told };
  return FAILURES.has(cause.code) ? { outcome: 'failed', ...told } : OK;
}
