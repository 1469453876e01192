import { expect, it } from 'vitest';
import { createMemorySource } from '../../test/utils/memory-source.ts';
import { compose } from '../compose.ts';
import { createDirectGraph } from '../direct.ts';
import { createDocuments } from './documents.ts';

const source = createMemorySource({
  name: 'memory',
  sdl: 'type Query { a(text: String): String }',
  unary: { 'Query.a': ({ text }: { text: string }) => text },
});
const { composition } = compose({ sources: [source], links: {}, types: {}, isMissing: () => false });
if (composition === undefined) throw new Error('The source does not compose.');
const documents = createDocuments({
  direct: createDirectGraph(composition),
  stitched: () => {
    throw new Error('The stitched way is not asked for.');
  },
  rules: [],
  maxTokens: 2_000,
  cache: { maxDocuments: 10, maxCharacters: 2_000_000, maxCompiledFields: 10 },
});

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
