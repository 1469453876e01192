import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { camelCase, nameTypes } from './type-names.ts';

function typesOf(text: string, ...names: string[]): protobuf.Type[] {
  const { root } = protobuf.parse(text);
  return names.map((name) => root.lookupType(name));
}

describe('GraphQL names', () => {
  it('are short where they can be and as long as they must be', () => {
    const text = 'package a.shop_v1; message Item {} message Query {} message Alone { message Item {} }';
    const types = typesOf(text, 'a.shop_v1.Item', 'a.shop_v1.Query', 'a.shop_v1.Alone', 'a.shop_v1.Alone.Item');
    expect([...nameTypes(types).values()].sort()).toEqual(['Alone', 'AloneItem', 'ShopV1Item', 'ShopV1Query']);
    expect([...nameTypes(types, ['AloneInput'], 'Input').values()].sort()).toEqual([
      'AloneItemInput',
      'QueryInput',
      'ShopV1AloneInput',
      'ShopV1ItemInput',
    ]);
  });

  it('stay apart when the whole path is not enough', () => {
    const types = typesOf(
      'message Query {} message A { message BC {} } message AB { message C {} } message ABC {}',
      'Query',
      'A.BC',
      'AB.C',
      'ABC',
    );
    const names = [...nameTypes(types, ['BC', 'C']).values()];
    expect(new Set(names).size).toBe(4);
    expect(names).toContain('Query_');
  });

  it.each([
    ['GetStock', 'getStock'],
    ['get_stock', 'getStock'],
    ['HTTPCheck', 'httpCheck'],
    ['SQL', 'sql'],
    ['__typename', '_typename'],
  ])('write %s as %s', (name, expected) => expect(camelCase(name)).toBe(expected));
});
