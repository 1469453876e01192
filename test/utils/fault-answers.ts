import { once } from 'node:events';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import type { ErrorCode } from '../../kernel/errors.ts';
import type { FaultBackends } from './fault-graph.ts';
import { UPSTREAM_KEY } from './fault-graph.ts';
import { SECRET } from './fault-server.ts';
import type { TestGateway } from './test-gateway.ts';

export interface PublicError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: { readonly code: ErrorCode; readonly requestId?: string } & Record<string, unknown>;
}

export interface Result {
  readonly data?: unknown;
  readonly errors?: readonly PublicError[];
}

/** What a door answered: its results, and all that it sent, headers too. */
export interface Answer {
  readonly door: string;
  readonly results: readonly Result[];
  /** Whether the door said that there is nothing more. */
  readonly completed: boolean;
  readonly whole: string;
}

export type Door = (gateway: TestGateway, query: string) => Promise<Answer>;

async function post(gateway: TestGateway, query: string, accept: string) {
  const response = await fetch(gateway.url, {
    method: 'POST',
    headers: { ...gateway.headers, 'content-type': 'application/json', accept },
    body: JSON.stringify({ query }),
  });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  const headers = [...response.headers].filter(([name]) => !/^(x-request-id|content-length|date)$/.test(name));
  return { text, whole: `${response.statusText} ${JSON.stringify(headers)} ${text}` };
}

export const askJson: Door = async (gateway, query) => {
  const { text, whole } = await post(gateway, query, 'application/json');
  return { door: 'JSON', results: [JSON.parse(text) as Result], completed: true, whole };
};

export const askEventStream: Door = async (gateway, query) => {
  const { text, whole } = await post(gateway, query, 'text/event-stream');
  const results = [...text.matchAll(/^event: next\ndata: (.*)$/gm)].map(([, data = '']) => JSON.parse(data) as Result);
  return { door: 'event stream', results, completed: text.trimEnd().endsWith('event: complete\ndata:'), whole };
};

export const askWebSocket: Door = async (gateway, query) => {
  const socket = new WebSocket(gateway.url.replace('http', 'ws'), 'graphql-transport-ws', { headers: gateway.headers });
  const frames: string[] = [];
  const results: Result[] = [];
  let completed = false;
  socket.on('message', (bytes: Buffer) => {
    const frame = bytes.toString();
    frames.push(frame);
    const message = JSON.parse(frame) as { type: string; payload: never };
    if (message.type === 'connection_ack')
      socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
    if (message.type === 'next') results.push(message.payload);
    if (message.type === 'error') results.push({ errors: message.payload });
    completed ||= message.type === 'complete';
    if (completed || message.type === 'error') socket.close();
  });
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init' }));
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
  return { door: 'WebSocket', results, completed, whole: `${frames.join('\n')} ${code} ${reason}` };
};

let documents = 0;

/** The same operation as a text that no gateway has seen. */
export function unseen(query: string): string {
  documents += 1;
  return `# ${documents}\n${query}`;
}

/**
 * Asks through every door, and as JSON first and last: the first sighting of a document is interpreted, from the second
 * on it is compiled.
 */
export async function askEverywhere(gateway: TestGateway, query: string): Promise<Answer[]> {
  const text = unseen(query);
  const answers: Answer[] = [];
  for (const ask of [askJson, askEventStream, askWebSocket, askJson]) answers.push(await ask(gateway, text));
  return answers;
}

const STACK = /\bat \S+ \(|\.ts:\d|\.js:\d|node_modules|file:\/\//;

/** Nothing of the upstream, and nothing of the gateway's inside, is in the answer. */
export function expectNoLeak({ whole }: Answer, { ports }: FaultBackends): void {
  const text = whole.replace(/"requestId":"[^"]*"/g, '');
  for (const secret of [SECRET, UPSTREAM_KEY, '127.0.0.1', 'ECONN', 'http:', 'x-internal-host', ...ports]) {
    expect(text).not.toContain(secret);
  }
  expect(text).not.toMatch(STACK);
}

/** An error as a test expects it: its path, and its extensions without the request's id. */
export interface ExpectedError {
  readonly path: readonly (string | number)[];
  readonly code: ErrorCode;
  readonly [detail: string]: unknown;
}

/** A result, or what is expected of one, with its errors ordered and without what differs from request to request. */
export function plain({ data, errors = [] }: { readonly data?: unknown; readonly errors?: readonly object[] }): object {
  const list = (errors as readonly (PublicError | ExpectedError)[]).map((error) => {
    if (!isPublic(error)) return error;
    const { requestId, ...extensions } = error.extensions;
    expect(requestId).toEqual(expect.any(String));
    return { path: error.path ?? [], ...extensions };
  });
  return { data, errors: list.toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1)) };
}

function isPublic(error: PublicError | ExpectedError): error is PublicError {
  return 'extensions' in error;
}

function orderOf({ path, code }: { readonly path: readonly unknown[]; readonly code?: unknown }): string {
  return JSON.stringify([path, code]);
}
