import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { clientHeaders, headerReturner, socketHeaders } from './client-headers.ts';

describe('the headers of a client that sources may see', () => {
  it('are not its key, nor of the message, nor of the connection', () => {
    const headers = {
      authorization: 'Bearer key',
      'x-graphql-event-stream-token': 'token',
      host: 'gateway',
      connection: 'keep-alive, X-Hop',
      'x-hop': 'for the gateway alone',
      'keep-alive': 'timeout=5',
      te: 'trailers',
      'proxy-authorization': 'Basic x',
      'content-type': 'application/json',
      'content-length': '2',
      'content-encoding': 'gzip',
      accept: '*/*',
      'accept-encoding': 'gzip',
      'set-cookie': ['a=b'],
      'accept-language': 'de',
      cookie: 'a=b',
      'x-tenant': 'acme',
    };
    expect({ ...clientHeaders(headers) }).toEqual({ 'accept-language': 'de', cookie: 'a=b', 'x-tenant': 'acme' });
    expect(clientHeaders({}).constructor).toBeUndefined();
  });

  it('of a WebSocket may be added to by its first message, in no place of what is there', () => {
    const upgrade = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-key': 'k',
      'x-user': 'of a proxy',
      authorization: 'Bearer a',
    };
    const headers = { 'X-User': 'of the client', 'X-Tenant': 'acme', Authorization: 'Bearer b', number: 3, Host: 'x' };
    expect({ ...socketHeaders(upgrade, { headers }) }).toEqual({ 'x-user': 'of a proxy', 'x-tenant': 'acme' });
    for (const params of [undefined, {}, { headers: 'x' }, { headers: ['x'] }, { headers: null }]) {
      expect({ ...socketHeaders({ 'x-a': '1' }, params) }).toEqual({ 'x-a': '1' });
    }
  });

  it('do not come back from where the upgrade had them kept from sources', () => {
    const upgrade = { connection: 'Upgrade, x-hop', 'x-hop': '1' };
    expect({ ...socketHeaders(upgrade, { headers: { 'x-hop': '2' } }) }).toEqual({});
  });
});

describe('an x-api-key', () => {
  it('is kept from sources where it is what the client is known by, and theirs beside an Authorization', () => {
    const both = { 'x-api-key': 'k', authorization: 'Bearer a' };
    expect([{ ...clientHeaders({ 'x-api-key': 'k' }) }, { ...clientHeaders(both) }]).toEqual([
      {},
      { 'x-api-key': 'k' },
    ]);
  });
});

describe('the headers that sources return', () => {
  function respond(headersSent = false) {
    const headers = new Map<string, unknown>([['x-request-id', 'r']]);
    const response = {
      headersSent,
      hasHeader: (name: string) => headers.has(name),
      getHeader: (name: string) => headers.get(name),
      setHeader: (name: string, value: unknown) => headers.set(name, value),
    };
    return { headers, returnHeader: headerReturner(response as unknown as ServerResponse) };
  }

  it('are set, the last of a name', () => {
    const { headers, returnHeader } = respond();
    returnHeader('X-Remaining', '3');
    returnHeader('x-remaining', '2');
    expect([...headers]).toEqual([
      ['x-request-id', 'r'],
      ['x-remaining', '2'],
    ]);
  });

  it.each([
    ['set-cookie', 'a=b'],
    ['X-Request-Id', 'other'],
    ['content-type', 'text/html'],
    ['transfer-encoding', 'chunked'],
    ['cache-control', 'public'],
    ['access-control-allow-origin', '*'],
    ['x-a', 'line\r\nbreak'],
    ['x a', 'b'],
  ])('are not %s: %j', (name, value) => {
    const { headers, returnHeader } = respond();
    returnHeader(name, value);
    expect([...headers]).toEqual([['x-request-id', 'r']]);
  });

  it('come too late once the answer has begun', () => {
    const { headers, returnHeader } = respond(true);
    returnHeader('x-a', 'b');
    expect(headers.has('x-a')).toBe(false);
  });

  it('are for pages of other origins to read as well', () => {
    const { headers, returnHeader } = respond();
    headers.set('access-control-expose-headers', 'x-request-id');
    returnHeader('x-a', '1');
    returnHeader('x-a', '2');
    expect(headers.get('access-control-expose-headers')).toBe('x-request-id, x-a');
  });
});
