/**
 * Plain data in pieces: what another thread sends is read at one go, and much of it would take long. Maps, lists, objects
 * and texts are cut wherever they are too heavy, and the pieces put together in the order they come. Class instances and
 * sets stay whole. What two places share, each has for itself, unless one piece has both.
 */
export interface Pieces {
  /** The value with all that is too heavy in it empty. */
  readonly rest: unknown;
  readonly pieces: readonly Piece[];
}

export interface Piece {
  /** Keys of maps, objects and lists down to what the piece is added to. */
  readonly path: readonly unknown[];
  /** Of a text its next characters, of a list its next values, of a map or object its next entries. */
  readonly added: string | readonly unknown[];
}

/** Characters, about: some milliseconds to read. */
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
    if (Array.isArray(part)) return { shell: [], fill: () => cutEntries(part.entries(), path, ([, item]) => item) };
    if (part instanceof Map) return { shell: new Map(), fill: () => cutEntries(part, path, (entry) => entry) };
    if (isPlain(part)) return { shell: {}, fill: () => cutEntries(Object.entries(part), path, (entry) => entry) };
    return { shell: part };
  };
  const cutText = (text: string, path: readonly unknown[]) => {
    for (let start = 0; start < text.length; start += maxWeight)
      pieces.push({ path, added: text.slice(start, start + maxWeight) });
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
export function addPiece(rest: unknown, { path, added }: Piece): unknown {
  if (typeof added === 'string' && path.length === 0) return `${rest as string}${added}`;
  const parents = typeof added === 'string' ? path.slice(0, -1) : path;
  let part = rest;
  for (const key of parents) part = part instanceof Map ? part.get(key) : (part as Fields)[key as string];
  if (typeof added === 'string') {
    const key = path.at(-1);
    if (part instanceof Map) part.set(key, `${part.get(key)}${added}`);
    else (part as Fields)[key as string] += added;
  } else if (Array.isArray(part)) part.push(...added);
  else {
    for (const [key, value] of added as [unknown, unknown][]) {
      if (part instanceof Map) part.set(key, value);
      else define(part as Fields, key as string, value);
    }
  }
  return rest;
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
    // A buffer itself is handed over, not copied.
    if (ArrayBuffer.isView(value)) weight += value.byteLength;
    else if (value instanceof Map) for (const [key, item] of value) weight += ENTRY_WEIGHT + weigh(key) + weigh(item);
    else if (value instanceof Set) for (const item of value) weight += ENTRY_WEIGHT + weigh(item);
    else if (Array.isArray(value)) for (const item of value) weight += LEAF_WEIGHT + weigh(item);
    else if (isPlain(value)) for (const key in value) weight += key.length + ENTRY_WEIGHT + weigh(value[key]);
    known.set(value, weight);
    return weight;
  };
  return weigh;
}
