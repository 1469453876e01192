import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemorySource } from '../../test/utils/memory-source.ts';
import { startTestGateway, type TestGateway } from '../../test/utils/test-gateway.ts';

describe('what is no request', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway([
      createMemorySource({
        name: 'memory',
        sdl: 'type Query { hello: String }',
        unary: { 'Query.hello': () => 'world' },
      }),
    ]);
  });
  afterAll(() => gateway.close());

  it.each([
    ['no HTTP at all', 'hello\r\n\r\n', 'The request is not valid HTTP.'],
    ['headers without end', `GET /graphql HTTP/1.1\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 'The headers are too large.'],
  ])('is answered with a code: %s', async (_name, bytes, message) => {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.write(bytes);
    await once(socket, 'close');
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nconnection: close/);
    const requestId = /x-request-id: (\S+)/.exec(head)?.[1];
    expect(JSON.parse(body)).toEqual({ errors: [{ message, extensions: { code: 'BAD_REQUEST', requestId } }] });
    expect((await gateway.post({ query: '{ hello }' })).body).toEqual({ data: { hello: 'world' } });
  });
});
