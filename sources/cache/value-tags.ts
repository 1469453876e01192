import type { SourceModel } from '../source.ts';
import { type Invalidation, isIdValue } from './invalidation.ts';
import type { SdlTypes } from './sdl-types.ts';

/** Names under which an answer can be dropped, by what it holds. */
export type Tagger = (value: unknown) => readonly string[];

/** An answer of more objects says only that it may hold any. */
export const MOST_TAGS = 500;

interface TypePlan {
  readonly ids: readonly { readonly type: string; readonly field: string; read(object: object): unknown }[];
  readonly below: readonly { readonly type: string; read(object: object): unknown }[];
}

/** For sources that give whole objects, as their types have them. */
export function createValueTagger(
  field: string,
  model: SourceModel,
  types: SdlTypes,
  { types: droppable, ids, queries, names }: Invalidation,
): Tagger {
  const root = types.fieldType('Query', field) ?? '';
  const reached = [...types.reachable(root)];
  const always = droppable.filter((type) => reached.some((other) => types.overlap(other, type))).map(names.type);
  if (queries.has(field)) always.push(names.query(field));
  const reachedIds = ids.filter(({ type }) => reached.some((other) => types.overlap(other, type)));
  if (reachedIds.length === 0) return () => always;
  const any = reachedIds.map((id) => names.anyId(id.type, id.field));

  const readerOf = (type: string, name: string) => {
    const made = model.values?.get(`${type}.${name}`);
    const key = model.properties?.get(`${type}.${name}`) ?? name;
    return (object: object): unknown =>
      made === undefined ? (Object.hasOwn(object, key) ? Reflect.get(object, key) : undefined) : made(object);
  };
  const plans = new Map<string, TypePlan>();
  const planOf = (type: string): TypePlan => {
    let plan = plans.get(type);
    if (plan === undefined) {
      plan = {
        ids: reachedIds
          .filter((id) => types.overlap(id.type, type))
          .map((id) => ({ ...id, read: readerOf(type, id.field) })),
        below: [...types.fields(type)]
          .filter(([, inner]) => holdsIds(inner))
          .map(([name, inner]) => ({ type: inner, read: readerOf(type, name) })),
      };
      plans.set(type, plan);
    }
    return plan;
  };
  const holding = new Map<string, boolean>();
  const holdsIds = (type: string): boolean => {
    let holds = holding.get(type);
    if (holds === undefined) {
      const inside = [...types.reachable(type)];
      holds = reachedIds.some((id) => inside.some((other) => types.overlap(other, id.type)));
      holding.set(type, holds);
    }
    return holds;
  };
  const typesOf = (value: object, type: string): Iterable<string> => {
    const possible = types.possible(type);
    if (possible.has(type)) return [type];
    const told: unknown = model.typeOf?.get(type)?.(value) ?? Reflect.get(value, '__typename');
    return typeof told === 'string' && possible.has(told) ? [told] : possible;
  };

  return (value) => {
    if (value === null) return [...always, ...any];
    const tags = new Set(always);
    const waiting: [value: unknown, type: string][] = [[value, root]];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const [item, type] = next;
      if (typeof item !== 'object' || item === null) continue;
      if (Array.isArray(item)) {
        for (const inner of item) waiting.push([inner, type]);
        continue;
      }
      for (const own of typesOf(item, type)) {
        const plan = planOf(own);
        for (const id of plan.ids) {
          const found = id.read(item);
          tags.add(isIdValue(found) ? names.id(id.type, id.field, found) : names.anyId(id.type, id.field));
        }
        for (const { type: inner, read } of plan.below) waiting.push([read(item), inner]);
      }
      if (tags.size > MOST_TAGS) return [...always, ...any];
    }
    return [...tags];
  };
}
