import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CancellationSource } from '../../kernel/cancellation.ts';
import { SkeinError } from '../../kernel/errors.ts';
import { type Log, silentLog } from '../../kernel/ports.ts';
import type { Problem } from '../../kernel/problem.ts';
import { NO_CLIENT } from '../../sources/call-context.ts';
import { createOpenapiSource } from '../../sources/openapi/openapi-source.ts';
import { openapiOptions } from '../../sources/openapi/options.ts';
import type { SourceModel } from '../../sources/source.ts';

export interface SeenRequest {
  readonly method: string | undefined;
  /** As it was sent, below the endpoint. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface OpenapiServer {
  readonly model: SourceModel;
  readonly notices: readonly string[];
  readonly reported: readonly Problem[];
  /** The last request that arrived. */
  seen(): SeenRequest;
  /** How the next requests are answered; by default with 204. */
  answer(status: number, headers?: Record<string, string | string[]>, body?: string | Buffer): void;
  call(field: string, args?: Record<string, unknown>, log?: Log): Promise<unknown>;
  /** What a call is refused with. */
  failure(field: string, args?: Record<string, unknown>, log?: Log): Promise<SkeinError>;
  close(): Promise<void>;
}

/** A source of a document, and a server that stands behind it. */
export async function startOpenapiServer(document: object, options: object = {}): Promise<OpenapiServer> {
  let last: SeenRequest | undefined;
  let respond = (response: ServerResponse) => response.writeHead(204).end();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    last = { method: request.method, url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) };
    respond(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const parsed = openapiOptions.parse({ kind: 'openapi', document: 'api.json', endpoint, ...options });
  const reported: Problem[] = [];
  const text = JSON.stringify({ openapi: '3.1.0', ...document });
  const deps = { log: silentLog, report: (problem: Problem) => reported.push(problem) };
  const source = createOpenapiSource('api', parsed, text, 'api.json', deps);

  const call: OpenapiServer['call'] = async (field, args = {}, log = silentLog) => {
    const found = source.model.calls.get(field);
    if (found?.type !== 'unary') throw new Error(`There is no call ${field}.`);
    const context = {
      cancellation: new CancellationSource(),
      deadlineAt: Date.now() + 60_000,
      ...NO_CLIENT,
      requestId: 'r1',
      log,
    };
    return await found.invoke(args, context);
  };
  return {
    model: source.model,
    notices: (source.model.notices ?? []).map(({ message }) => message),
    reported,
    seen() {
      if (last === undefined) throw new Error('No request has arrived.');
      return last;
    },
    answer(status, headers = {}, body) {
      respond = (response) => response.writeHead(status, headers).end(body);
    },
    call,
    async failure(field, args, log) {
      const error: unknown = await call(field, args, log).then(
        (value) => new Error(`The call was answered with ${JSON.stringify(value)}.`),
        (reason: unknown) => reason,
      );
      if (error instanceof SkeinError) return error;
      throw error;
    },
    async close() {
      await source.dispose();
      server.closeAllConnections();
      server.close();
    },
  };
}

export const jsonAnswer = (schema: object) => ({
  responses: { 200: { content: { 'application/json': { schema } } } },
});
export const noAnswer = { responses: { 204: { description: 'Done.' } } };
