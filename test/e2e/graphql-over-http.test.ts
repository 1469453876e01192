import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemorySource } from '../utils/memory-source.ts';
import { startTestGateway, TEST_KEY, type TestGateway } from '../utils/test-gateway.ts';

describe('the GraphQL over HTTP audits', () => {
  let gateway: TestGateway;
  let url = '';
  beforeAll(async () => {
    const source = createMemorySource({
      name: 'memory',
      sdl: 'type Query { hello: String }',
      unary: { 'Query.hello': () => 'world' },
    });
    gateway = await startTestGateway([source]);
    url = gateway.url;
  });
  afterAll(() => gateway.close());

  const audits = serverAudits({
    url: () => url,
    fetchFn: (input: string, init: RequestInit = {}) =>
      fetch(input, {
        ...init,
        headers: { ...(init.headers as Record<string, string>), authorization: `Bearer ${TEST_KEY}` },
      }),
  });

  it.each(['GET', 'POST'])(
    'a hash in the place of a document, by %s, is answered as Apollo Client and urql look for',
    async (method) => {
      const extensions = { persistedQuery: { version: 1, sha256Hash: 'ab'.repeat(32) } };
      const headers = { authorization: `Bearer ${TEST_KEY}`, 'content-type': 'application/json' };
      const response = await (method === 'GET'
        ? fetch(`${url}?extensions=${encodeURIComponent(JSON.stringify(extensions))}`, { headers })
        : fetch(url, { method, headers, body: JSON.stringify({ extensions }) }));
      expect([response.status, await response.json()]).toMatchObject([
        200,
        { errors: [{ message: 'PersistedQueryNotSupported', extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED' } }] },
      ]);
    },
  );

  it('are 61', () => {
    expect(audits).toHaveLength(61);
  });

  it.each(audits.map((audit) => [`${audit.id} ${audit.name}`, audit] as const))('%s', async (_name, audit) => {
    const result = await audit.fn();
    expect(result.status, result.status === 'ok' ? '' : result.reason).toBe('ok');
  });
});
