import type { IncomingMessage, ServerResponse } from 'node:http';
import { SkeinError } from '../../../kernel/errors.ts';
import type { Problem } from '../../../kernel/problem.ts';
import { didYouMean } from '../../../kernel/suggest.ts';
import type { Generation } from '../../../schema/registry.ts';
import { readInputValues } from '../../../sources/prompt/input-values.ts';
import { callersGraph } from '../../callers-graph.ts';
import { EVENT_STREAM, negotiate, PLAIN_JSON } from '../../http/media-types.ts';
import { sendJson } from '../../http/respond.ts';
import type { Caller } from '../../identity/caller.ts';
import { isRefused, type Operations, type OperationsDeps, type ReadyOperation } from '../../operations.ts';
import type { AccessPolicy } from '../../policy/access.ts';
import type { Rates } from '../../policy/rates/rates.ts';
import { InputError } from './failure.ts';
import { openapiOf } from './openapi-document.ts';
import { answerOf, isFailure } from './prompt-answer.ts';
import { RestExchange, type RestExchangeDeps } from './rest-exchange.ts';
import { FEEDBACK, feedbackOf, promptsOf, type RestPrompt } from './rest-prompts.ts';
import { sendOneEvent, streamAnswer } from './stream-answer.ts';

export interface RestDoorDeps extends RestExchangeDeps {
  readonly operations: Operations;
  readonly graphOf: OperationsDeps['graphOf'];
  readonly access: Pick<AccessPolicy, 'documentsFor'>;
  readonly rates?: Pick<Rates, 'chargeRequest'> | undefined;
}

/** Takes requests whose path begins with `/rest/`. */
export type RestDoor = (request: IncomingMessage, response: ServerResponse, path: string) => Promise<void>;

const PROMPTS = '/rest/prompts/';
const DOCUMENT = '/rest/openapi.json';
const NOTHING = `There is nothing at this address. ${DOCUMENT} says what there is.`;

/**
 * Prompts as a REST API: `POST /rest/prompts/<name>`, `POST /rest/feedback` for what callers think of the answers, and the
 * OpenAPI document of those that the caller may use. A prompt
 * is asked by the operation of the graph that asks for it, and so by all the rules that operations are under.
 */
