import { describe, expect, it } from 'vitest';
import { camelCase, nameTypes } from './type-names.ts';

describe('GraphQL names', () => {
  it('are short where they can be and as long as they must be', () => {
    const types = ['a.shop_v1.Item', 'a.shop_v1.Query', 'a.shop_v1.Alone', 'a.shop_v1.Alone.Item'];
    expect([...nameTypes(types).values()].sort()).toEqual(['Alone', 'AloneItem', 'ShopV1Item', 'ShopV1Query']);
    expect([...nameTypes(types, ['AloneInput'], 'Input').values()].sort()).toEqual([
      'AloneItemInput',
      'QueryInput',
      'ShopV1AloneInput',
      'ShopV1ItemInput',
    ]);
  });

  it('stay apart when the whole path is not enough', () => {
    const names = [...nameTypes(['Query', 'A.BC', 'AB.C', 'ABC', 'aB.C', 'a_B.C'], ['BC', 'C']).values()];
    expect(new Set(names).size).toBe(6);
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
