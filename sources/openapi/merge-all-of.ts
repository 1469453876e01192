import { isJsonObject, type JsonObject, textMember, UnusableError } from './json-object.ts';
import { annotate, MAP, MORE, readTypes } from './plain-schema.ts';
import { ANY, type Schema, type SchemaKind, type Variant } from './schema.ts';

type Read = (raw: unknown) => Schema;

interface Part {
  readonly raw: unknown;
  readonly schema: Schema;
}

/** Documents repeat a large base in many types: all of their properties together are bounded. */
const MAX_MERGED_PROPERTIES = 400_000;
const PRECEDENCE: readonly SchemaKind[] = ['enum', 'int64', 'integer', 'number', 'string', 'boolean'];

/** Makes one schema of parts that all hold: several objects become one, around one type they only add words. */
export function createMerger(read: Read): (raw: JsonObject, parts: readonly unknown[]) => Schema {
  const pairs = new Map<object, Map<object, JsonObject>>();
  let mergedProperties = 0;

  function merge(raw: JsonObject, rawParts: readonly unknown[]): Schema {
    const parts = rawParts.map((part): Part => ({ raw: part, schema: read(part) }));
    const shaped = parts.filter(({ schema }) => schema.kind !== 'json');
    const losses = [...new Set(parts.flatMap(({ schema }) => schema.losses))];
    const [first] = shaped;
    if (first === undefined) {
      const lossy = parts.find(({ schema }) => schema.losses.length > 0) ?? parts[0];
      return annotate({ ...(lossy?.schema ?? ANY), losses }, raw);
    }
    const nullable =
      shaped.every(({ schema }) => schema.nullable) ||
      parts.some(({ raw: own, schema }) => schema.kind === 'json' && readTypes(own).nullable);
    const merged = mergeShaped(raw, parts, shaped, losses);
    const required = new Set(parts.flatMap(({ schema }) => [...schema.required]));
    const asObject = shaped.length < parts.length ? losses.map((loss) => (loss === MAP ? MORE : loss)) : losses;
    return annotate(
      {
        ...merged,
        nullable: nullable || (merged.kind === 'json' && merged.nullable),
        required,
        losses: merged.kind === 'object' ? asObject : merged.losses,
      },
      raw,
    );
  }

  function mergeShaped(raw: JsonObject, parts: readonly Part[], shaped: readonly Part[], losses: string[]): Schema {
    const kinds = new Set(shaped.map(({ schema }) => schema.kind));
    const base: Schema = {
      ...ANY,
      node: raw,
      nullable: false,
      typeDescription: textMember(raw, 'description'),
      losses,
    };
    const { schema: first } = shaped[0] as Part;
    if (kinds.has('object') || kinds.has('union')) {
      if ([...kinds].some((kind) => kind !== 'object' && kind !== 'union')) return contradiction(base, kinds);
      const unions = shaped.filter(({ schema }) => schema.kind === 'union');
      const objects = shaped.filter(({ schema }) => schema.kind === 'object');
      if (unions.length > 1) {
        return { ...base, losses: [...losses, 'several choices at once (oneOf, anyOf) are not told apart'] };
      }
      const [union] = unions;
      if (union !== undefined) return distribute(base, union, objects);
      const added = parts.some(({ schema }) => [...schema.required].some((name) => !first.required.has(name)));
      if (objects.length === 1 && !added) return first;
      return { ...base, kind: 'object', properties: mergeProperties(objects) };
    }
    if (shaped.length === 1) return first;
    return mergeScalars(base, shaped, kinds);
  }

  /** Every variant of the choice, with what holds for all of them. */
  function distribute(base: Schema, union: Part, objects: readonly Part[]): Schema {
    if (objects.length === 0) return union.schema;
    const shared = objects.map(({ raw }) => raw);
    const variants = union.schema.variants.map((variant): Variant => {
      const raw = { allOf: [...shared, variant.raw] };
      const { component, title } = variant.schema;
      return { raw, schema: { ...read(raw), title: title ?? component }, conditions: variant.conditions };
    });
    return { ...base, kind: 'union', variants };
  }

  function mergeProperties(objects: readonly Part[]): Map<string, unknown> {
    const merged = new Map<string, unknown>();
    for (const { schema } of objects) {
      mergedProperties += schema.properties.size;
      if (mergedProperties > MAX_MERGED_PROPERTIES) {
        throw new UnusableError(`the document merges more than ${MAX_MERGED_PROPERTIES} properties by allOf`);
      }
      for (const [name, own] of schema.properties) {
        const other = merged.get(name);
        merged.set(name, other === undefined ? own : both(other, own));
      }
    }
    return merged;
  }

  /** A property that several parts have keeps to all of them. The same pair is the same schema. */
  function both(one: unknown, other: unknown): unknown {
    if (!isJsonObject(one) || !isJsonObject(other) || one === other) return other;
    const reference = textMember(one, '$ref');
    if (reference !== undefined && reference === textMember(other, '$ref')) return other;
    const [a, b] = [nodeOf(one), nodeOf(other)];
    const known = pairs.get(a)?.get(b);
    if (known !== undefined) return known;
    const pair = { allOf: [one, other] };
    const ofOne = pairs.get(a) ?? new Map<object, JsonObject>();
    pairs.set(a, ofOne.set(b, pair));
    return pair;
  }

  function nodeOf(raw: JsonObject): object {
    if (textMember(raw, '$ref') === undefined) return raw;
    try {
      return read(raw).node;
    } catch {
      return raw;
    }
  }

  return merge;
}

/** Parts that narrow a type: the narrowest is the type. */
function mergeScalars(base: Schema, shaped: readonly Part[], kinds: ReadonlySet<SchemaKind>): Schema {
  if (kinds.has('array')) {
    if (kinds.size > 1) return contradiction(base, kinds);
    const items = shaped.map(({ schema }) => schema.items).filter((item) => item !== undefined);
    return { ...base, kind: 'array', items: items.length > 1 ? { allOf: items } : items[0] };
  }
  const texts = ['enum', 'string'].filter((kind) => kinds.has(kind as SchemaKind));
  const numbers = ['int64', 'integer', 'number'].filter((kind) => kinds.has(kind as SchemaKind));
  if (texts.length !== kinds.size && numbers.length !== kinds.size && kinds.size > 1) return contradiction(base, kinds);
  const kind = PRECEDENCE.find((candidate) => kinds.has(candidate)) ?? 'json';
  const fitting = shaped.filter(({ schema }) => schema.kind === kind).map(({ schema }) => schema);
  const narrowest = fitting.reduce((least, next) => (next.values.length < least.values.length ? next : least));
  return { ...narrowest, losses: base.losses };
}

function contradiction(base: Schema, kinds: ReadonlySet<SchemaKind>): Schema {
  return {
    ...base,
    nullable: true,
    losses: [...base.losses, `its parts (allOf: ${[...kinds].join(', ')}) contradict each other`],
  };
}
