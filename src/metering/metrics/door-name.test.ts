import { expect, it } from 'vitest';
import { doorOf } from './door-name.ts';

it.each([
  ['/graphql', {}, 'graphql'],
  ['/v1/chat/completions', { 'anthropic-version': '2023-06-01' }, 'openai'],
  ['/v1/messages/count_tokens', {}, 'anthropic'],
  ['/v1/models', {}, 'openai'],
  ['/v1/models/small', { 'anthropic-version': '2023-06-01' }, 'anthropic'],
  ['/rest/openapi.json', {}, 'rest'],
  ['/admin/graphql', {}, 'admin'],
  ['/metrics', {}, 'own'],
  ['/', {}, 'none'],
  ['/graphql/', {}, 'none'],
  ['*', {}, 'none'],
  ['constructor', {}, 'none'],
])('%s with %j comes through the door %s', (path, headers, door) => {
  expect(doorOf(path, headers)).toBe(door);
});
