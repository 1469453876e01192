import { expect, test } from 'vitest';
import { ChunkList } from './chunk-list.ts';

test('the bytes of all chunks are kept in their order, however many there are', () => {
  const list = new ChunkList();
  const all = Array.from({ length: 10_000 }, (_, index) => Buffer.from(`${index},`));
  for (const chunk of all) list.push(chunk);
  expect(list.whole().equals(Buffer.concat(all))).toBe(true);
  expect(list.bytes).toBe(Buffer.concat(all).length);
});

test('a single chunk is not copied', () => {
  const list = new ChunkList();
  const chunk = Buffer.from('{"sku":"a"}');
  list.push(chunk);
  expect(list.whole()).toBe(chunk);
  list.clear();
  expect(list.bytes).toBe(0);
  expect(list.whole()).toHaveLength(0);
});

test('chunks of one byte do not take a hundred times their room', () => {
  const list = new ChunkList();
  const byte = Buffer.from('a');
  const before = process.memoryUsage().heapUsed;
  for (let count = 0; count < 1_000_000; count += 1) list.push(byte.subarray());
  expect(list.whole()).toHaveLength(1_000_000);
  // Kept as they came, they take more than 90 MB.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(50_000_000);
});
