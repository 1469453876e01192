import { afterEach, describe, expect, test } from 'vitest';
import { type OpenapiServer, startOpenapiServer } from '../../test/utils/openapi-server.ts';

const header = (schema: object, description?: string) => ({ schema, description });
const text = { type: 'string' };
const answered = (headers: object, more: object = {}) => ({ responses: { 200: { headers, ...more } } });
const json = (schema: object) => ({ content: { 'application/json': { schema } } });
const person = { type: 'object', properties: { id: text } };

const paths = {
  '/people/{id}': {
    get: {
      operationId: 'getPerson',
      parameters: [{ name: 'id', in: 'path', required: true, schema: text }],
      ...answered(
        {
          Link: header(text, 'Where the next page is.'),
          'X-RateLimit-Remaining': header({ type: 'integer' }),
          'X-Total': header({ type: 'integer', format: 'int64' }),
          'X-Cached': header({ type: 'boolean' }),
          'X-Tags': header({ type: 'array', items: text }),
          'X-Point': header({ type: 'object', properties: { a: text } }),
          'X-Kind': { $ref: '#/components/headers/Kind' },
          'X-Lost': { $ref: '#/components/headers/Lost' },
          'Content-Type': header(text),
          'not a header': header(text),
        },
        json({ $ref: '#/components/schemas/Person' }),
      ),
    },
  },
  '/done': { post: { operationId: 'finish', ...answered({ Location: header(text) }) } },
  '/text': { get: { operationId: 'getText', ...answered({ ETag: header(text) }, { content: { 'text/plain': {} } }) } },
  '/bare': { get: { operationId: 'getBare', ...answered({}, json(text)) } },
};
const document = {
  paths,
  components: { headers: { Kind: header({ type: 'string', enum: ['a-b', 'c'] }) }, schemas: { Person: person } },
};

let server: OpenapiServer | undefined;
afterEach(() => server?.close());
const start = async (operations: object) => {
  server = await startOpenapiServer(document, { operations });
  return server;
};

describe('response headers', () => {
  test('that nobody asked for are told once for the whole document', async () => {
    const api = await start({});
    expect(api.model.sdl).toMatch(/person\([^)]*\): Person/);
    expect(api.notices).toEqual([
      '3 operations declare response headers (Link, X-RateLimit-Remaining, X-Total, X-Cached, X-Tags, X-Point, X-Kind, X-Lost, …), which are not shown: set "responseHeaders: true" for an operation in "operations" to have them.',
    ]);
  });

  test('that the options ask for stand beside the body, by their types', async () => {
    const api = await start({ getPerson: { responseHeaders: true } });
    expect(api.model.sdl).toMatch(/person\([^)]*\): GetPersonAnswer/);
    expect(api.model.sdl).toMatch(/type GetPersonAnswer \{\s+body: Person\s+headers: GetPersonAnswerHeaders!\s+\}/);
    const [, fields = ''] = /type GetPersonAnswerHeaders \{([^}]*)\}/.exec(api.model.sdl) ?? [];
    expect(fields.match(/\w+: \[?\w+!?\]?/g)).toEqual([
      'link: String',
      'xRateLimitRemaining: Int',
      'xTotal: Int64',
      'xCached: Boolean',
      'xTags: [String!]',
      'xPoint: String',
      'xKind: GetPersonAnswerHeadersXKind',
      'xLost: String',
    ]);
    expect(api.model.properties?.get('GetPersonAnswerHeaders.xRateLimitRemaining')).toBe('X-RateLimit-Remaining');

    const headers = {
      'content-type': 'application/json',
      link: ['<a>; rel=next', '<b>; rel=last'],
      'x-ratelimit-remaining': '59',
      'x-total': '9223372036854775807',
      'x-cached': 'true',
      'x-tags': 'a, b,c',
      'x-point': 'a,1',
      'x-kind': 'a-b',
    };
    api.answer(200, headers, '{"id":"1"}');
    expect(await api.call('Query.person', { id: '1' })).toEqual({
      body: { id: '1' },
      headers: {
        link: '<a>; rel=next, <b>; rel=last',
        'X-RateLimit-Remaining': 59,
        'X-Total': '9223372036854775807',
        'X-Cached': true,
        'X-Tags': ['a', 'b', 'c'],
        'X-Point': 'a,1',
        'X-Kind': 'a-b',
        'X-Lost': null,
      },
    });
  });

  test('that cannot be read are null', async () => {
    const api = await start({ getPerson: { responseHeaders: true } });
    const headers = { 'x-ratelimit-remaining': 'many', 'x-cached': 'yes', 'x-tags': '' };
    api.answer(200, { 'content-type': 'application/json', ...headers }, 'null');
    expect(await api.call('Query.person', { id: '1' })).toMatchObject({
      body: null,
      headers: { 'X-RateLimit-Remaining': null, 'X-Cached': null, 'X-Tags': [] },
    });
    api.answer(404);
    expect(await api.call('Query.person', { id: '1' })).toBeNull();
  });

  test('stand beside any body', async () => {
    const api = await start({ finish: { responseHeaders: true }, getText: { responseHeaders: true } });
    expect(api.model.sdl).toMatch(/type FinishAnswer \{\s+body: Boolean/);
    expect(api.model.sdl).toMatch(/type GetTextAnswer \{\s+body: String/);
    api.answer(201, { location: '/done/1' });
    expect(await api.call('Mutation.finish')).toEqual({ body: true, headers: { location: '/done/1' } });
    api.answer(200, { etag: '"1"' }, 'words');
    expect(await api.call('Query.text')).toEqual({ body: 'words', headers: { etag: '"1"' } });
  });

  test('that the document does not declare are a mistake to ask for', async () => {
    const { reported } = await start({ getBare: { responseHeaders: true } });
    expect(reported).toMatchObject([
      {
        path: ['operations', 'getBare', 'responseHeaders'],
        message: 'The operation "getBare" declares no response headers.',
      },
    ]);
  });
});
