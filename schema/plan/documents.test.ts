import { expect, it } from 'vitest';
import { createMemorySource } from '../../test/utils/memory-source.ts';
import { compose } from '../compose.ts';
import { createDirectGraph } from '../direct.ts';
import { createGraphContext } from '../request-context.ts';
import { createDocuments } from './documents.ts';

const source = createMemorySource({
  name: 'memory',
  sdl: 'type Query { a(text: String): String }',
  unary: { 'Query.a': ({ text }: { text: string }) => text },
});
const { composition } = compose({ sources: [source], links: {}, types: {}, isMissing: () => false });
if (composition === undefined) throw new Error('The source does not compose.');
const options = {
  direct: createDirectGraph(composition),
  stitched: () => {
    throw new Error('The stitched way is not asked for.');
  },
  rules: [],
  maxTokens: 2_000,
  cache: { maxDocuments: 10, maxCharacters: 2_000_000, maxCompiledFields: 10 },
};
const documents = createDocuments(options);

const spread = (times: number, length: number) =>
  `{ ${Array.from({ length: times }, () => '...f').join(' ')} } fragment f on Query { a(text: "${'k'.repeat(length)}") }`;

it('refuses a document whose fragments make a hundred times its text of it, each time', () => {
  for (let round = 0; round < 2; round += 1) {
    const [error] = documents.prepare(spread(100, 20_000)).errors ?? [];
    expect(error?.message).toBe('With its fragments spread out, the document has more than 1000000 characters.');
    expect(error?.extensions).toEqual({ code: 'OPERATION_TOO_COMPLEX' });
  }
  expect(documents.prepare(spread(10, 20_000)).errors).toBeUndefined();
});

it('takes a document as long as requests may be when it is no longer than it was sent', () => {
  expect(documents.prepare(`{ a(text: "${'k'.repeat(1_500_000)}") }`).errors).toBeUndefined();
});

it('reads all types in slices before a client asks for all, and only then', async () => {
  const types = Array.from({ length: 400 }, (_, i) => `type T${i} { a: T${(i + 1) % 400} b: Int }`).join('\n');
  const many = createMemorySource({
    name: 'many',
    sdl: `type Query { t: T0 } ${types}`,
    unary: { 'Query.t': () => null },
  });
  const made = compose({ sources: [many], links: {}, types: {}, isMissing: () => false }).composition;
  if (made === undefined) throw new Error('The source does not compose.');
  const direct = createDirectGraph(made);
  const isRead = (name: string) => Object.getOwnPropertyDescriptor(direct.schema.getTypeMap(), name)?.get === undefined;
  const large = createDocuments({ ...options, direct });
  const run = (text: string) => {
    const prepared = large.prepare(text);
    if (prepared.errors !== undefined) throw prepared.errors[0];
    return prepared.plan(undefined).execute(createGraphContext({} as never), {});
  };
  await run('{ t { b } }');
  expect(isRead('T399')).toBe(false);
  const asked = run('{ __schema { types { name fields { name } } } }');
  expect(asked).toBeInstanceOf(Promise);
  const { data } = await asked;
  expect((data as { __schema: { types: unknown[] } }).__schema.types.length).toBeGreaterThan(400);
  expect(isRead('T399')).toBe(true);
  expect(run('{ __schema { queryType { name } } }')).not.toBeInstanceOf(Promise);
});
