import type { UnaryCall } from '../source.ts';
import type { HttpUpstream } from '../upstream/http-upstream.ts';
import { fieldValue, readAnswer } from './answer.ts';
import { createRequestBody, JSON_HEADERS, type RootField } from './operation-text.ts';

/** A query or mutation of one root field, by POST to `path`. */
export function unaryCall(source: string, field: RootField, upstream: HttpUpstream, path: string): UnaryCall {
  const details = { source, operation: field.name };
  const requestBody = createRequestBody(field);
  return {
    type: 'unary',
    operation: field.name,
    usesSelection: true,
    async invoke(args, context, selected) {
      const body = requestBody(args, selected);
      const request = { operation: field.name, method: 'POST', path, headers: JSON_HEADERS, body };
      const answer = readAnswer(await upstream.exchange(request, context), details, context);
      return fieldValue(answer, field.name, details, context);
    },
  };
}
