/**
 * Plain data in pieces: what another thread sends is read at one go, and long maps and lists would take long. Only those
 * that stand in objects are cut, so that what is within an entry stays one.
 */
export interface Pieces {
  /** The value with its long maps and lists empty. */
  readonly rest: unknown;
  readonly pieces: readonly Piece[];
}

export interface Piece {
  /** Names of the objects' members down to the map or list. */
  readonly path: readonly string[];
  readonly entries: readonly unknown[];
}

const MAX_ENTRIES = 100;

export function cutInPieces(value: unknown): Pieces {
  const pieces: Piece[] = [];
  const cut = (part: unknown, path: readonly string[]): unknown => {
    const isMap = part instanceof Map;
    if (isMap || Array.isArray(part)) {
      if ((isMap ? part.size : part.length) <= MAX_ENTRIES) return part;
      const entries = [...part];
      for (let start = 0; start < entries.length; start += MAX_ENTRIES)
        pieces.push({ path, entries: entries.slice(start, start + MAX_ENTRIES) });
      return isMap ? new Map() : [];
    }
    if (typeof part !== 'object' || part === null || Object.getPrototypeOf(part) !== Object.prototype) return part;
    return Object.fromEntries(Object.entries(part).map(([name, member]) => [name, cut(member, [...path, name])]));
  };
  return { rest: cut(value, []), pieces };
}

/** Puts a piece into the rest that it was cut from. */
export function addPiece(rest: unknown, { path, entries }: Piece): void {
  let part = rest;
  for (const name of path) part = (part as Readonly<Record<string, unknown>>)[name];
  if (part instanceof Map) for (const [key, value] of entries as [unknown, unknown][]) part.set(key, value);
  else (part as unknown[]).push(...entries);
}
