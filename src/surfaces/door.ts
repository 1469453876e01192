import type { IncomingMessage, ServerResponse } from 'node:http';
import { SkeinError } from '../../kernel/errors.ts';
import { estimateInputTokens } from '../../sources/ai/capabilities.ts';
import { PLAIN_JSON } from '../http/media-types.ts';
import { sendJson } from '../http/respond.ts';
import { answerStream } from './answer-stream.ts';
import { anthropic } from './anthropic/failures.ts';
import { messagesApi } from './anthropic/messages-api.ts';
import { readQuestion } from './anthropic/messages-request.ts';
import { Exchange, type SurfacesDeps } from './exchange.ts';
import type { ChatFormat, Family } from './format.ts';
import { findModel } from './model-list.ts';
import { usableModels } from './models-view.ts';
import { chatCompletions } from './openai/chat.ts';
import { EMBEDDING_NAMES, embeddingsAnswer, readEmbeddingsRequest } from './openai/embeddings.ts';
import { openai } from './openai/failures.ts';
import { responses } from './openai/responses.ts';
import { tellCache, tellModel } from './told.ts';

export type { SurfacesDeps } from './exchange.ts';

/** Takes requests whose path begins with `/v1/`. */
export type SurfacesDoor = (request: IncomingMessage, response: ServerResponse, path: string) => Promise<void>;

interface Route {
  readonly method: 'GET' | 'POST';
  readonly family: Family;
  serve(exchange: Exchange, path: string): Promise<void>;
}

/**
 * The models under the addresses and in the formats of OpenAI and Anthropic. Each request meets identity, rates and
 * access as those to the graph do, and each of its errors is in the format of its client.
 */
export function createSurfacesDoor(deps: SurfacesDeps): SurfacesDoor {
  const { modelsOf, clock } = deps;
  const createdAt = () => Math.floor(clock.now() / 1_000);

  const chat = (format: ChatFormat): Route => ({
    method: 'POST',
    family: format.family,
    async serve(exchange) {
      exchange.names = format;
      const caller = await exchange.admit();
      const call = format.read(await exchange.readJson());
      exchange.names = { names: format.names, places: call.places };
      call.translation.withHeaders(exchange.headers(format.headers));
      const { models, view } = await exchange.models(caller, call.stream ? 'Subscription.chatStream' : 'Mutation.chat');
      const route = models.route(call.model);
      const lifetime = exchange.open(caller, call.stream, view.hold());
      if (call.stream) {
        const stream = models.stream(route, call.request, lifetime);
        return answerStream(exchange, format, call, stream, lifetime, createdAt());
      }
      const answer = await models.generate(route, call.request, lifetime);
      const { response, requestId } = exchange;
      const model = answer.made?.model ?? call.model;
      tellModel(response, model, answer.native === undefined ? call.translation : undefined);
      tellCache(response, answer.made);
      if (answer.native !== undefined) sendBytes(response, answer.native);
      else sendJson(response, 200, format.answer(answer, call, { model, requestId, createdAt: createdAt() }));
    },
  });

  const embeddings: Route = {
    method: 'POST',
    family: openai,
    async serve(exchange) {
      exchange.names = { names: EMBEDDING_NAMES };
      const caller = await exchange.admit();
      const call = readEmbeddingsRequest(await exchange.readJson());
      const { models, view } = await exchange.models(caller, 'Mutation.embed');
      const route = models.route(call.model);
      const lifetime = exchange.open(caller, false, view.hold());
      const answer = await models.embed(route, call.request, lifetime);
      const model = answer.made?.model ?? call.model;
      tellModel(exchange.response, model);
      sendJson(exchange.response, 200, embeddingsAnswer(answer, call, model));
    },
  };

  /** By the model's own provider where it tells; else by what the question would be to a model of no particular one. */
  const countTokens: Route = {
    method: 'POST',
    family: anthropic,
    async serve(exchange) {
      exchange.names = messagesApi;
      const caller = await exchange.admit();
      const call = readQuestion(await exchange.readJson());
      exchange.names = { names: messagesApi.names, places: call.places };
      call.translation.withHeaders(exchange.headers(messagesApi.headers));
      // Nothing is asked of a model: it is no use of the field.
      const view = modelsOf(caller);
      const models = usableModels(view, caller, 'Mutation.chat');
      const route = models.route(call.model);
      const lifetime = exchange.open(caller, false, view.hold());
      const counted = await models.countTokens(route, call.request, lifetime);
      if (counted === undefined) exchange.response.setHeader('x-skein-estimated', 'true');
      else tellModel(exchange.response, counted.model);
      sendJson(exchange.response, 200, { input_tokens: counted?.tokens ?? estimateInputTokens(call.request) });
    },
  };

  const models: Route = {
    method: 'GET',
    family: openai,
    async serve(exchange, path) {
      const caller = await exchange.admit();
      const list = (await exchange.models(caller, 'Query.models')).models.list();
      const format = exchange.family.models;
      const name = decode(path.slice('/v1/models/'.length));
      sendJson(exchange.response, 200, name === '' ? format.list(list) : format.one(findModel(list, name)));
    },
  };

  const routes = new Map<string, Route>([
    ['/v1/chat/completions', chat(chatCompletions)],
    ['/v1/responses', chat(responses)],
    ['/v1/messages', chat(messagesApi)],
    ['/v1/messages/count_tokens', countTokens],
    ['/v1/embeddings', embeddings],
    ['/v1/models', models],
  ]);

  return async (request, response, path) => {
    const route = routes.get(path) ?? (path.startsWith('/v1/models/') ? models : undefined);
    const isAnthropic = request.headers['anthropic-version'] !== undefined;
    const isOwn = route === undefined || route === models;
    const family = isOwn ? (isAnthropic ? anthropic : openai) : route.family;
    const exchange = new Exchange(request, response, family, deps);
    try {
      if (route === undefined) {
        await exchange.admit();
        throw new SkeinError('NOT_FOUND');
      }
      if (request.method !== route.method) {
        await exchange.admit();
        response.setHeader('allow', route.method);
        throw new SkeinError('METHOD_NOT_ALLOWED');
      }
      await route.serve(exchange, path);
    } catch (error) {
      exchange.fail(error);
    }
  };
}

function sendBytes(response: ServerResponse, body: Buffer): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(200, {
    'content-type': PLAIN_JSON,
    'content-length': body.length,
    'cache-control': 'no-store',
  });
  // See `sendJson`: an answer that is still to be sent must not look ended.
  if (response.write(body)) response.end();
  else response.once('drain', () => response.end());
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
