import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSchema, NoSchemaIntrospectionCustomRule } from 'graphql';
import { createSchema, createYoga, type Plugin } from 'graphql-yoga';
import { afterEach, describe, expect, it } from 'vitest';
import { SkeinError } from '../../kernel/errors.ts';
import { ProblemsError } from '../../kernel/problem.ts';
import { createMemoryLog } from '../../test/utils/call-context.ts';
import type { Source } from '../source.ts';
import { createGraphqlSource } from './graphql-source.ts';
import { graphqlOptions } from './options.ts';

const servers: Server[] = [];
const sources: Source[] = [];
afterEach(async () => {
  for (const source of sources.splice(0)) await source.dispose();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function load(listener: RequestListener, options: object = {}): Promise<Source> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
  const deps = { log: createMemoryLog(), report: () => {} };
  const parsed = graphqlOptions.parse({ kind: 'graphql', endpoint, ...options });
  const source = await createGraphqlSource('reviews', parsed, undefined, deps);
  sources.push(source);
  return source;
}

async function failureOf(listener: RequestListener, options: object = {}): Promise<unknown> {
  return load(listener, options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
}

const withoutIntrospection: Plugin = {
  onValidate: ({ addValidationRule }) => addValidationRule(NoSchemaIntrospectionCustomRule),
};

const SDL = `
  scalar Date @specifiedBy(url: "https://example.com/date")
  input By @oneOf { id: ID name: String }
  type Query { find(by: By, old: Int @deprecated(reason: "Gone.")): Date }
`;

/** A yoga whose schema does not know some of introspection's own fields, as servers of some years ago. */
function yogaWithout(fields: readonly string[]) {
  const seen: string[] = [];
  const yoga = createYoga({ schema: createSchema({ typeDefs: SDL }), logging: false });
  const listener: RequestListener = async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const { query } = JSON.parse(body.toString()) as { query: string };
    seen.push(query);
    const unknown = fields.find((field) => query.includes(field));
    if (unknown !== undefined) {
      const message = `Cannot query field "${unknown}" on type "__Type".`;
      response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ errors: [{ message }] }));
      return;
    }
    Object.assign(request, { body });
    yoga(request, response);
  };
  return { seen, listener };
}

describe('a service that is asked for its schema', () => {
  it('tells all of it', async () => {
    const { seen, listener } = yogaWithout([]);
    const { model } = await load(listener);
    expect(seen).toHaveLength(1);
    expect(model.sdl).toContain('@specifiedBy(url: "https://example.com/date")');
    expect(model.sdl).toContain('input By @oneOf');
    expect(model.sdl).toContain('old: Int @deprecated(reason: "Gone.")');
    buildSchema(model.sdl);
  });

  it.each([
    [['isOneOf'], 2, true],
    [['inputFields(includeDeprecated: true)'], 2, true],
    [['specifiedByURL', 'isOneOf'], 3, false],
  ])('is asked again in older words if it does not know %j', async (fields, rounds, knowsDates) => {
    const { seen, listener } = yogaWithout(fields);
    const { model } = await load(listener);
    expect(seen).toHaveLength(rounds);
    expect(model.sdl.includes('@specifiedBy')).toBe(knowsDates);
    expect(buildSchema(model.sdl).getQueryType()?.getFields().find).toBeDefined();
  });

  it('may have switched that off, which is told with the way out', async () => {
    const yoga = createYoga({
      schema: createSchema({ typeDefs: SDL }),
      logging: false,
      plugins: [withoutIntrospection],
    });
    const error = await failureOf(yoga);
    expect(error).toBeInstanceOf(ProblemsError);
    expect(error).toMatchObject({
      problems: [
        {
          path: ['endpoint'],
          message: expect.stringMatching(/^The service does not tell its schema\. It says: "GraphQL introspection/),
          suggestion: expect.stringContaining('`document`'),
        },
      ],
    });
  });

  it.each([
    [401, '', 'headers', '401'],
    [403, '{"errors":[{"message":"no"}]}', 'headers', '403'],
    [404, '<html>', 'endpoint', '404'],
    [405, '', 'endpoint', '405'],
    [302, '', 'endpoint', 'to https://elsewhere.example'],
    [400, 'no JSON', 'endpoint', '400'],
    [200, '<html>', 'endpoint', 'no GraphQL'],
    [200, '{"data":{"__schema":null}}', 'endpoint', 'does not tell its schema'],
    [200, '{"data":{"__schema":{"types":3}}}', 'endpoint', 'cannot be used'],
    [200, '{"data":null,"errors":[{"message":"x","extensions":{"code":"UNAUTHENTICATED"}}]}', 'endpoint', '"x"'],
  ])('and answers %i with %j has a mistake in its configuration', async (status, body, place, words) => {
    const location = 'https://elsewhere.example/s3cret?key=s3cret';
    const error = await failureOf((_request, response) => response.writeHead(status, { location }).end(body));
    expect(error).toBeInstanceOf(ProblemsError);
    expect(error).toMatchObject({
      problems: [{ path: [place], message: expect.stringContaining(words), suggestion: expect.any(String) }],
    });
    expect(JSON.stringify(error)).not.toContain('s3cret');
  });

  it.each([
    [500, '<html>'],
    [503, '{"errors":[{"message":"introspection later"}]}'],
    [429, ''],
    [200, '{"errors":[{"message":"The database is down."}]}'],
  ])('and answers %i with %j is not there now', async (status, body) => {
    const error = await failureOf((_request, response) => response.writeHead(status).end(body));
    expect(error).toBeInstanceOf(SkeinError);
  });

  it('and is silent is not there now, in the time that a call has', async () => {
    const error = await failureOf(() => {}, { timeoutMs: 20 });
    expect(error).toMatchObject({ name: 'SkeinError', code: 'UPSTREAM_TIMEOUT' });
  });

  it('may tell more than is read', async () => {
    expect(await failureOf(yogaWithout([]).listener, { maxResponseBytes: 500 })).toMatchObject({
      problems: [{ path: ['maxResponseBytes'], suggestion: expect.stringContaining('`document`') }],
    });
  });
});