export function createRestDoor(deps: RestDoorDeps): RestDoor {
  const { operations, graphOf, access, rates } = deps;

  const promptsFor = async (caller: Caller, exchange: RestExchange): Promise<CallersPrompts> => {
    const { generation, documents } = await callersGraph({ graphOf, access }, caller);
    exchange.mustBeThere();
    return {
      generation,
      all: promptsOf(generation),
      mayAsk: (query) => documents !== undefined && documents.prepare(query).errors === undefined,
    };
  };

  const askPrompt = async (exchange: RestExchange, name: string): Promise<void> => {
    const { request, response, requestId } = exchange;
    const caller = await exchange.identify();
    mustBe('POST', exchange);
    const accepted = negotiate(request.headers.accept, [PLAIN_JSON, EVENT_STREAM]);
    if (accepted === undefined) throw new SkeinError('NOT_ACCEPTABLE');
    const prompts = await promptsFor(caller, exchange);
    const prompt = findPrompt(prompts, name);
    const variables = await exchange.readJson();
    const query = accepted === EVENT_STREAM ? (prompt.subscription ?? prompt.mutation) : prompt.mutation;
    if (!prompts.mayAsk(query)) throw new SkeinError('FORBIDDEN', 'The caller may not have this prompt as a stream.');
    const operation = await prepare(query, variables, caller, exchange);
    if (operation === undefined) return;
    checkInput(prompt, variables);
    const lifetime = exchange.open(caller, operation.type === 'subscription');
    if (operation.type === 'subscription') {
      const results = await operations.subscribe(operation, lifetime);
      if (Symbol.asyncIterator in results) return streamAnswer(exchange, results, lifetime);
      const answer = answerOf(results, requestId);
      lifetime.close();
      return isFailure(answer) ? exchange.fail(answer) : exchange.fail(exchange.failureOf(undefined));
    }
    const answer = answerOf(await operations.execute(operation, lifetime), requestId);
    if (isFailure(answer)) exchange.fail(answer);
    else if (accepted === EVENT_STREAM) await sendOneEvent(response, answer, lifetime);
    else sendJson(response, 200, answer);
    if (lifetime.stopped !== undefined) lifetime.close();
  };

  const takeFeedback = async (exchange: RestExchange): Promise<void> => {
    const caller = await exchange.identify();
    mustBe('POST', exchange);
    const { generation, mayAsk } = await promptsFor(caller, exchange);
    const feedback = feedbackOf(generation);
    if (feedback === undefined || !mayAsk(feedback.mutation)) throw new SkeinError('NOT_FOUND', NOTHING);
    const variables = await exchange.readJson();
    const operation = await prepare(feedback.mutation, variables, caller, exchange);
    if (operation === undefined) return;
    checkInput(feedback, variables, 'Feedback');
    const lifetime = exchange.open(caller, false);
    const answer = answerOf(await operations.execute(operation, lifetime), exchange.requestId);
    if (isFailure(answer)) exchange.fail(answer);
    else sendJson(exchange.response, 200, answer.output);
    if (lifetime.stopped !== undefined) lifetime.close();
  };

  /** The operation if it may run; otherwise the client has been told why not. */
  const prepare = async (
    query: string,
    variables: Readonly<Record<string, unknown>>,
    caller: Caller,
    exchange: RestExchange,
  ): Promise<ReadyOperation | undefined> => {
    const prepared = await operations.prepare({ query, variables }, caller);
    exchange.mustBeThere();
    exchange.tellRate(prepared.rate);
    if (!isRefused(prepared)) return prepared;
    exchange.fail(exchange.failureOf(prepared.errors[0]));
    return undefined;
  };

  const tellDocument = async (exchange: RestExchange): Promise<void> => {
    const caller = await exchange.identify();
    mustBe('GET', exchange);
    const verdict = await rates?.chargeRequest(caller);
    exchange.mustBeThere();
    exchange.tellRate(verdict?.standing);
    if (verdict?.error !== undefined) throw verdict.error;
    const { generation, all, mayAsk } = await promptsFor(caller, exchange);
    const usable = [...all.values()].filter(({ mutation }) => mayAsk(mutation));
    const feedback = feedbackOf(generation);
    sendJson(exchange.response, 200, openapiOf(usable, feedback && mayAsk(feedback.mutation) ? feedback : undefined));
  };

  return async (request, response, path) => {
    const exchange = new RestExchange(request, response, deps);
    try {
      if (path === DOCUMENT) await tellDocument(exchange);
      else if (path === FEEDBACK) await takeFeedback(exchange);
      else if (path.startsWith(PROMPTS)) await askPrompt(exchange, decode(path.slice(PROMPTS.length)));
      else {
        await exchange.identify();
        throw new SkeinError('NOT_FOUND', NOTHING);
      }
    } catch (error) {
      exchange.fail(exchange.failureOf(error));
    }
  };
}

function mustBe(method: 'GET' | 'POST', { request, response }: RestExchange): void {
  if (request.method === method) return;
  response.setHeader('allow', method);
  throw new SkeinError('METHOD_NOT_ALLOWED');
}

interface CallersPrompts {
  readonly generation: Generation;
  readonly all: ReturnType<typeof promptsOf>;
  readonly mayAsk: (query: string) => boolean;
}

/** What the caller may not use is not there for it. */
function findPrompt({ all, mayAsk }: CallersPrompts, name: string): RestPrompt {
  const prompt = all.get(name);
  if (prompt !== undefined && mayAsk(prompt.mutation)) return prompt;
  const shown = name.slice(0, 100);
  const names = [...all].flatMap(([other, { mutation }]) => (mayAsk(mutation) ? [other] : []));
  throw new SkeinError('NOT_FOUND', `There is no prompt "${shown}".${didYouMean(shown, names)}`);
}

/** @throws InputError with all mistakes */
function checkInput(
  { args }: Pick<RestPrompt, 'args'>,
  input: Readonly<Record<string, unknown>>,
  owner?: string,
): void {
  const problems: Problem[] = [];
  readInputValues(args, input, (problem) => problems.push(problem), owner);
  if (problems.length > 0) throw new InputError(problems);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
