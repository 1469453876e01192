import { describe, expect, it } from 'vitest';
import { linkOptions } from '../schema/options.ts';
import { createMemorySource } from '../test/utils/memory-source.ts';
import { startTestGateway } from '../test/utils/test-gateway.ts';

const BIG = 99_999_999_999;

const shop = () =>
  createMemorySource({
    name: 'shop',
    sdl: `
      type Query { big: Int numbers: [Int!] thing: Thing words: [String] any: Any things: [Thing!] node: Node }
      interface Node { id: ID }
      type Thing implements Node { id: ID count: Int colour: Colour name: String! price: Float inner: Thing }
      type Part implements Node { id: ID price: Int }
      union Any = Thing | Part
      enum Colour { RED }
    `,
    unary: {
      'Query.big': () => BIG,
      'Query.numbers': () => [1, BIG],
      'Query.thing': () => ({ id: 'a', count: 'secret', colour: 'secret', name: null, price: 'secret', inner: {} }),
      'Query.things': () => [{ count: 1 }, { count: BIG }],
      'Query.words': () => 'secret',
      'Query.any': () => ({ __typename: 'Part', price: 'secret' }),
      'Query.node': () => ({ __typename: 'Part', id: { a: 'secret' } }),
    },
  });
const stock = (kind: 'grpc' | 'graphql') =>
  createMemorySource({
    name: 'stock',
    kind,
    sdl: 'type Query { stock(id: ID): Stock amount(id: ID): Int } type Stock { amount: Int }',
    unary: { 'Query.stock': () => ({ amount: BIG }), 'Query.amount': () => BIG },
  });

async function errorsOf(query: string, way: 'direct' | 'stitched', kind: 'grpc' | 'graphql' = 'grpc') {
  const args = { id: '$parent.id' };
  const links = {
    'Thing.stock': linkOptions.parse({ call: 'stock.stock', args }),
    'Thing.amount': linkOptions.parse({ call: 'stock.amount', args }),
    'Thing.picked': linkOptions.parse({ call: 'stock.stock', args, pick: 'amount' }),
  };
  const gateway = await startTestGateway([shop(), stock(kind)], links, { way });
  try {
    const { body } = await gateway.post({ query });
    expect(JSON.stringify(body)).not.toMatch(/secret|99999999999/);
    const { errors } = body as { errors: { message: string; extensions: { code: string; source?: string } }[] };
    return errors.map(({ message, extensions: { code, source } }) => [message, code, source]);
  } finally {
    await gateway.close();
  }
}

describe.each(['direct', 'stitched'] as const)('on the %s way, a value that does not fit its type', (way) => {
  it.each([
    ['{ t: thing { c: count } }', 'Thing.count', 'Int'],
    ['{ thing { ...T } } fragment T on Thing { colour }', 'Thing.colour', 'Colour'],
    ['{ thing { ... { price } } }', 'Thing.price', 'Float'],
    ['{ words }', 'Query.words', '[String]'],
    ['{ any { ... on Part { price } } }', 'Part.price', 'Int'],
    ['{ node { id } }', 'Node.id', 'ID'],
  ])('is told with source and field, not with itself: %s', async (query, field, type) => {
    const message = `Source "shop" gave a value of ${field} that does not fit its type, ${type}.`;
    expect(await errorsOf(query, way)).toEqual([[message, 'UPSTREAM_BAD_RESPONSE', 'shop']]);
  });

  it('is told with its source if it is a null', async () => {
    expect(await errorsOf('{ thing { name } }', way)).toEqual([
      ['Cannot return null for non-nullable field Thing.name.', 'UPSTREAM_BAD_RESPONSE', 'shop'],
    ]);
  });

  it('is told without a field where it could be one of several', async () => {
    const [error] = await errorsOf('{ any { ... on Thing { x: count } ... on Part { x: price } } }', way);
    expect(error?.[0]).toBe('The source gave an answer that cannot be used.');
  });

  it.each([
    ['{ big }', 'shop', 'Query.big', 'Int64'],
    ['{ numbers }', 'shop', 'Query.numbers', '[Int64!]'],
    ['{ things { count } }', 'shop', 'Thing.count', 'Int64'],
    ['{ thing { stock { amount } } }', 'stock', 'Stock.amount', 'Int64'],
    ['{ thing { amount } }', 'stock', 'Query.amount', 'Int64'],
  ])('is told with a way out if it is an integer of more than 32 bits: %s', async (query, source, field, type) => {
    const [error] = await errorsOf(query, way);
    expect(error?.[0]).toContain(
      `Integers beyond 32 bits are Int64: set transforms.fields.${field}.type to ${type} in the source.`,
    );
    expect(error?.[2]).toBe(source);
  });

  it('is told without that way out where there is no such transform', async () => {
    for (const [query, kind] of [
      ['{ thing { picked } }', 'grpc'],
      ['{ thing { stock { amount } } }', 'graphql'],
    ] as const) {
      const [error] = await errorsOf(query, way, kind);
      expect(error?.[0]).toMatch(/^Source "stock" gave a value of \w+\.\w+ that does not fit its type, Int\.$/);
    }
  });
});
