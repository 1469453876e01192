import {
  type GraphQLArgument,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isScalarType,
} from 'graphql';
import type { Arguments } from '../source.ts';
import { MEDIA_DEFINITIONS, type MediaMarks, SAMPLE_MARK } from './media-values.ts';

type Marks = Pick<MediaMarks, 'mark'>;
type Fill = (value: unknown, marks: Marks, path: string) => unknown;

/**
 * Arguments as a template reads them: images and files by their marks. What the caller left out is null all the way down: a
 * template may ask for everything that the types have, and for nothing else.
 */
export function createValues(
  args: readonly GraphQLArgument[],
): (values: Arguments, marks: Marks) => Record<string, unknown> {
  const known = new Map<GraphQLInputObjectType, Fill>();
  const fills = args.map(({ name, type }) => ({ name, fill: fillOf(type, known) }));
  return (values, marks) => Object.fromEntries(fills.map(({ name, fill }) => [name, fill(values[name], marks, name)]));
}

function fillOf(type: GraphQLInputType, known: Map<GraphQLInputObjectType, Fill>): Fill {
  if (isNonNullType(type)) return fillOf(type.ofType, known);
  if (isListType(type)) {
    const fillItem = fillOf(type.ofType, known);
    return (value, marks, path) =>
      Array.isArray(value)
        ? value.map((item, index) => fillItem(item, marks, `${path}[${index}]`))
        : value === undefined || value === null
          ? null
          : fillItem(value, marks, path);
  }
  if (isMedia(type)) return (value, marks, path) => (isGiven(value) ? marks.mark(String(type), value, path) : null);
  if (!isInputObjectType(type)) return (value) => value ?? null;
  const made = known.get(type);
  if (made !== undefined) return made;
  let fields: readonly { name: string; fill: Fill }[] = [];
  const fill: Fill = (value, marks, path) => {
    if (typeof value !== 'object' || value === null) return null;
    const given = value as Arguments;
    return Object.fromEntries(
      fields.map(({ name, fill: fillField }) => [name, fillField(given[name], marks, `${path}.${name}`)]),
    );
  };
  // Known before its fields are: an input type may hold itself.
  known.set(type, fill);
  fields = Object.values(type.getFields()).map((field) => ({ name: field.name, fill: fillOf(field.type, known) }));
  return fill;
}

function isMedia(type: GraphQLInputType): boolean {
  return isScalarType(type) && MEDIA_DEFINITIONS.has(type.name);
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

const MAX_SAMPLE_DEPTH = 6;
const SAMPLE_SCALARS: Readonly<Record<string, unknown>> = { String: 'text', ID: 'id', Int: 1, Float: 0.5 };

/**
 * Values to try a template with before anybody calls it: one of everything, or as little as the types allow.
 * `undefined` if a scalar is among them whose values nobody can tell.
 */
export function sampleValues(
  args: readonly GraphQLArgument[],
  amount: 'full' | 'bare',
): Record<string, unknown> | undefined {
  const entries = args.map(({ name, type }) => [name, sample(type, amount, 0)] as const);
  return entries.some(([, value]) => value === UNKNOWN) ? undefined : Object.fromEntries(entries);
}

const UNKNOWN = Symbol('unknown');

function sample(type: GraphQLInputType, amount: 'full' | 'bare', depth: number): unknown {
  if (isNonNullType(type)) return sampleNonNull(type.ofType, amount, depth);
  return amount === 'bare' || depth > MAX_SAMPLE_DEPTH ? null : sampleNonNull(type, amount, depth);
}

function sampleNonNull(type: GraphQLInputType, amount: 'full' | 'bare', depth: number): unknown {
  if (isListType(type)) {
    if (amount === 'bare' || depth > MAX_SAMPLE_DEPTH) return [];
    const item = sample(type.ofType, amount, depth + 1);
    return item === UNKNOWN ? UNKNOWN : [item];
  }
  if (isEnumType(type)) return type.getValues()[0]?.name;
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields());
    const entries = fields.map((field) => [field.name, sample(field.type, amount, depth + 1)] as const);
    return entries.some(([, value]) => value === UNKNOWN) ? UNKNOWN : Object.fromEntries(entries);
  }
  if (isNonNullType(type)) return UNKNOWN;
  if (isMedia(type)) return SAMPLE_MARK;
  if (type.name === 'Boolean') return amount === 'full';
  return Object.hasOwn(SAMPLE_SCALARS, type.name) ? SAMPLE_SCALARS[type.name] : UNKNOWN;
}
