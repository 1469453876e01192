import { createPattern } from '../operation-filter.ts';
import type { Arguments } from '../source.ts';
import type { InvalidateOptions } from './options.ts';
import type { SdlTypes } from './sdl-types.ts';

/** What mutations of a source can drop, and so what answers have to say of themselves. */
export interface Invalidation {
  /** Types whose answers can be dropped. */
  readonly types: readonly string[];
  /** Fields by whose value answers can be dropped, as `Product.sku`. */
  readonly ids: readonly { readonly type: string; readonly field: string }[];
  /** Queries that can be dropped by name. */
  readonly queries: ReadonlySet<string>;
  readonly names: TagNames;
  /** What a mutation drops; undefined for nothing. */
  dropsOf(mutation: string): Drops | undefined;
}

/** Tags of what a mutation changed, given what it was asked and has answered. */
export type Drops = (args: Arguments, result: unknown) => readonly string[];

/** Names under which answers are found again; those of the operator count for all sources. */
export interface TagNames {
  query(field: string): string;
  type(type: string): string;
  id(type: string, field: string, value: string | number | bigint | boolean): string;
  /** Of answers that may hold any object of the type, and do not tell which. */
  anyId(type: string, field: string): string;
  own(tag: string): string;
}

export function tagNames(source: string): TagNames {
  return {
    query: (field) => `${source}/q/${field}`,
    type: (type) => `${source}/t/${type}`,
    id: (type, field, value) => `${source}/i/${type}.${field}=${value}`,
    anyId: (type, field) => `${source}/i/${type}.${field}`,
    own: (tag) => `#${tag}`,
  };
}

export function createInvalidation(
  source: string,
  options: Readonly<Record<string, InvalidateOptions>>,
  types: SdlTypes,
): Invalidation {
  const names = tagNames(source);
  const rules = Object.entries(options).map(([pattern, rule]) => ({ fits: createPattern(pattern), rule }));
  const queries = new Set<string>();
  const ofPatterns = (patterns: readonly string[]) => {
    const fit = patterns.map(createPattern);
    return [...types.fields('Query').keys()].filter((field) => fit.some((fits) => fits(field)));
  };
  const droppable = new Set<string>();
  const ids = new Map<string, { readonly type: string; readonly field: string }>();
  for (const { rule } of rules) {
    for (const field of ofPatterns(rule.fields)) queries.add(field);
    for (const type of rule.types) droppable.add(type);
    for (const coordinate of Object.keys(rule.ids)) {
      const [type = '', field = ''] = coordinate.split('.');
      ids.set(coordinate, { type, field });
      // Where the mutation does not tell which, all of the type go.
      droppable.add(type);
    }
  }

  function compile(mutation: string): Drops | undefined {
    const own = rules.filter(({ fits }) => fits(mutation)).map(({ rule }) => rule);
    if (own.length === 0) return undefined;
    const always = own.flatMap((rule) => [
      ...ofPatterns(rule.fields).map(names.query),
      ...rule.types.map(names.type),
      ...rule.tags.map(names.own),
    ]);
    const readers = own.flatMap((rule) =>
      Object.entries(rule.ids).map(([coordinate, path]) => {
        const [type = '', field = ''] = coordinate.split('.');
        const [root, ...steps] = path.slice(1).split('.');
        return { type, field, isOfArgs: root === 'args', steps };
      }),
    );
    return (args, result) => {
      const tags = new Set(always);
      for (const { type, field, isOfArgs, steps } of readers) {
        const values = valuesAt(isOfArgs ? args : result, steps);
        if (values === undefined) tags.add(names.type(type));
        else for (const value of values) tags.add(names.id(type, field, value));
        tags.add(names.anyId(type, field));
      }
      return [...tags];
    };
  }
  const known = new Map<string, Drops | undefined>();
  return {
    types: [...droppable],
    ids: [...ids.values()],
    queries,
    names,
    dropsOf(mutation) {
      if (!known.has(mutation)) known.set(mutation, compile(mutation));
      return known.get(mutation);
    },
  };
}

const MOST_VALUES = 1_000;

/** The scalars at a path, through lists; undefined where there is none, or too many. */
function valuesAt(
  value: unknown,
  steps: readonly string[],
): readonly (string | number | bigint | boolean)[] | undefined {
  let values: unknown[] = [value];
  for (const step of steps) {
    values = values.flat().map((item) => (isObject(item) && Object.hasOwn(item, step) ? item[step] : undefined));
  }
  const found = values.flat();
  return found.length > 0 && found.length <= MOST_VALUES && found.every(isIdValue) ? found : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

export function isIdValue(value: unknown): value is string | number | bigint | boolean {
  return (
    typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
  );
}
