import { afterAll, expect, it, vi } from 'vitest';
import { createMemorySource } from '../../test/utils/memory-source.ts';
import { startTestGateway } from '../../test/utils/test-gateway.ts';

const source = createMemorySource({
  name: 'own',
  sdl: 'type Query { length(text: String!): Int }',
  unary: { 'Query.length': ({ text }: { text: string }) => text.length },
});
const gateway = await startTestGateway([source], {}, { limits: { bodyBytes: 4_000_000 } });
afterAll(() => gateway.close());

const MEGABYTE = 'x'.repeat(1_000_000);
const QUERY = 'query($text: String!) { length(text: $text) }';
const BOUNDARY = 'between-the-parts';
const multipart = [
  ['operations', JSON.stringify({ query: QUERY, variables: { text: MEGABYTE } })],
  ['map', '{}'],
].map(([name, text]) => `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`);

const BODIES: [string, string, string][] = [
  [
    'a form',
    'application/x-www-form-urlencoded; charset=utf-8',
    new URLSearchParams({ query: QUERY, variables: JSON.stringify({ text: MEGABYTE }) }).toString(),
  ],
  ['a document', 'Application/GraphQL', `{ length(text: "${MEGABYTE}") }`],
  ['parts', `multipart/form-data; boundary=${BOUNDARY}`, `${multipart.join('')}--${BOUNDARY}--\r\n`],
];

it.each(BODIES)('a megabyte as %s is not looked at byte by byte', async (_what, type, body) => {
  const keys = vi.spyOn(Object, 'keys');
  const entries = vi.spyOn(Object, 'entries');
  try {
    const { url } = gateway;
    const response = await fetch(url, { method: 'POST', headers: { ...gateway.headers, 'content-type': type }, body });
    expect([response.status, await response.json()]).toEqual([200, { data: { length: MEGABYTE.length } }]);
    const given = [...keys.mock.calls, ...entries.mock.calls].map(([value]) => value as unknown);
    const bytes = given.filter(
      (value) => ArrayBuffer.isView(value) || (typeof value === 'string' && value.length > 99),
    );
    expect(bytes).toHaveLength(0);
  } finally {
    keys.mockRestore();
    entries.mockRestore();
  }
});

it('a form says what of it is no JSON', async () => {
  const response = await fetch(gateway.url, {
    method: 'POST',
    headers: { ...gateway.headers, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ query: '{ __typename }', variables: '{' }).toString(),
  });
  expect([response.status, await response.json()]).toMatchObject([
    400,
    { errors: [{ message: 'The parameter "variables" is not valid JSON.', extensions: { code: 'BAD_REQUEST' } }] },
  ]);
});
