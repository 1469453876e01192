import { describe, expect, test } from 'vitest';
import {
  camelCase,
  enumValueName,
  fieldName,
  isGraphqlName,
  NameRegistry,
  nameAll,
  typeName,
  withoutReadingWord,
} from './names.ts';

describe('names', () => {
  test.each([
    ['weight-kg', 'weightKg'],
    ['created_at', 'created_at'],
    ['X-Request-Id', 'xRequestId'],
    ['page[size]', 'pageSize'],
    ['2fa', '_2fa'],
    ['__typename', 'typename'],
    ['@id', 'id'],
    ['名前', 'field'],
    ['', 'field'],
  ])('the property %j is the field %s', (property, field) => {
    expect(fieldName(property)).toBe(field);
  });

  test.each([
    ['getProduct', 'getProduct'],
    ['list_products', 'listProducts'],
    ['LIST_PRODUCTS', 'listProducts'],
    ['products.list', 'productsList'],
    ['GetHTTPStatus', 'getHTTPStatus'],
    ['HTTPStatus', 'httpStatus'],
    ['SKU', 'sku'],
  ])('the operation %s is %s in camelCase', (operationId, name) => {
    expect(camelCase(operationId)).toBe(name);
  });

  test.each([
    ['getProduct', 'product'],
    ['listProducts', 'products'],
    ['findHTTPStatus', 'httpStatus'],
    ['fetch', 'fetch'],
    ['get2', 'get2'],
    ['getaway', 'getaway'],
    ['searchProducts', 'searchProducts'],
  ])('%s reads as %s without its reading word', (name, short) => {
    expect(withoutReadingWord(name)).toBe(short);
  });

  test.each([
    ['dark-red', 'DARK_RED'],
    ['inStock', 'IN_STOCK'],
    ['1', '_1'],
    ['+1', 'PLUS_1'],
    ['-1', 'MINUS_1'],
    ['true', 'TRUE'],
    ['', 'EMPTY'],
    ['§', 'VALUE'],
  ])('the enum value %j is %s', (value, name) => {
    expect(enumValueName(value)).toBe(name);
  });

  test.each([
    ['product', 'Product'],
    ['io.k8s.api.Pod', 'IoK8sApiPod'],
    ['my-thing', 'MyThing'],
    ['2D', '_2D'],
    ['__x', 'X'],
  ])('the schema %s is the type %s', (schema, name) => {
    expect(typeName(schema)).toBe(name);
  });

  test('whatever it was, the name is one GraphQL allows', () => {
    for (const name of ['', '-', '0', '__', 'é', '\u0000', '𝒳', 'a b', '{}']) {
      for (const make of [fieldName, camelCase, typeName, enumValueName]) expect(make(name)).toSatisfy(isGraphqlName);
    }
  });

  test('names that collide get numbers, and those that may stay as they are do', () => {
    expect(nameAll(['a-b', 'aB', 'a b'], fieldName)).toEqual(
      new Map([
        ['aB', 'aB'],
        ['a-b', 'aB2'],
        ['a b', 'aB3'],
      ]),
    );
  });

  test('a number that is taken is passed over', () => {
    const registry = new NameRegistry(['x', 'x2']);
    expect([registry.claim('x'), registry.claim('x'), registry.claim('y')]).toEqual(['x3', 'x4', 'y']);
  });
});
