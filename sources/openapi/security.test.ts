import { afterEach, describe, expect, test, vi } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import { noAnswer, type OpenapiServer, startOpenapiServer } from '../../test/utils/openapi-server.ts';

const securitySchemes = {
  key: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
  queryKey: { type: 'apiKey', in: 'query', name: 'api key' },
  cookieKey: { type: 'apiKey', in: 'cookie', name: 'sid' },
  basic: { type: 'http', scheme: 'Basic' },
  bearer: { type: 'http', scheme: 'bearer' },
  token: { type: 'http', scheme: 'Token' },
  oauth: { type: 'oauth2', flows: {} },
  oidc: { type: 'openIdConnect', openIdConnectUrl: 'https://example.org' },
  digest: { type: 'http', scheme: 'digest' },
  mutual: { type: 'mutualTLS' },
  host: { type: 'apiKey', in: 'header', name: 'Host' },
};
const get = (operationId: string, security?: unknown, more: object = {}) => ({
  get: { operationId, ...(security === undefined ? {} : { security }), ...noAnswer, ...more },
});

let server: OpenapiServer | undefined;
afterEach(() => server?.close());

async function start(security: unknown, options: object = {}, more: object = {}): Promise<OpenapiServer> {
  const paths = { '/thing': get('thing', security, more), '/other': get('other', []) };
  server = await startOpenapiServer({ paths, components: { securitySchemes } }, options);
  return server;
}

const S3CRET = 's3cret/&=+';

describe('a credential', () => {
  test.each([
    ['key', S3CRET, { 'x-api-key': S3CRET }, '/thing'],
    ['queryKey', S3CRET, {}, '/thing?api%20key=s3cret%2F%26%3D%2B'],
    ['cookieKey', S3CRET, { cookie: 'sid=s3cret%2F%26%3D%2B' }, '/thing'],
    ['basic', { username: 'ü', password: 'p:w' }, { authorization: 'Basic w7w6cDp3' }, '/thing'],
    ['bearer', S3CRET, { authorization: `Bearer ${S3CRET}` }, '/thing'],
    ['token', S3CRET, { authorization: `Token ${S3CRET}` }, '/thing'],
    ['oauth', S3CRET, { authorization: `Bearer ${S3CRET}` }, '/thing'],
    ['oidc', S3CRET, { authorization: `Bearer ${S3CRET}` }, '/thing'],
  ])('of %s goes where the scheme says, and only there', async (scheme, credential, headers, url) => {
    const api = await start([{ [scheme]: [] }], { security: { [scheme]: credential } });
    expect([api.notices, api.reported]).toEqual([[], []]);
    await api.call('Query.thing');
    expect(api.seen().url).toBe(url);
    expect(api.seen().headers).toMatchObject(headers);
    await api.call('Query.other');
    expect([api.seen().url, ...Object.keys(headers).map((name) => api.seen().headers[name])]).toEqual([
      '/other',
      ...Object.keys(headers).map(() => undefined),
    ]);
  });

  test('is in no plan, no error and no log', async () => {
    const api = await start([{ queryKey: [], bearer: [] }], {
      security: { queryKey: 's3cret-one', bearer: 's3cret-two' },
      errors: 'body',
    });
    api.answer(403, {}, 'The key s3cret-one and the token s3cret-two are wrong.');
    const log = { ...silentLog, warn: vi.fn(), debug: vi.fn() };
    const error = await api.failure('Query.thing', {}, log);
    const told = JSON.stringify([
      error.message,
      error.extensions,
      log.warn.mock.calls,
      log.debug.mock.calls,
      api.model.sdl,
    ]);
    expect(told).toContain('The key *** and the token *** are wrong.');
    expect(told).not.toContain('s3cret');
  });

  test('is no argument', async () => {
    const parameters = [
      { name: 'x-api-key', in: 'header', schema: { type: 'string' } },
      { name: 'q', in: 'query', schema: { type: 'string' } },
    ];
    const api = await start([{ key: [] }], { security: { key: 'x' } }, { parameters });
    expect(api.model.sdl).toContain('thing(\n    q: String\n  )');
  });
});

describe('alternatives', () => {
  const both = { security: { key: 'k', bearer: 'b' } };
  const sent = async (api: OpenapiServer) => {
    await api.call('Query.thing');
    const { headers } = api.seen();
    return [headers['x-api-key'], headers.authorization];
  };

  test('are taken where all their schemes have credentials', async () => {
    expect(await sent(await start([{ key: [], oauth: [] }, { bearer: [] }], both))).toEqual([undefined, 'Bearer b']);
  });

  test('may need several schemes at once', async () => {
    expect(await sent(await start([{ key: [], bearer: [] }], both))).toEqual(['k', 'Bearer b']);
  });

  test('that need nothing are the last', async () => {
    expect(await sent(await start([{}, { key: [] }], both))).toEqual(['k', undefined]);
    await server?.close();
    const api = await start([{ oauth: [] }, {}], both);
    expect(await sent(api)).toEqual([undefined, undefined]);
    expect(api.notices.filter((notice) => notice.includes('oauth'))).toEqual([]);
  });

  test('of the document hold where an operation has none of its own', async () => {
    const paths = { '/thing': get('thing'), '/other': get('other', []) };
    server = await startOpenapiServer({ paths, components: { securitySchemes }, security: [{ key: [] }] }, both);
    expect(await sent(server)).toEqual(['k', undefined]);
    await server.call('Query.other');
    expect(server.seen().headers).not.toHaveProperty('x-api-key');
  });
});

