import type { IncomingMessage, ServerResponse } from 'node:http';
import { SkeinError } from '../../../kernel/errors.ts';
import type { Problem } from '../../../kernel/problem.ts';
import { didYouMean } from '../../../kernel/suggest.ts';
import type { Generation } from '../../../schema/registry.ts';
import { readInputValues } from '../../../sources/prompt/input-values.ts';
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
import { promptsOf, type RestPrompt } from './rest-prompts.ts';
import { sendOneEvent, streamAnswer } from './stream-answer.ts';

export interface RestDoorDeps extends RestExchangeDeps {
  readonly operations: Operations;
  readonly graphOf: OperationsDeps['graphOf'];
  readonly access: Pick<AccessPolicy, 'refusal'>;
  readonly rates?: Pick<Rates, 'chargeRequest'> | undefined;
}

/** Takes requests whose path begins with `/rest/`. */
export type RestDoor = (request: IncomingMessage, response: ServerResponse, path: string) => Promise<void>;

const PROMPTS = '/rest/prompts/';
const DOCUMENT = '/rest/openapi.json';

/**
 * Prompts as a REST API: `POST /rest/prompts/<name>`, and the OpenAPI document of those that the caller may use. A prompt
 * is asked by the operation of the graph that asks for it, and so by all the rules that operations are under.
 */
export function createRestDoor(deps: RestDoorDeps): RestDoor {
  const { operations, graphOf, access, rates } = deps;

  const askPrompt = async (exchange: RestExchange, name: string): Promise<void> => {
    const { request, response, requestId } = exchange;
    const caller = await exchange.identify();
    mustBe('POST', exchange);
    const accepted = negotiate(request.headers.accept, [PLAIN_JSON, EVENT_STREAM]);
    if (accepted === undefined) throw new SkeinError('NOT_ACCEPTABLE');
    const prompt = findPrompt(currentOf(graphOf(caller)), name);
    const variables = await exchange.readJson();
    const query = accepted === EVENT_STREAM ? (prompt.subscription ?? prompt.mutation) : prompt.mutation;
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
    const view = graphOf(caller);
    const generation = currentOf(view);
    const usable = [...promptsOf(generation).values()].filter(({ mutation }) => {
      const document = generation.documents.prepare(mutation);
      if (document.errors !== undefined) return false;
      const plan = document.plan(undefined);
      return access.refusal({ plan, generation, access: view.access }, caller) === undefined;
    });
    sendJson(exchange.response, 200, openapiOf(usable));
  };

  return async (request, response, path) => {
    const exchange = new RestExchange(request, response, deps);
    try {
      if (path === DOCUMENT) await tellDocument(exchange);
      else if (path.startsWith(PROMPTS)) await askPrompt(exchange, decode(path.slice(PROMPTS.length)));
      else {
        await exchange.identify();
        throw new SkeinError('NOT_FOUND', `There is nothing at this address. ${DOCUMENT} says what there is.`);
      }
    } catch (error) {
      exchange.fail(exchange.failureOf(error));
    }
  };
}

function currentOf({ registry }: ReturnType<OperationsDeps['graphOf']>): Generation {
  const generation = registry.current();
  if (generation === undefined) throw new SkeinError('GRAPH_NOT_READY');
  return generation;
}

function mustBe(method: 'GET' | 'POST', { request, response }: RestExchange): void {
  if (request.method === method) return;
  response.setHeader('allow', method);
  throw new SkeinError('METHOD_NOT_ALLOWED');
}

function findPrompt(generation: Generation, name: string): RestPrompt {
  const prompts = promptsOf(generation);
  const prompt = prompts.get(name);
  if (prompt !== undefined) return prompt;
  const shown = name.slice(0, 100);
  throw new SkeinError('NOT_FOUND', `There is no prompt "${shown}".${didYouMean(shown, [...prompts.keys()])}`);
}

/** @throws InputError with all mistakes */
function checkInput({ args }: RestPrompt, input: Readonly<Record<string, unknown>>): void {
  const problems: Problem[] = [];
  readInputValues(args, input, (problem) => problems.push(problem));
  if (problems.length > 0) throw new InputError(problems);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
