import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Backend, type BackendOptions, createHttpBackend } from '../backend.ts';
import { RequestError, readJson, sendJson } from '../http.ts';
import { type Completion, complete, MODEL } from './completion.ts';
import { parseChatRequest } from './request.ts';

export interface StandInOptions extends BackendOptions {
  /** Pause between two words of a stream, in milliseconds. Default: 30. */
  readonly wordEveryMs?: number;
}

interface Head {
  readonly id: string;
  readonly created: number;
}

/**
 * A stand-in for a model server: no model, no key. It speaks OpenAI's chat-completions format and answers by simple
 * rules, so that the quickstart works offline.
 */
export function createStandInServer(options: StandInOptions = {}): Backend {
  const { wordEveryMs = 30 } = options;
  let answered = 0;

  async function chat(request: IncomingMessage, response: ServerResponse): Promise<void> {
    options.onCall?.('chat.completions');
    const body = parseChatRequest(await readJson(request));
    if (body.model !== MODEL) {
      throw new RequestError(404, `There is no such model here; the only one is \`${MODEL}\`.`, 'model');
    }
    const completion = complete(body);
    answered += 1;
    const head = { id: `chatcmpl-stand-in-${answered}`, created: Math.floor(Date.now() / 1000) };
    if (body.stream) stream(response, head, completion, body.stream_options?.include_usage ?? false);
    else sendJson(response, 200, whole(head, completion));
  }

  function stream(
    response: ServerResponse,
    { id, created }: Head,
    completion: Completion,
    includeUsage: boolean,
  ): void {
    const object = 'chat.completion.chunk';
    const send = (choices: readonly object[], usage: Completion['usage'] | null = null) => {
      const chunk = { id, object, created, model: MODEL, choices, ...(includeUsage && { usage }) };
      response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    };
    const choice = (delta: object, finish_reason: string | null = null) => [
      { index: 0, delta, logprobs: null, finish_reason },
    ];
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
    send(choice({ role: 'assistant', content: '' }));

    const words = completion.text.split(/(?<=\s)(?=\S)/).values();
    const timer = setInterval(() => {
      if (response.writableNeedDrain) return;
      const word = words.next();
      if (!word.done) return send(choice({ content: word.value }));
      clearInterval(timer);
      send(choice({}, completion.finishReason));
      if (includeUsage) send([], completion.usage);
      response.end('data: [DONE]\n\n');
    }, wordEveryMs);
    // Also when the client has gone before the end.
    response.on('close', () => {
      clearInterval(timer);
      options.onStreamEnd?.('chat.completions');
    });
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = `${request.method} ${request.url?.split('?', 1)[0]}`;
    if (route === 'POST /v1/chat/completions') return chat(request, response);
    if (route !== 'GET /v1/models') throw new RequestError(404, 'There is nothing at this address.');
    options.onCall?.('models');
    const model = { id: MODEL, object: 'model', created: 0, owned_by: 'skein-quickstart' };
    sendJson(response, 200, { object: 'list', data: [model] });
  }

  return createHttpBackend(
    createServer((request, response) => {
      answer(request, response).catch((error: unknown) => sendError(response, error));
    }),
  );
}

function whole({ id, created }: Head, { text, finishReason, usage }: Completion): object {
  const message = { role: 'assistant', content: text, refusal: null };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: finishReason }];
  return { id, object: 'chat.completion', created, model: MODEL, choices, usage };
}

function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy();
  const { status, message, param } =
    error instanceof RequestError ? error : new RequestError(500, 'The stand-in could not answer.');
  const type = status < 500 ? 'invalid_request_error' : 'server_error';
  const code = status === 404 && param === 'model' ? 'model_not_found' : null;
  sendJson(response, status, { error: { message, type, param: param ?? null, code } });
}
