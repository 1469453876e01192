import type { JsonObject } from '../../../sources/ai/model.ts';
import type { Failure, FailureKind } from '../failure.ts';
import type { Family } from '../format.ts';
import { anthropicModels } from '../model-list.ts';

const TYPES: Readonly<Record<FailureKind, string>> = {
  'invalid-request': 'invalid_request_error',
  'context-overflow': 'invalid_request_error',
  unauthenticated: 'authentication_error',
  forbidden: 'permission_error',
  'model-not-found': 'not_found_error',
  'not-found': 'not_found_error',
  'too-large': 'request_too_large',
  'rate-limited': 'rate_limit_error',
  timeout: 'timeout_error',
  overloaded: 'overloaded_error',
  internal: 'api_error',
};

/** https://docs.anthropic.com/en/api/errors */
export const anthropic: Family = {
  name: 'anthropic',
  headers: (requestId) => ({ 'x-request-id': requestId, 'request-id': requestId }),
  rateHeaders: ({ limit, remaining, resetMs }, now) => ({
    'anthropic-ratelimit-requests-limit': String(limit),
    'anthropic-ratelimit-requests-remaining': String(remaining),
    'anthropic-ratelimit-requests-reset': new Date(now + resetMs).toISOString(),
  }),
  failure: anthropicError,
  models: anthropicModels,
};

export function anthropicError({ kind, message, thread }: Failure, requestId: string): JsonObject {
  // Clients look for these words to make their conversation shorter.
  const text = kind === 'context-overflow' ? `prompt is too long: ${message}` : message;
  // By these they go on without what nobody here keeps, or send the whole conversation again.
  const details = thread && { details: { error_code: thread } };
  return { type: 'error', error: { type: TYPES[kind], message: text, ...details }, request_id: requestId };
}
