import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GraphQLInt, GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { AdminContext } from '../../admin/stores/context.ts';
import { SkeinError } from '../../kernel/errors.ts';
import { silentLog } from '../../kernel/ports.ts';
import { createQueryLimits } from '../policy/query-limits.ts';
import { createAdminDoor } from './admin-door.ts';
import { sendErrors } from './respond.ts';

let asked = 0;
const count = () => {
  asked += 1;
  return 'done';
};
const refuse = () => {
  throw new SkeinError('FORBIDDEN');
};
const field = { type: GraphQLString, args: { n: { type: GraphQLInt } }, resolve: count };
const person = new GraphQLObjectType({ name: 'Person', fields: { name: { type: GraphQLString } } });
const schema = new GraphQLSchema({
  query: new GraphQLObjectType({
    name: 'Query',
    fields: {
      word: field,
      must: { type: GraphQLString, resolve: refuse },
      me: { type: person, resolve: () => ({}) },
    },
  }),
  mutation: new GraphQLObjectType({ name: 'Mutation', fields: { make: field } }),
});
const health = { reachable: true, silentMs: 0 };
const door = createAdminDoor({
  schema,
  async identify({ authorization }) {
    if (authorization === undefined) throw new SkeinError('UNAUTHENTICATED');
    return { id: 'usr_1', name: 'ann', tenant: 'ten_1', roles: ['owner'], address: '', requestId: '' };
  },
  contextOf: () => ({}) as AdminContext,
  settled: async () => {},
  storeHealth: () => health,
  rules: [createQueryLimits({ depth: 20, fields: 5_000 })],
  ids: { next: () => 'id' },
  log: silentLog,
});
const server = createServer((request, response) => {
  door(request, response).catch((error: unknown) => sendErrors(response, [error], { requestId: 'id', log: silentLog }));
});
let url = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/admin/graphql`;
});
afterAll(() => server.close());

const KNOWN = { authorization: 'Bearer token' };
async function ask(body: object | string, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...KNOWN, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const { data, errors } = JSON.parse(text) as { data?: unknown; errors?: { extensions: { code: string } }[] };
  return [response.status, errors?.[0]?.extensions.code ?? data] as const;
}

it('refuses documents that are large in themselves before anything compares their fields', async () => {
  expect(await ask({ query: `{ ${'me { name } '.repeat(200_000)} }` })).toEqual([200, 'GRAPHQL_PARSE_FAILED']);
  // As many as the tokens allow: to compare each with each would take minutes.
  expect(await ask({ query: `{ ${'word '.repeat(9_990)} }` })).toEqual([200, 'OPERATION_TOO_COMPLEX']);
});

it('does a hundred things at once and no more, however they are spelled', async () => {
  const many = (most: number) => Array.from({ length: most }, (_, n) => `a${n}: make(n: ${n})`).join(' ');
  asked = 0;
  expect((await ask({ query: `mutation { ${many(100)} }` }))[0]).toBe(200);
  expect(asked).toBe(100);
  for (const query of [
    `mutation { ${many(101)} }`,
    `mutation { ...all } fragment all on Mutation { ...one ... on Mutation { last: make } } fragment one on Mutation { ${many(100)} }`,
  ])
    expect(await ask({ query })).toEqual([200, 'OPERATION_TOO_COMPLEX']);
  expect(asked).toBe(100);
});

it('takes operations as JSON alone, so that no page can send one without asking first', async () => {
  asked = 0;
  const form = 'query=mutation%7Bmake%7D';
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])
    expect(await ask(form, { 'content-type': type })).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
  const get = await fetch(`${url}?query=mutation%7Bmake%7D`, { headers: { ...KNOWN, accept: 'application/json' } });
  expect(get.status).toBeGreaterThanOrEqual(400);
  expect(asked).toBe(0);
});

it('lists no bytes of a body', async () => {
  const keys = vi.spyOn(Object, 'keys');
  const padding = ' '.repeat(100_000);
  expect((await ask({ query: '{ word }', variables: { padding } }))[0]).toBe(200);
  const most = Math.max(...keys.mock.results.map(({ value }) => (value as string[]).length));
  keys.mockRestore();
  expect(most).toBeLessThan(1_000);
});

it('gives mistakes of requests their own status, and those of fields none', async () => {
  for (const body of ['[{"query":"{ word }"}]', '{}', 'null', '1', '{', ''])
    expect(await ask(body)).toEqual([400, 'BAD_REQUEST']);
  expect(await ask({ query: 'query($n: Int) { word(n: $n) }', variables: { n: 'x' } })).toEqual([
    400,
    'BAD_USER_INPUT',
  ]);
  expect(await ask({ query: '{ must }' })).toEqual([200, 'FORBIDDEN']);
});

it('answers strangers, and those who announce too much, before they have sent what they have', async () => {
  const statusOf = (headers: Record<string, string | number>) =>
    new Promise<number | undefined>((resolve, reject) => {
      const request = send(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers } });
      request.on('response', (response) => {
        resolve(response.statusCode);
        request.destroy();
      });
      request.on('error', reject);
      request.write('{');
    });
  expect(await statusOf({})).toBe(401);
  expect(await statusOf({ ...KNOWN, 'content-length': 17 * 1_048_576 })).toBe(413);
});
