import { GraphQLError, type ValidationRule } from 'graphql';
import { compileQuery } from 'graphql-jit';
import { afterEach, expect, test, vi } from 'vitest';
import { runSteps } from '../../kernel/steps.ts';
import { createCallContext } from '../../test/utils/call-context.ts';
import { createMemorySource } from '../../test/utils/memory-source.ts';
import { compose } from '../compose.ts';
import { createGeneration, createRegistry } from '../registry.ts';
import { createGraphContext } from '../request-context.ts';
import type { Documents } from './documents.ts';
import { warmUp } from './warm-up.ts';

vi.mock('graphql-jit', async (importActual) => {
  const actual = await importActual<typeof import('graphql-jit')>();
  return { ...actual, compileQuery: vi.fn(actual.compileQuery) };
});
afterEach(() => void vi.mocked(compileQuery).mockClear());

const BOUNDS = { maxDocuments: 10, maxMs: 10_000 };

function compositionOf(...fields: readonly string[]) {
  const source = createMemorySource({
    name: 'memory',
    sdl: `type Query { ${fields.map((name) => `${name}: String`).join(' ')} }`,
    unary: Object.fromEntries(fields.map((name) => [`Query.${name}`, () => name])),
  });
  const { composition } = compose({ sources: [source], links: {}, types: {}, isMissing: () => false });
  if (composition === undefined) throw new Error('The source does not compose.');
  return composition;
}

/** A generation, and the documents that were validated on it. */
function setUp(...fields: readonly string[]) {
  const validated: string[] = [];
  const rule: ValidationRule = (context) => {
    validated.push(context.getDocument().loc?.source.body ?? '');
    return {};
  };
  const generation = createGeneration(1, compositionOf(...fields), { rules: [rule], maxTokens: 1_000 });
  return { generation, documents: generation.documents, validated };
}

async function run(documents: Documents, text: string, name?: string) {
  const prepared = documents.prepare(text);
  if (prepared.errors !== undefined) throw prepared.errors[0];
  return prepared.plan(name).execute(createGraphContext(createCallContext().context), {});
}

async function runTwice(documents: Documents, text: string, name?: string) {
  await run(documents, text, name);
  return run(documents, text, name);
}

test('documents that were asked for again are prepared and compiled before anybody asks', async () => {
  const [before, after] = [setUp('a', 'b'), setUp('a', 'b', 'c')];
  await runTwice(before.documents, '{ a }');
  await runTwice(before.documents, 'query A { a } query B { b }', 'B');
  await run(before.documents, '{ b }');
  expect(compileQuery).toHaveBeenCalledTimes(2);
  runSteps(warmUp(after.documents, before.documents, BOUNDS));
  expect(after.validated).toEqual(['query A { a } query B { b }', '{ a }']);
  expect(compileQuery).toHaveBeenCalledTimes(4);

  expect(await run(after.documents, '{ a }')).toEqual({ data: { a: 'a' } });
  expect(await run(after.documents, 'query A { a } query B { b }', 'B')).toEqual({ data: { b: 'b' } });
  expect(after.validated).toHaveLength(2);
  expect(compileQuery).toHaveBeenCalledTimes(4);
});

test('what is not valid any more is told when it is asked for', async () => {
  const [before, after] = [setUp('a', 'b'), setUp('b')];
  await runTwice(before.documents, '{ b }');
  await runTwice(before.documents, '{ a }');
  runSteps(warmUp(after.documents, before.documents, BOUNDS));
  await expect(run(after.documents, '{ a }')).rejects.toThrow('Cannot query field "a"');
  expect(after.validated).toHaveLength(2);
});

test('what fails while it is prepared keeps nothing else from it', async () => {
  const before = setUp('a', 'b');
  await runTwice(before.documents, '{ a }');
  await runTwice(before.documents, '{ b }');
  const prepared: string[] = [];
  const documents: Documents = {
    prepare(text) {
      prepared.push(text);
      throw new GraphQLError('It cannot be prepared.');
    },
    repeated: () => [],
  };
  runSteps(warmUp(documents, before.documents, BOUNDS));
  expect(prepared).toEqual(['{ b }', '{ a }']);
});

test('only so many are prepared, the latest first, and only for so long', async () => {
  const before = setUp('a', 'b');
  for (const text of ['{ a }', '{ b }', '{ a b }']) await runTwice(before.documents, text);
  const few = setUp('a', 'b');
  runSteps(warmUp(few.documents, before.documents, { maxDocuments: 2, maxMs: 10_000 }));
  expect(few.validated).toEqual(['{ a b }', '{ b }']);
  const none = setUp('a', 'b');
  runSteps(warmUp(none.documents, before.documents, { maxDocuments: 10, maxMs: -1 }));
  expect(none.validated).toEqual([]);
});

test('conditions of a document are compiled when their values are known', async () => {
  const [before, after] = [setUp('a', 'b'), setUp('a', 'b')];
  const text = 'query ($x: Boolean = true) { a b @include(if: $x) }';
  await runTwice(before.documents, text);
  vi.mocked(compileQuery).mockClear();
  runSteps(warmUp(after.documents, before.documents, BOUNDS));
  expect(after.validated).toEqual([text]);
  expect(compileQuery).not.toHaveBeenCalled();
  expect(await runTwice(after.documents, text)).toEqual({ data: { a: 'a', b: 'b' } });
});

test('a registry swaps a generation in when it is warm', async () => {
  const validated: string[] = [];
  const rule: ValidationRule = (context) => {
    validated.push(context.getDocument().loc?.source.body ?? '');
    return {};
  };
  const registry = createRegistry({ rules: [rule], maxTokens: 1_000 });
  const first = await registry.publishInSlices(compositionOf('a'), () => true);
  if (first === undefined) throw new Error('It is not there.');
  await runTwice(first.documents, '{ a }');
  const second = await registry.publishInSlices(compositionOf('a', 'b'), () => true);
  if (second === undefined) throw new Error('It is not there.');
  expect(validated).toEqual(['{ a }', '{ a }']);
  expect(await run(second.documents, '{ a }')).toEqual({ data: { a: 'a' } });
  expect(validated).toHaveLength(2);
});
