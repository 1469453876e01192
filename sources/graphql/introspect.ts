import { getIntrospectionQuery } from 'graphql';
import { SkeinError } from '../../kernel/errors.ts';
import { ProblemsError } from '../../kernel/problem.ts';
import type { CallContext } from '../source.ts';
import { isRecord } from './answer.ts';
import { askService, type ServiceError } from './ask-service.ts';
import type { GraphqlService } from './graphql-upstream.ts';

/** From all that can be asked to what every server knows: one that lacks a newer field refuses the whole query. */
const QUERIES: readonly string[] = [
  getIntrospectionQuery({ specifiedByUrl: true, inputValueDeprecation: true, oneOf: true }),
  getIntrospectionQuery({ specifiedByUrl: true }),
  getIntrospectionQuery(),
];

const GIVE_SDL = 'Give its SDL as a file with `document`, beside skein.yaml.';

/**
 * Asks the service for its schema, as the text of an introspection result: large ones are parsed where they are compiled.
 * @throws ProblemsError when the service is there and does not tell, SkeinError UPSTREAM_* when it is not there now
 */
export async function introspect(source: string, service: GraphqlService, context: CallContext): Promise<string> {
  let refusals: readonly ServiceError[] = [];
  for (const query of QUERIES) {
    const request = { operation: '__schema', query, variables: {} };
    const answer = await askService(source, service, request, context, hasSchema).catch((error: unknown) => {
      throw isTooLarge(error) ? new ProblemsError([TOO_LARGE]) : error;
    });
    if (answer.errors.length === 0 && (answer.data === undefined || isRecord(answer.data.__schema))) return answer.text;
    refusals = answer.errors;
  }
  if (!refusals.some(isRefusal) && refusals.length > 0) {
    const cause = new Error(`The service failed to tell its schema: "${refusals[0]?.message}".`);
    throw new SkeinError('UPSTREAM_FAILED', undefined, { details: { source, operation: '__schema' }, cause });
  }
  const words = refusals.length === 0 ? '' : ` It says: "${refusals[0]?.message}".`;
  throw new ProblemsError([
    { path: ['endpoint'], message: `The service does not tell its schema.${words}`, suggestion: GIVE_SDL },
  ]);
}

const TOO_LARGE = {
  path: ['maxResponseBytes'],
  message: 'The schema that the service tells is larger than `maxResponseBytes`.',
  suggestion: `Raise it. Or: ${GIVE_SDL}`,
};

function isTooLarge(error: unknown): boolean {
  return error instanceof SkeinError && error.code === 'UPSTREAM_RESPONSE_TOO_LARGE';
}

function hasSchema(text: string): boolean {
  return /^\s*\{\s*"data"\s*:\s*\{\s*"__schema"\s*:\s*\{/.test(text);
}

/** Servers with introspection switched off say so in words or by validation; anything else may pass. */
function isRefusal({ message, code }: ServiceError): boolean {
  return (
    /introspect|__schema/i.test(message) || /VALIDATION|INTROSPECTION|FORBIDDEN|UNAUTH|BAD_REQUEST/i.test(code ?? '')
  );
}
