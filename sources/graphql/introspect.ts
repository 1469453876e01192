import {
  buildClientSchema,
  type GraphQLSchema,
  getIntrospectionQuery,
  type IntrospectionQuery,
  validateSchema,
} from 'graphql';
import { describeError, SkeinError } from '../../kernel/errors.ts';
import type { CallContext } from '../source.ts';
import type { HttpUpstream } from '../upstream/http-upstream.ts';
import { fieldValue, readAnswer } from './answer.ts';
import { JSON_HEADERS } from './operation-text.ts';

/**
 * Asks the service for its schema.
 * @throws SkeinError UPSTREAM_* when it does not answer, refuses, or answers with something else
 */
export async function introspect(
  source: string,
  upstream: HttpUpstream,
  path: string,
  context: CallContext,
): Promise<GraphQLSchema> {
  const details = { source, operation: '__schema' };
  const body = JSON.stringify({ query: getIntrospectionQuery() });
  const request = { operation: '__schema', method: 'POST', path, headers: JSON_HEADERS, body };
  const answer = readAnswer(await upstream.exchange(request, context), details, context);
  const introspection = { __schema: fieldValue(answer, '__schema', details, context) };
  try {
    const schema = buildClientSchema(introspection as IntrospectionQuery);
    const [error] = validateSchema(schema);
    if (error !== undefined) throw error;
    return schema;
  } catch (error) {
    const cause = describeError(error);
    context.log.warn({ ...details, requestId: context.requestId, cause }, 'The schema of a source cannot be used.');
    throw new SkeinError('UPSTREAM_BAD_RESPONSE', undefined, { details, cause: error });
  }
}
