import {
  type GraphQLArgument,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from 'graphql';
import type { Arguments } from '../source.ts';

type Fill = (value: unknown) => unknown;

/**
 * Arguments as a template reads them. What the caller left out is null all the way down: a template may ask for
 * everything that the types have, and for nothing else.
 */
export function createValues(args: readonly GraphQLArgument[]): (values: Arguments) => Record<string, unknown> {
  const known = new Map<GraphQLInputObjectType, Fill>();
  const fills = args.map(({ name, type }) => ({ name, fill: fillOf(type, known) }));
  return (values) => Object.fromEntries(fills.map(({ name, fill }) => [name, fill(values[name])]));
}

function fillOf(type: GraphQLInputType, known: Map<GraphQLInputObjectType, Fill>): Fill {
  if (isNonNullType(type)) return fillOf(type.ofType, known);
  if (isListType(type)) {
    const fillItem = fillOf(type.ofType, known);
    return (value) => (Array.isArray(value) ? value.map(fillItem) : (value ?? null));
  }
  if (!isInputObjectType(type)) return (value) => value ?? null;
  const made = known.get(type);
  if (made !== undefined) return made;
  let fields: readonly { name: string; fill: Fill }[] = [];
  const fill: Fill = (value) => {
    if (typeof value !== 'object' || value === null) return null;
    const given = value as Arguments;
    return Object.fromEntries(fields.map(({ name, fill: fillField }) => [name, fillField(given[name])]));
  };
  // Known before its fields are: an input type may hold itself.
  known.set(type, fill);
  fields = Object.values(type.getFields()).map((field) => ({ name: field.name, fill: fillOf(field.type, known) }));
  return fill;
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
  if (type.name === 'Boolean') return amount === 'full';
  return Object.hasOwn(SAMPLE_SCALARS, type.name) ? SAMPLE_SCALARS[type.name] : UNKNOWN;
}
