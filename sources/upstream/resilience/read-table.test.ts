import { expect, test } from 'vitest';
import { ReadTable, type TableEntry } from './read-table.ts';

class Entry implements TableEntry {
  readonly key: string;
  next: this | undefined;
  constructor(key: string) {
    this.key = key;
  }
}

test('entries are found by their keys until they are removed, however many share a bucket', () => {
  const table = new ReadTable<Entry>();
  const entries = Array.from({ length: 5_000 }, (_, index) => new Entry(`GET /products/${index}`));
  for (const entry of entries) table.add(entry);
  expect(table.size).toBe(5_000);
  for (const entry of entries) expect(table.get(entry.key)).toBe(entry);
  const odd = entries.filter((_, index) => index % 2 === 1);
  for (const entry of odd) table.remove(entry);
  expect(table.size).toBe(2_500);
  for (const [index, entry] of entries.entries()) {
    expect(table.get(entry.key)).toBe(index % 2 === 1 ? undefined : entry);
  }
});

test('removing what was cleared away leaves what has come in its place', () => {
  const table = new ReadTable<Entry>();
  const [old, young] = [new Entry('key'), new Entry('key')];
  table.add(old);
  table.clear();
  expect([table.size, table.get('key')]).toEqual([0, undefined]);
  table.add(young);
  table.remove(old);
  expect(table.get('key')).toBe(young);
  expect(table.size).toBe(1);
});

test('keys that differ only before their ends are told apart', () => {
  const table = new ReadTable<Entry>();
  const end = 'x'.repeat(500);
  const [one, other] = [new Entry(`1${end}`), new Entry(`2${end}`)];
  table.add(one);
  table.add(other);
  expect([table.get(one.key), table.get(other.key), table.get(`3${end}`)]).toEqual([one, other, undefined]);
});
