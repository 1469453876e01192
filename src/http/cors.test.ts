import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemorySource } from '../../test/utils/memory-source.ts';
import { startTestGateway, type TestGateway } from '../../test/utils/test-gateway.ts';

const hello = () =>
  createMemorySource({ name: 'memory', sdl: 'type Query { hello: String }', unary: { 'Query.hello': () => 'world' } });

describe('a page of another origin', () => {
  let open: TestGateway;
  let closed: TestGateway;
  beforeAll(async () => {
    open = await startTestGateway([hello()], {}, { origins: ['http://localhost:3000'] });
    closed = await startTestGateway([hello()]);
  });
  afterAll(async () => {
    await open.close();
    await closed.close();
  });

  const preflight = (gateway: TestGateway, origin: string) =>
    fetch(gateway.url, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,X-Tenant,no name',
      },
    });

  it('may ask and read if its origin is named, with its key and without cookies', async () => {
    const answer = await preflight(open, 'http://localhost:3000');
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe('http://localhost:3000');
    expect(answer.headers.get('access-control-allow-headers')?.split(', ')).toEqual([
      'authorization',
      'content-type',
      'x-request-id',
      'x-graphql-event-stream-token',
      'x-tenant',
    ]);
    expect(answer.headers.has('access-control-allow-credentials')).toBe(false);

    const { status, headers, body } = await open.post({ query: '{ hello }' }, { origin: 'http://localhost:3000' });
    expect({ status, body }).toEqual({ status: 200, body: { data: { hello: 'world' } } });
    expect(headers.get('access-control-allow-origin')).toBe('http://localhost:3000');
    expect(headers.get('vary')).toContain('origin');
  });

  it('can read even why its key was refused', async () => {
    const answer = await open.post(
      { query: '{ hello }' },
      { origin: 'http://localhost:3000', authorization: 'Bearer no' },
    );
    expect(answer.status).toBe(401);
    expect(answer.headers.get('access-control-allow-origin')).toBe('http://localhost:3000');
  });

  it.each([
    ['of an origin that is not named', () => open, 'http://localhost:3001'],
    ['where no origin is named', () => closed, 'http://localhost:3000'],
  ])('gets no leave %s', async (_name, gateway, origin) => {
    const answer = await preflight(gateway(), origin);
    expect(answer.status).not.toBe(204);
    expect(answer.headers.has('access-control-allow-origin')).toBe(false);
    expect((await gateway().post({ query: '{ hello }' }, { origin })).headers.has('access-control-allow-origin')).toBe(
      false,
    );
  });
});
