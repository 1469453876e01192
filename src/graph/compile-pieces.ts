/**
 * Plain data in pieces: what another process sends is read at one go, and much of it would take long. Maps, lists,
 * objects, texts and buffers are cut wherever they are too heavy, and the pieces put together in the order they come.
 * Class instances and sets stay whole. What two places share, each has for itself, unless one piece has both.
 */
export interface Pieces {
  /** The value with all that is too heavy in it empty. */
  readonly rest: unknown;
  readonly pieces: readonly Piece[];
}

export interface Piece {
  /** Keys of maps, objects and lists down to what the piece is added to. */
  readonly path: readonly unknown[];
  /** Of a text its next characters, of a buffer bytes, of a list its next values, of a map or object its next entries. */
  readonly added: string | Uint8Array<ArrayBuffer> | readonly unknown[];
  /** Where the bytes belong in a buffer, and how long it is. */
  readonly offset?: number;
  readonly byteLength?: number;
}

/** Characters or bytes, about: some milliseconds to read. */
const MAX_WEIGHT = 131_072;
/** Of what has no characters. */
const LEAF_WEIGHT = 8;
const ENTRY_WEIGHT = 24;

export function cutInPieces(value: unknown, maxWeight = MAX_WEIGHT): Pieces {
  const pieces: Piece[] = [];
  const weigh = createScales();
  /** What stands in several places is cut in the first of them only: else little data could make many pieces. */
  const isCut = new Set<unknown>();

  /** Gives what stands for the part at its place, and puts the rest of it into pieces. */
  const cut = (part: unknown, path: readonly unknown[]): Cut => {
    if (weigh(part) <= maxWeight) return { shell: part };
    if (typeof part === 'string') return { shell: '', fill: () => cutText(part, path) };
    if (isCut.has(part)) return { shell: part };
    isCut.add(part);
    if (part instanceof ArrayBuffer) return { shell: new ArrayBuffer(0), fill: () => cutBytes(part, path) };
    if (Array.isArray(part)) return { shell: [], fill: () => cutEntries(part.entries(), path, ([, item]) => item) };
    if (part instanceof Map) return { shell: new Map(), fill: () => cutEntries(part, path, (entry) => entry) };
    if (isPlain(part)) return { shell: {}, fill: () => cutEntries(Object.entries(part), path, (entry) => entry) };
    return { shell: part };
  };
  const cutText = (text: string, path: readonly unknown[]) => {
    for (let start = 0; start < text.length; start += maxWeight)
      pieces.push({ path, added: text.slice(start, start + maxWeight) });
  };
  const cutBytes = (buffer: ArrayBuffer, path: readonly unknown[]) => {
    const { byteLength } = buffer;
    for (let offset = 0; offset < byteLength; offset += maxWeight)
      pieces.push({ path, added: new Uint8Array(buffer).subarray(offset, offset + maxWeight), offset, byteLength });
  };
  const cutEntries = (
    entries: Iterable<[unknown, unknown]>,
    path: readonly unknown[],
    addedOf: (entry: [unknown, unknown]) => unknown,
  ) => {
    let added: unknown[] = [];
    let weight = 0;
    const fills: (() => void)[] = [];
    const flush = () => {
      if (added.length > 0) pieces.push({ path, added });
      for (const fill of fills.splice(0)) fill();
      added = [];
      weight = 0;
    };
    for (const [key, item] of entries) {
      const { shell, fill }: Cut = typeof key === 'object' ? { shell: item } : cut(item, [...path, key]);
      const own = ENTRY_WEIGHT + (fill === undefined ? weigh(item) : 0);
      if (weight + own > maxWeight) flush();
      weight += own;
      added.push(addedOf([key, shell]));
      if (fill !== undefined) fills.push(fill);
    }
    flush();
  };

  const { shell, fill } = cut(value, []);
  fill?.();
  return { rest: shell, pieces };
}

interface Cut {
  readonly shell: unknown;
  readonly fill?: () => void;
}

/** Puts a piece where it was cut from; gives the whole. */
export function addPiece(rest: unknown, piece: Piece): unknown {
  const { path, added } = piece;
  if (Array.isArray(added)) addEntries(partAt(rest, path), added);
  else if (path.length === 0) return joined(rest, piece);
  else {
    const parent = partAt(rest, path.slice(0, -1));
    const key = path.at(-1);
    if (parent instanceof Map) parent.set(key, joined(parent.get(key), piece));
    else (parent as Fields)[key as string] = joined((parent as Fields)[key as string], piece);
  }
  return rest;
}

function partAt(rest: unknown, path: readonly unknown[]): unknown {
  let part = rest;
  for (const key of path) part = part instanceof Map ? part.get(key) : (part as Fields)[key as string];
  return part;
}

/** A text or buffer with more of it. */
function joined(before: unknown, { added, offset = 0, byteLength = 0 }: Piece): unknown {
  if (typeof added === 'string') return `${before as string}${added}`;
  const buffer = offset === 0 ? new ArrayBuffer(byteLength) : (before as ArrayBuffer);
  new Uint8Array(buffer).set(added as Uint8Array, offset);
  return buffer;
}

function addEntries(part: unknown, added: readonly unknown[]): void {
  if (Array.isArray(part)) part.push(...added);
  else {
    for (const [key, value] of added as [unknown, unknown][]) {
      if (part instanceof Map) part.set(key, value);
      else define(part as Fields, key as string, value);
    }
  }
}

type Fields = Record<string, unknown>;

/** `__proto__` may be a key of a document. */
function define(fields: Fields, key: string, value: unknown): void {
  if (key !== '__proto__') fields[key] = value;
  else Object.defineProperty(fields, key, { value, enumerable: true, configurable: true, writable: true });
}

function isPlain(value: unknown): value is Fields {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Weighs values; an object is gone through once, however often it is asked for or stands somewhere. */
function createScales(): (value: unknown) => number {
  const known = new Map<object, number>();
  const weigh = (value: unknown): number => {
    if (typeof value === 'string') return value.length;
    if (typeof value !== 'object' || value === null) return LEAF_WEIGHT;
    const before = known.get(value);
    if (before !== undefined) return before;
    // What leads back to itself weighs nothing a second time.
    known.set(value, 0);
    let weight = ENTRY_WEIGHT;
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) weight += value.byteLength;
    else if (value instanceof Map) for (const [key, item] of value) weight += ENTRY_WEIGHT + weigh(key) + weigh(item);
    else if (value instanceof Set) for (const item of value) weight += ENTRY_WEIGHT + weigh(item);
    else if (Array.isArray(value)) for (const item of value) weight += LEAF_WEIGHT + weigh(item);
    else if (isPlain(value)) for (const key in value) weight += key.length + ENTRY_WEIGHT + weigh(value[key]);
    known.set(value, weight);
    return weight;
  };
  return weigh;
}
