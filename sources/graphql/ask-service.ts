import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import type { CallContext, GraphqlRequest } from '../source.ts';
import type { HttpAnswer } from '../upstream/http.ts';
import type { Redact } from '../upstream/redactor.ts';
import { redirectTarget } from '../upstream/redirect.ts';
import { badStatusOf, isRecord, statusError } from './answer.ts';
import type { GraphqlService } from './graphql-upstream.ts';

/** What a service says of itself while its source is loaded. */
export interface ServiceAnswer {
  /** The body as it came. */
  readonly text: string;
  /** Undefined where it was not parsed, see `isAnswered`. */
  readonly data: Readonly<Record<string, unknown>> | undefined;
  readonly errors: readonly ServiceError[];
}

export interface ServiceError {
  /** Its first 300 characters, for operators. */
  readonly message: string;
  readonly code: string | undefined;
}

/** Statuses that another try may mend, beside all from 500. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);
const MAX_MESSAGE_CHARACTERS = 300;

/**
 * Asks a service about itself. What its status says of the configuration is a mistake, to be told with the way out;
 * what may pass is an error of the upstream.
 *
 * @param isAnswered whether a text answers the question for certain: it is not parsed then
 * @throws ProblemsError with paths below the source's options
 * @throws SkeinError UPSTREAM_*
 */
export async function askService(
  source: string,
  service: Pick<GraphqlService, 'ask' | 'redact'>,
  request: GraphqlRequest,
  context: CallContext,
  isAnswered: (text: string) => boolean = () => false,
): Promise<ServiceAnswer> {
  const answer = await service.ask(request, context);
  const { status } = answer;
  const badStatus = badStatusOf(answer);
  const mistake = badStatus === undefined ? undefined : statusMistake(answer);
  if (mistake !== undefined) throw new ProblemsError([mistake]);
  const text = answer.body.toString();
  if (badStatus === undefined && isAnswered(text)) return { text, data: undefined, errors: [] };
  const read = parse(text, service.redact);
  const isPassing = status >= 500 || PASSING.has(status);
  const scope = { source, operation: request.operation, exposure: 'hidden' } as const;
  if (badStatus !== undefined && isPassing) throw statusError(badStatus, scope, context);
  if (read !== undefined) return { text, ...read };
  const message =
    badStatus === undefined
      ? 'What answers at the endpoint speaks no GraphQL.'
      : `What answers at the endpoint refused a query with status ${status}.`;
  throw new ProblemsError([{ path: ['endpoint'], message, suggestion: 'Look for a mistake in the address.' }]);
}

function statusMistake(answer: HttpAnswer): Problem | undefined {
  const { status } = answer;
  if (status >= 300 && status < 400) {
    const target = redirectTarget(answer.headers);
    return {
      path: ['endpoint'],
      message: `The service redirects (status ${status})${target === undefined ? '' : ` to ${target}`}, and redirects are not followed.`,
      suggestion: 'Set `endpoint` to the address that answers itself.',
    };
  }
  if (status === 401 || status === 403) {
    return {
      path: ['headers'],
      message: `The service refused to tell its schema, with status ${status}.`,
      suggestion: 'Set the credentials it asks for under `headers`, or give its SDL as a file with `document`.',
    };
  }
  if (status === 404 || status === 405 || status === 410) {
    return {
      path: ['endpoint'],
      message: `There is no GraphQL at the endpoint: it answers with status ${status}.`,
      suggestion: 'Set `endpoint` to the whole address, with its path: often /graphql.',
    };
  }
  return undefined;
}

function parse(text: string, redact: Redact = (words) => words): Pick<ServiceAnswer, 'data' | 'errors'> | undefined {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(body)) return undefined;
  const data = isRecord(body.data) ? body.data : undefined;
  const errors = Array.isArray(body.errors)
    ? body.errors.filter(isRecord).map((error) => readError(error, redact))
    : [];
  return data === undefined && errors.length === 0 ? undefined : { data, errors };
}

function readError({ message, extensions }: Readonly<Record<string, unknown>>, redact: Redact): ServiceError {
  return {
    message:
      typeof message === 'string' ? redact(message).slice(0, MAX_MESSAGE_CHARACTERS) : 'an error without a message',
    code: isRecord(extensions) && typeof extensions.code === 'string' ? extensions.code : undefined,
  };
}
