import { describe, expect, it } from 'vitest';
import { addPiece, cutInPieces } from './compile-pieces.ts';

const MAX = 1_000;

/** As another process gets it, with how much is in the largest message. */
function send(value: unknown): { received: unknown; messages: number; largest: number } {
  const { rest, pieces } = cutInPieces(value, MAX);
  const sizes = [rest, ...pieces].map((message) => JSON.stringify(plain(message))?.length ?? 0);
  const received = pieces.reduce<unknown>(
    (whole, piece) => addPiece(whole, structuredClone(piece)),
    structuredClone(rest),
  );
  return { received, messages: sizes.length, largest: Math.max(...sizes) };
}

function plain(value: unknown): unknown {
  if (value instanceof Map) return [...value].map(plain);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null || value instanceof Set) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

const many = Array.from({ length: 250 }, (_, i) => i);

describe('plain data in pieces', () => {
  it('is the same when it is put together', () => {
    const value = {
      sdl: 'text \u2019 '.repeat(900),
      plans: new Map(many.map((i) => [`p${i}`, { i, list: many.slice(0, i % 9), text: 'x'.repeat(i * 9) }])),
      deep: { types: new Map(many.map((i) => [i, new Map([[i, new Set([i])]])])), names: many, few: [1, 2] },
      lists: [many, [many, ['y'.repeat(3_000), null, undefined]], []],
      byName: Object.fromEntries(many.map((i) => [`name${i}`, i % 2 ? undefined : String(i)])),
      nothing: undefined,
    };
    const { received, messages, largest } = send(value);
    expect(received).toEqual(value);
    expect(Object.keys(received as object)).toEqual(Object.keys(value));
    expect(messages).toBeGreaterThan(50);
    expect(largest).toBeLessThan(2 * MAX);
  });

  it('is one message where there is little', () => {
    expect(cutInPieces({ a: [1, 'two'] }, MAX)).toEqual({ rest: { a: [1, 'two'] }, pieces: [] });
  });

  it.each([
    ['a text', 'x'.repeat(2_500)],
    ['a buffer', new Uint8Array(2_500).map((_, i) => i).buffer],
    ['a list', many],
    ['a map', new Map(many.map((i) => [String(i), 'x']))],
    ['an object with names that objects have', JSON.parse(`{"__proto__":"${'x'.repeat(2_500)}","constructor":[]}`)],
  ])('may be %s', (_name, value) => {
    const { received, messages } = send(value);
    expect(received).toEqual(value);
    expect(Object.keys(received as object)).toEqual(Object.keys(value as object));
    expect(messages).toBeGreaterThan(2);
  });

  it('stays whole where it cannot be cut', () => {
    const key = { of: 'an object' };
    const value = { map: new Map<unknown, unknown>([[key, many]]), set: new Set(many), bytes: new Uint8Array(5_000) };
    expect(send(value).received).toEqual(value);
  });

  it('does not become more by what stands in several places, or leads back to itself', () => {
    let shared: unknown = ['x'.repeat(900)];
    for (let level = 0; level < 40; level += 1) shared = [shared, shared];
    expect(cutInPieces(shared, MAX).pieces.length).toBeLessThan(200);
    const circle: Record<string, unknown> = { text: 'x'.repeat(2_000) };
    circle.self = circle;
    const { rest, pieces } = cutInPieces(circle, MAX);
    const received = pieces.reduce<unknown>((whole, piece) => addPiece(whole, structuredClone(piece)), rest);
    expect(received).toMatchObject({ text: circle.text, self: { text: circle.text } });
  });
});
