import { type GraphQLSchema, isInputObjectType, isInterfaceType, isObjectType, type TypeNode } from 'graphql';
import type { Problem } from '../../kernel/problem.ts';
import type { Steps } from '../../kernel/steps.ts';
import { didYouMean } from '../../kernel/suggest.ts';
import { createPattern } from '../../sources/operation-filter.ts';
import { ROOT_TYPES } from '../ownership.ts';
import type { FieldTransform, TransformOptions, TypeTransform } from './options.ts';

export type Report = (problem: Problem) => void;

/** What is configured for one type or field, from all keys that mean it. */
export interface Chosen<T> {
  readonly transform: T;
  /** Where that stands, below the source. */
  readonly path: readonly string[];
}

/** Transforms by what they are for, in the source's own names. */
export interface Choices {
  readonly prefix: { readonly types: string | undefined; readonly fields: string | undefined };
  readonly types: ReadonlyMap<string, Chosen<TypeTransform>>;
  /** By `Type.field`; those of fields that the source does not have, and an expression makes, among them. */
  readonly fields: ReadonlyMap<string, Chosen<FieldTransform>>;
  /** Coordinates of the latter. */
  readonly added: ReadonlySet<string>;
}

export function isRootType(name: string): boolean {
  return (ROOT_TYPES as readonly string[]).includes(name);
}

/** Finds what the keys of the options mean. Exact ones win over patterns, later ones over earlier ones. */
export function* chooseTransforms(options: TransformOptions, schema: GraphQLSchema, report: Report): Steps<Choices> {
  const typeNames: string[] = [];
  const coordinates = new Set<string>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__')) continue;
    typeNames.push(type.name);
    if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) continue;
    for (const field of Object.keys(type.getFields())) coordinates.add(`${type.name}.${field}`);
    yield;
  }
  const added = new Set<string>();
  for (const [key, { type, response }] of Object.entries(options.fields)) {
    const owner = schema.getType(key.split('.')[0] ?? '');
    if (coordinates.has(key) || !/^[A-Za-z_]\w*\.(?!__)[A-Za-z_]\w*$/.test(key) || !isObjectType(owner)) continue;
    if (type !== undefined && response !== undefined && !isRootType(owner.name)) added.add(key);
  }
  return {
    prefix:
      typeof options.prefix === 'string'
        ? { types: options.prefix, fields: options.prefix }
        : { types: options.prefix?.types, fields: options.prefix?.fields },
    types: yield* choose(
      options.types,
      typeNames,
      (a, b) => ({ ...a, ...b, values: { ...a.values, ...b.values } }),
      (key) =>
        report({
          path: ['transforms', 'types', key],
          message: `The source has no type "${key}".${hint(key, typeNames)}`,
        }),
      'types',
    ),
    fields: yield* choose(
      options.fields,
      [...coordinates, ...added],
      (a, b) => ({ ...a, ...b, arguments: { ...a.arguments, ...b.arguments } }),
      (key) =>
        report({
          path: ['transforms', 'fields', key],
          message: `The source has no field "${key}".${hint(key, coordinates)}`,
          suggestion: 'A key is Type.field, in the names of the source. A new field needs a type and a response.',
        }),
      'fields',
    ),
    added,
  };
}

function hint(key: string, names: Iterable<string>): string {
  return key.includes('*') ? '' : didYouMean(key, names);
}

function* choose<T>(
  options: Readonly<Record<string, T>>,
  names: readonly string[],
  merge: (a: T, b: T) => T,
  unknown: (key: string) => void,
  section: string,
): Steps<ReadonlyMap<string, Chosen<T>>> {
  const known = new Set(names);
  const chosen = new Map<string, Chosen<T>>();
  const take = (name: string, key: string, transform: T) => {
    const before = chosen.get(name);
    const path = ['transforms', section, key];
    chosen.set(name, { transform: before === undefined ? transform : merge(before.transform, transform), path });
  };
  const entries = Object.entries(options);
  for (const [key, transform] of entries.filter(([key]) => key.includes('*'))) {
    const fits = createPattern(key);
    const meant: string[] = [];
    for (const [index, name] of names.entries()) {
      if (fits(name)) meant.push(name);
      if (index % 1_000 === 999) yield;
    }
    if (meant.length === 0) unknown(key);
    for (const name of meant) take(name, key, transform);
  }
  for (const [key, transform] of entries.filter(([key]) => !key.includes('*'))) {
    if (known.has(key)) take(key, key, transform);
    else unknown(key);
  }
  return chosen;
}

/** The type node's named type. */
export function namedType(node: TypeNode): string {
  return node.kind === 'NamedType' ? node.name.value : namedType(node.type);
}
