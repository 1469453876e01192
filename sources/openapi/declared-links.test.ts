import { describe, expect, test } from 'vitest';
import { makeModel, object, ref, text } from '../../test/utils/openapi-model.ts';

const parameter = (name: string, place: string, required = place === 'path') => ({
  name,
  in: place,
  required,
  schema: text,
});
const withLinks = (schema: object, links: object) => ({
  responses: { 200: { content: { 'application/json': { schema } }, links } },
});

/** A user whose answer has the links. */
function linked(links: object, more: object = {}) {
  const { model, notices } = makeModel({
    paths: {
      '/users/{user-id}': {
        get: {
          operationId: 'getUser',
          parameters: [parameter('user-id', 'path')],
          ...withLinks(ref('User'), links),
        },
      },
      '/repos': {
        get: {
          operationId: 'listRepos',
          parameters: [parameter('owner', 'query'), parameter('sort-by', 'query'), parameter('page', 'query')],
          ...withLinks({ type: 'array', items: object({ id: text }) }, {}),
        },
        post: { operationId: 'addRepo', responses: { 204: {} } },
      },
      '/keys/{id}': {
        get: {
          operationId: 'getKey',
          parameters: [parameter('id', 'path'), parameter('id', 'query')],
          ...withLinks(object({ id: text }), {}),
        },
      },
      ...more,
    },
    components: {
      schemas: { User: object({ 'log-in': text, id: text }) },
      links: { Shared: { operationId: 'listRepos' } },
    },
  });
  return { links: Object.fromEntries(model.links ?? []), notices };
}

describe('links of a response', () => {
  test('are fields of the type it answers with', () => {
    const links = {
      repositories: {
        operationId: 'listRepos',
        description: 'What they made.',
        parameters: { owner: '$response.body#/log-in', 'query.sort-by': 'name', page: 2 },
      },
      'self-again': {
        operationRef: '#/paths/~1users~1%7Buser-id%7D/get',
        parameters: { 'user-id': '{$response.body#/id}' },
      },
      shared: { $ref: '#/components/links/Shared' },
    };
    expect(linked(links)).toEqual({
      links: {
        'User.repositories': {
          call: 'Query.repos',
          args: { owner: '$parent.logIn', sortBy: 'name', page: 2 },
          description: 'What they made.',
        },
        'User.selfAgain': { call: 'Query.user', args: { userId: '$parent.id' } },
        'User.shared': { call: 'Query.repos', args: {} },
      },
      notices: [],
    });
  });

  test('tell apart parameters of one name by their place', () => {
    const links = { key: { operationId: 'getKey', parameters: { 'path.id': '$response.body#/id', 'query.id': 'x' } } };
    expect(linked(links).links).toEqual({
      'User.key': { call: 'Query.key', args: { id: '$parent.id', id2: 'x' } },
    });
  });

  test.each([
    [{ operationId: 'nobody' }, '"nobody" is no operation that is offered'],
    [
      { operationRef: 'https://elsewhere/#/paths/~1x/get' },
      '"https://elsewhere/#/paths/~1x/get" is no operation that is offered',
    ],
    [{ operationId: 'addRepo' }, 'addRepo is a mutation'],
    [{ operationId: 'getUser' }, 'it does not say "userId", which is needed'],
    [
      { operationId: 'listRepos', parameters: { owner: '$request.path.user-id' } },
      '"$request.path.user-id" is no field of User',
    ],
    [
      { operationId: 'listRepos', parameters: { owner: '$response.body#/address/city' } },
      '"$response.body#/address/city" is no field of User',
    ],
    [
      { operationId: 'listRepos', parameters: { owner: '$response.body#/constructor' } },
      '"$response.body#/constructor" is no field of User',
    ],
    [{ operationId: 'listRepos', parameters: { owner: {} } }, 'a parameter is neither a text nor a number'],
    [{ operationId: 'listRepos', parameters: { nobody: 'x' } }, 'listRepos has no parameter "nobody"'],
    [{ operationId: 'listRepos', requestBody: '$response.body' }, 'it sends a body'],
    [{ $ref: '#/components/links/Nobody' }, '$ref "#/components/links/Nobody" leads nowhere'],
  ])('%j is left out, with the reason', (link, reason) => {
    expect(linked({ thing: link })).toEqual({
      links: {},
      notices: [`getUser: the link "thing" is left out, because ${reason}.`],
    });
  });

  test('that are named like a field, or belong to a list, are left out', () => {
    const more = {
      '/all': {
        get: { operationId: 'all', ...withLinks({ type: 'array', items: text }, { x: { operationId: 'all' } }) },
      },
    };
    expect(linked({ id: { operationId: 'listRepos' } }, more)).toEqual({
      links: {},
      notices: [
        'getUser: the link "id" is left out, because User has a field "id" already.',
        'all: the link "x" is left out, because its operation does not answer with an object.',
      ],
    });
  });
});
