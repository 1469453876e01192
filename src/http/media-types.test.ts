import { expect, it } from 'vitest';
import { EVENT_STREAM, isJson, negotiate, PLAIN_JSON, RESPONSE_JSON } from './media-types.ts';

const OFFERED = [PLAIN_JSON, RESPONSE_JSON, EVENT_STREAM] as const;

it.each([
  [undefined, PLAIN_JSON],
  ['', PLAIN_JSON],
  ['*/*', PLAIN_JSON],
  ['application/*', PLAIN_JSON],
  ['text/*', EVENT_STREAM],
  ['application/graphql-response+json, application/json;q=0.9', RESPONSE_JSON],
  ['application/json;q=0.5, application/graphql-response+json', RESPONSE_JSON],
  ['application/graphql-response+json; charset=utf-8', RESPONSE_JSON],
  ['Application/GraphQL-Response+JSON', RESPONSE_JSON],
  ['image/png, text/event-stream', EVENT_STREAM],
  ['image/png, */*;q=0.1', PLAIN_JSON],
  ['text/html', undefined],
  ['application/json;q=0', undefined],
  ['application/json;q=x', undefined],
  [',;,=', undefined],
])('an Accept header of %j takes %s', (accept, expected) => {
  expect(negotiate(accept, OFFERED)).toBe(expected);
});

it('headers of any length are read, and few are kept', () => {
  expect(negotiate(`${'a/b,'.repeat(10_000)}application/json`, OFFERED)).toBeUndefined();
  for (let i = 0; i < 300; i += 1) expect(negotiate(`a/${i}, text/event-stream`, OFFERED)).toBe(EVENT_STREAM);
});

it.each([
  ['application/json', true],
  ['application/json; charset=utf-8', true],
  ['APPLICATION/JSON;charset="UTF-8"', true],
  ['application/json; charset=utf8', true],
  ['application/json;', true],
  ['application/json; profile="https://x.example"; charset=utf-8', true],
  ['application/json; odata.metadata=minimal', true],
  ['application/json; charset=latin1', false],
  ['application/json; odata.metadata=minimal; charset=utf-16', false],
  ['application/json; charset="utf-8', false],
  ['application/jsonp', false],
  ['text/json', false],
  [undefined, false],
])('a Content-Type of %j is JSON: %s', (contentType, expected) => {
  expect(isJson(contentType)).toBe(expected);
});
