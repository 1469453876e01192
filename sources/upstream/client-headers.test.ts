import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { ProblemsError } from '../../kernel/problem.ts';
import { createCallContext } from '../../test/utils/call-context.ts';
import { createHttpUpstream, type HttpUpstreamOptions } from './http-upstream.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

function upstreamAt(endpoint: string, options: Partial<HttpUpstreamOptions>) {
  const defaults = { source: 'catalog', headers: {}, timeoutMs: 5_000, maxResponseBytes: 1_000_000 };
  return createHttpUpstream({ ...defaults, endpoint, ...options });
}

/** An upstream before a server that tells what headers it was sent, and answers with some. */
async function start(options: Partial<HttpUpstreamOptions>, answer: Record<string, string | string[]> = {}) {
  const seen: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    response.writeHead(request.url === '/missing' ? 404 : 200, answer).end('ok');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const upstream = upstreamAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, options);
  cleanups.push(async () => {
    await upstream.dispose();
    server.close();
  });
  return { upstream, seen };
}

const get = { operation: 'getProduct', method: 'GET', path: '/' };

describe('headers of the client', () => {
  test('go on by the rules, under their names, over configured ones and below the own ones of the request', async () => {
    const { upstream, seen } = await start({
      headers: { 'X-Tenant': 'configured', 'x-fixed': 'configured' },
      forwardHeaders: [
        'X-Tenant',
        { name: 'x-token', as: 'Authorization' },
        { name: 'x-lang', default: 'en' },
        'x-none',
        'x-own',
      ],
    });
    const { context } = createCallContext({
      headers: { 'x-tenant': 'acme', 'x-token': 'Bearer of-the-client', 'x-own': 'client', 'x-unnamed': 'stays' },
    });
    await upstream.exchange({ ...get, headers: { 'X-Own': 'request' } }, context);
    const stream = await upstream.openStream(get, context);
    await stream.body.return();
    expect(seen[0]).toMatchObject({
      'x-tenant': 'acme',
      'x-fixed': 'configured',
      authorization: 'Bearer of-the-client',
      'x-lang': 'en',
      'x-own': 'request',
    });
    expect(seen[0]).not.toHaveProperty('x-none');
    expect(seen[0]).not.toHaveProperty('x-unnamed');
    expect(seen[1]).toMatchObject({ 'x-tenant': 'acme', 'x-own': 'client' });
  });

  test('that every object has a name for are not made up', async () => {
    const { upstream, seen } = await start({ forwardHeaders: ['constructor'] });
    await upstream.exchange(get, createCallContext().context);
    expect(seen[0]).not.toHaveProperty('constructor', expect.anything());
  });

  test('are refused by name, never by value, when they cannot be sent', async () => {
    const { upstream, seen } = await start({ forwardHeaders: [{ name: 'x-a', as: 'x-b' }] });
    const { context } = createCallContext({ headers: { 'x-a': 's3cret\r\nx-injected: yes' } });
    const error: unknown = await upstream.exchange(get, context).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      message: 'The header "x-a" has characters that cannot be sent on.',
      extensions: { code: 'BAD_USER_INPUT', source: 'catalog', operation: 'getProduct' },
    });
    expect(seen).toEqual([]);
  });
});

describe('headers of an answer', () => {
  test('that rules name are returned, whatever its status, as text', async () => {
    const { upstream } = await start(
      { returnHeaders: ['X-Remaining', 'link', 'x-none'] },
      {
        'x-remaining': '3',
        link: ['<a>', '<b>'],
        'x-other': 'stays',
      },
    );
    const returned: unknown[] = [];
    const { context } = createCallContext({ returnHeader: (name, value) => returned.push([name, value]) });
    await upstream.exchange({ ...get, path: '/missing' }, context);
    expect(returned).toEqual([
      ['x-remaining', '3'],
      ['link', '<a>, <b>'],
    ]);
    await (await upstream.openStream(get, context)).body.return();
    expect(returned).toHaveLength(4);
  });
});

test('rules that cannot be kept are all told, with their places and without values', () => {
  const create = () =>
    upstreamAt('http://h', {
      headers: { connection: 'close' },
      forwardHeaders: [
        'Host',
        'accept-language',
        { name: 'x-a', as: 'transfer-encoding' },
        { name: 'x-b', default: 's3cret\n' },
        { name: 'x-c', as: 'X-B' },
        'content-type',
        'Authorization',
        { name: 'x-user-token', as: 'authorization' },
        { name: 'X-GraphQL-Event-Stream-Token', as: 'x-d' },
      ],
      returnHeaders: ['x-fine', 'Set-Cookie', 'keep-alive', 'content-length', 'access-control-allow-origin'],
    });
  expect(create).toThrow(ProblemsError);
  try {
    create();
  } catch (error) {
    const { problems } = error as ProblemsError;
    expect(problems.map(({ path }) => path?.join('.'))).toEqual([
      'headers.connection',
      'forwardHeaders.0',
      'forwardHeaders.2',
      'forwardHeaders.3.default',
      'forwardHeaders.4',
      'forwardHeaders.5',
      'forwardHeaders.6',
      'forwardHeaders.7',
      'forwardHeaders.8',
      'returnHeaders.1',
      'returnHeaders.2',
      'returnHeaders.3',
      'returnHeaders.4',
    ]);
    expect(JSON.stringify(problems)).not.toContain('s3cret');
  }
});
