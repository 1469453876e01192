import { describe, expect, it } from 'vitest';
import { CancellationSource } from '../../kernel/cancellation.ts';
import { silentLog } from '../../kernel/ports.ts';
import { NO_CLIENT } from '../../sources/call-context.ts';
import { createMemorySource } from '../../test/utils/memory-source.ts';
import { compose } from '../compose.ts';
import { createGeneration } from '../registry.ts';
import { createGraphContext } from '../request-context.ts';
import { createCompiledCache } from './compiled-cache.ts';

const source = createMemorySource({
  name: 'echo',
  sdl: `
    scalar JSON
    type Query { n(n: Int!): String i(i: In): String j(j: JSON): String p: Thing k(i: Int): String m(m: Many): String o(o: Outer): String }
    input In { a: Int! = 5 in: Inner list: [Int!] }
    input Many { list: [Int!] }
    input Outer { in: Inner list: [Inner!] }
    input Inner { x: Int = 9 y: Int }
    type Thing { id: ID name: String }
  `,
  unary: {
    'Query.n': (args) => JSON.stringify(args),
    'Query.i': (args) => JSON.stringify(args),
    'Query.j': (args) => JSON.stringify(args),
    'Query.k': (args) => JSON.stringify(args),
    'Query.m': (args) => JSON.stringify(args),
    'Query.o': (args) => JSON.stringify(args),
    'Query.p': () => ({ id: '1', name: 'x' }),
  },
});
const { composition } = compose({ sources: [source], links: {}, isMissing: () => false });
if (composition === undefined) throw new Error('does not compose');
const generation = createGeneration(1, composition, { rules: [], maxTokens: 1_000 });

async function run(text: string, variables: object) {
  const prepared = generation.documents.prepare(text);
  if (prepared.errors !== undefined) throw new Error(String(prepared.errors));
  const call = {
    ...NO_CLIENT,
    cancellation: new CancellationSource(),
    deadlineAt: Infinity,
    requestId: 'test',
    log: silentLog,
  };
  const { data, errors } = await prepared.plan(undefined).execute(createGraphContext(call), variables as never);
  return JSON.parse(JSON.stringify({ data, errors: errors?.map(({ message, path }) => [message, path]) })) as unknown;
}

describe('a document that is seen again', () => {
  it.each([
    ['query($n: Int! = 3) { n(n: $n) }', {}],
    ['query($n: Int = 3) { n(n: $n) }', {}],
    ['query($a: Boolean! = true) { p { id name @skip(if: $a) } }', {}],
    ['query($i: In) { i(i: $i) }', { i: {} }],
    ['query($i: In) { i(i: $i) }', { i: { a: 'x' } }],
    ['query($x: Int) { i(i: { a: 1, in: { x: $x } }) }', {}],
    ['query($y: Int) { i(i: { a: 1, in: { y: $y } }) }', {}],
    ['query($e: Int!) { i(i: { a: 1, list: [1, $e] }) }', { e: 2 }],
    ['query($j: JSON) { j(j: { a: $j, b: [$j] }) }', { j: 2 }],
    ['query($j: JSON) { j(j: [$j]) }', { j: 2 }],
    ['query($constructor: Int) { k(i: $constructor) }', {}],
    ['query($toString: Int) { k(i: $toString) }', { toString: 1 }],
    ['query($m: Many) { m(m: $m) }', { m: [] }],
    ['query($o: Outer) { o(o: $o) }', { o: { in: [], list: { x: 1 } } }],
    ['query($o: Outer!) { o(o: $o) }', { o: { list: [{ x: 1 }, []] } }],
    ['query($n: Int!) { n(n: $n) }', { n: 'x' }],
    ['query($n: Int!) { n(n: $n) }', {}],
  ])('means the same: %s with %j', async (text, variables) => {
    const first = await run(text, variables);
    expect(await run(text, variables)).toEqual(first);
    expect(await run(text, variables)).toEqual(first);
  });
});

it('gives up a list of many values after some mistakes', async () => {
  const read = new Set<unknown>();
  const list = new Proxy(Array(5_000).fill('x'), {
    get(items, key, holder) {
      if (typeof key === 'string' && /^\d+$/.test(key)) read.add(key);
      return Reflect.get(items, key, holder) as unknown;
    },
  });
  const text = 'query($m: Many) { m(m: $m) }';
  for (const value of [1, 2, 3]) await run(text, { m: { list: [value] } });
  const { errors } = (await run(text, { m: { list } })) as { errors: unknown[] };
  expect(errors).toHaveLength(51);
  expect(read.size).toBeLessThan(100);
});

it('compiled versions are bounded by their fields, the least used goes first', () => {
  const evicted: string[] = [];
  const cache = createCompiledCache(100);
  const [a, b, c, huge] = [{}, {}, {}, {}];
  cache.touch(a, 40, () => evicted.push('a'));
  cache.touch(b, 40, () => evicted.push('b'));
  cache.touch(a, 40, () => evicted.push('a again'));
  cache.touch(c, 40, () => evicted.push('c'));
  expect(evicted).toEqual(['b']);
  cache.touch(huge, 5_000, () => evicted.push('huge'));
  expect(evicted).toEqual(['b', 'a', 'c']);
});
