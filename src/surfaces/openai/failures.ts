import type { JsonObject } from '../../../sources/ai/model.ts';
import type { Failure, FailureKind } from '../failure.ts';
import type { Family } from '../format.ts';
import { openaiModels } from '../model-list.ts';

const TYPES: Readonly<Record<FailureKind, readonly [type: string, code: string | null]>> = {
  'invalid-request': ['invalid_request_error', null],
  'context-overflow': ['invalid_request_error', 'context_length_exceeded'],
  unauthenticated: ['invalid_request_error', 'invalid_api_key'],
  forbidden: ['invalid_request_error', 'insufficient_permissions'],
  'model-not-found': ['invalid_request_error', 'model_not_found'],
  'not-found': ['invalid_request_error', 'not_found'],
  'too-large': ['invalid_request_error', 'request_too_large'],
  'rate-limited': ['rate_limit_error', 'rate_limit_exceeded'],
  timeout: ['server_error', 'timeout'],
  overloaded: ['server_error', 'overloaded'],
  internal: ['server_error', null],
};

/** https://platform.openai.com/docs/guides/error-codes */
export const openai: Family = {
  name: 'openai',
  headers: (requestId) => ({ 'x-request-id': requestId }),
  rateHeaders: ({ limit, remaining, resetMs }) => ({
    'x-ratelimit-limit-requests': String(limit),
    'x-ratelimit-remaining-requests': String(remaining),
    'x-ratelimit-reset-requests': `${Math.ceil(resetMs)}ms`,
  }),
  failure: (failure) => ({ error: openaiError(failure) }),
  models: openaiModels,
};

export function openaiError({ kind, message, parameter, code }: Failure): JsonObject {
  const [type, known] = TYPES[kind];
  return { message, type, param: parameter ?? null, code: known ?? code.toLowerCase() };
}
