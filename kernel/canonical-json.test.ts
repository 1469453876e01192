import { expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';

it('canonical JSON sorts keys by their code units at every depth, and leaves out what is absent', () => {
  const value = { b: [{ z: 1, a: undefined, y: null }], a: 'ü"', Z: 1e21, ä: -0 };
  expect(canonicalJson(value)).toBe('{"Z":1e+21,"a":"ü\\"","b":[{"y":null,"z":1}],"ä":0}');
});
