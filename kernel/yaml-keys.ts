import { type Document, isMap, isScalar, visit } from 'yaml';

export interface RepeatedKey {
  readonly name: string;
  /** Where it stands again in the text. */
  readonly offset: number;
}

/**
 * Keys that a map has twice, up to `most` of them. The parser holds each key against all others, which takes minutes for a
 * map of a hundred thousand: it is told `uniqueKeys: false`, and this is asked instead.
 */
export function repeatedKeys(document: Document, most: number): readonly RepeatedKey[] {
  const found: RepeatedKey[] = [];
  visit(document, {
    Map(_key, map) {
      if (!isMap(map)) return undefined;
      const names = new Set<string>();
      for (const { key } of map.items) {
        // Of merge keys there may be several; with the option `merge` they are symbols.
        if (!isScalar(key) || key.value === '<<' || typeof key.value === 'symbol') continue;
        const name = String(key.value);
        if (names.has(name)) found.push({ name, offset: key.range?.[0] ?? 0 });
        names.add(name);
        if (found.length >= most) return visit.BREAK;
      }
      return undefined;
    },
  });
  return found.sort((one, other) => one.offset - other.offset);
}