describe('what is not there', () => {
  test('is told once for each scheme, with the number of operations and the way out', async () => {
    const needs = (...schemes: string[]) => [Object.fromEntries(schemes.map((scheme) => [scheme, []]))];
    const paths = {
      '/a': get('a', needs('key', 'queryKey')),
      '/b': get('b', needs('key')),
      '/c': get('c', needs('mutual')),
      '/d': get('d', needs('nobody')),
      '/e': get('e', needs('cookieKey')),
      '/f': get('f', needs('digest')),
      '/g': get('g', needs('host')),
      '/h': get('h', needs('token')),
    };
    server = await startOpenapiServer({ paths, components: { securitySchemes } });
    expect(server.notices).toEqual([
      '2 operations ask for the security scheme "key", for which there is no credential: put one into "security", or its header "x-api-key" in "headers" or "forwardHeaders".',
      'One operation asks for the security scheme "queryKey", for which there is no credential: put one into "security".',
      'One operation asks for the security scheme "mutual", which cannot be used, because the type "mutualTLS" is not supported.',
      'One operation asks for the security scheme "nobody", which the document does not declare.',
      'One operation asks for the security scheme "cookieKey", for which there is no credential: put one into "security", or its cookie in "headers" or "forwardHeaders".',
      'One operation asks for the security scheme "digest", which cannot be used, because the HTTP scheme "digest" is not supported.',
      'One operation asks for the security scheme "host", which cannot be used, because a key cannot be sent in the header "host".',
      'One operation asks for the security scheme "token", for which there is no credential: put one into "security", or its header "authorization" in "headers" or "forwardHeaders" as { name: x-service-authorization, as: authorization }.',
    ]);
  });

  test('is told once of parameters that are credentials', async () => {
    const authorization = { name: 'Authorization', in: 'header', required: true, schema: { type: 'string' } };
    const more = { parameters: [authorization] };
    const paths = { '/a': get('a', [], more), '/b': get('b', [], more) };
    server = await startOpenapiServer({ paths });
    expect(server.model.sdl).toContain('a: Boolean');
    expect(server.notices).toEqual([
      '2 operations have a parameter for the header "authorization", which is left out: what is sent in it comes from "security", "headers" or "forwardHeaders" with { name: x-service-authorization, as: authorization }.',
    ]);
  });

  test.each([
    [{ key: [] }, { headers: { 'X-API-KEY': 'k' } }],
    [{ key: [] }, { forwardHeaders: [{ name: 'x-user-key', as: 'X-Api-Key' }] }],
    [{ oauth: [] }, { forwardHeaders: [{ name: 'x-user-token', as: 'Authorization' }] }],
    [{ cookieKey: [] }, { headers: { cookie: 'sid=1' } }],
  ])('is not told where %j is sent by %j', async (need, options) => {
    expect((await start([need], options)).notices).toEqual([]);
  });

  test('is a mistake of the configuration where a name or a form is wrong', async () => {
    const security = {
      bearr: 'x',
      digest: 'x',
      basic: 'x',
      bearer: { username: 'u', password: 'p' },
      key: 's3cret\n',
      token: 'fine',
    };
    const { reported, notices } = await start([{ key: [] }], { security });
    expect(reported).toEqual([
      {
        path: ['security', 'bearr'],
        message: 'The document has no security scheme "bearr".',
        suggestion: 'Did you mean "bearer"?',
      },
      {
        path: ['security', 'digest'],
        message: 'The security scheme "digest" cannot be used, because the HTTP scheme "digest" is not supported.',
      },
      {
        path: ['security', 'basic'],
        message: 'The security scheme "basic" is HTTP basic: it needs a username and a password.',
        suggestion: 'Give them as `{ username: …, password: … }`.',
      },
      {
        path: ['security', 'bearer'],
        message: 'The security scheme "bearer" needs a key or token as text, not a username and password.',
      },
      {
        path: ['security', 'key'],
        message: 'The credential of the security scheme "key" is empty or has characters that cannot be sent.',
        suggestion: 'Look for line breaks and spaces at its ends.',
      },
    ]);
    expect(notices).toContain(
      'No operation asks for the security scheme "token", so its credential is never sent: use "headers" to send it always.',
    );
  });
});
