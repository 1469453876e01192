import { expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { repeatedKeys } from './yaml-keys.ts';

const keysIn = (text: string, most = 10) =>
  repeatedKeys(parseDocument(text, { uniqueKeys: false, stringKeys: true, merge: true }), most);

it('finds the keys that a map has twice, wherever that is', () => {
  expect(keysIn('a: 1\nb: { c: 1, d: 2, c: 3 }\na: 2\n')).toEqual([
    { name: 'c', offset: 22 },
    { name: 'a', offset: 29 },
  ]);
  expect(keysIn('a: { b: 1 }\nc: { b: 1 }\n1: x\n"1": y\n')).toEqual([{ name: '1', offset: 29 }]);
  expect(keysIn('a: &a { x: 1 }\nb: { <<: *a, <<: *a }\n')).toEqual([]);
});

it('finds no more than is asked for', () => {
  expect(keysIn('a: 1\n'.repeat(100), 3)).toHaveLength(3);
});
