import {
  type GraphQLEnumType,
  type GraphQLInputType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from 'graphql';
import type { Steps } from '../../kernel/steps.ts';
import type { Arguments } from '../../sources/source.ts';
import { argumentsOf, fieldAt } from '../transforms/plan.ts';
import { type Canonical, type Version, withHolders } from './version.ts';

type Read = (value: unknown) => unknown;

/** What is given is nothing that the version knows. */
const LACKING = new Error('lacking');

/**
 * The arguments of a root field as a version takes them; undefined where something is given that it does not know.
 */
export function* createArgumentReader(
  version: Version,
  canonical: Canonical,
): Steps<(coordinate: string) => ((args: Arguments) => Arguments | undefined) | undefined> {
  const readers = yield* inputReaders(version, canonical);
  return (coordinate: string): ((args: Arguments) => Arguments | undefined) | undefined => {
    const known = new Set(argumentsOf(fieldAt(version.schema, coordinate)).map(({ name }) => name));
    const all = argumentsOf(fieldAt(canonical.schema, coordinate));
    const read = all.flatMap(({ name, type }) => {
      const reader = readers(type);
      return reader === undefined ? [] : [{ name, reader }];
    });
    const unknown = all.flatMap(({ name }) => (known.has(name) ? [] : [name]));
    if (read.length === 0 && unknown.length === 0) return undefined;
    return (args) => {
      if (unknown.some((name) => args[name] !== undefined && args[name] !== null)) return undefined;
      const result: Record<string, unknown> = { ...args };
      for (const name of unknown) delete result[name];
      try {
        for (const { name, reader } of read) if (Object.hasOwn(args, name)) result[name] = reader(args[name]);
        return result;
      } catch (error) {
        if (error === LACKING) return undefined;
        throw error;
      }
    };
  };
}

function* inputReaders({ schema }: Version, canonical: Canonical): Steps<(type: GraphQLInputType) => Read | undefined> {
  const different = new Set<string>();
  const held: [string, string][] = [];
  for (const type of Object.values(canonical.schema.getTypeMap())) {
    yield;
    const own = schema.getType(type.name);
    if (isEnumType(type)) {
      if (
        isEnumType(own) &&
        type
          .getValues()
          .some(({ name, value }) => own.getValue(name)?.value !== value || own.getValue(name) === undefined)
      )
        different.add(type.name);
    }
    if (!isInputObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      held.push([type.name, getNamedType(field.type).name]);
      if (isInputObjectType(own) && own.getFields()[field.name] === undefined) different.add(type.name);
    }
  }
  const affected = withHolders(different, held);
  const objects = new Map<string, Read>();

  const readerOf = (type: GraphQLInputType): Read | undefined => {
    if (isNonNullType(type)) return readerOf(type.ofType);
    if (isListType(type)) {
      const item = readerOf(type.ofType);
      return item && ((value) => (Array.isArray(value) ? value.map(item) : value));
    }
    if (!affected.has(type.name)) return undefined;
    if (isEnumType(type)) return enumReader(type, schema.getType(type.name) as GraphQLEnumType);
    if (!isInputObjectType(type)) return undefined;
    let reader = objects.get(type.name);
    if (reader === undefined) {
      let fields:
        | readonly { readonly name: string; readonly isKnown: boolean; readonly read: Read | undefined }[]
        | undefined;
      const own = schema.getType(type.name);
      reader = (value) => {
        if (typeof value !== 'object' || value === null) return value;
        fields ??= Object.values(type.getFields()).map((field) => ({
          name: field.name,
          isKnown: isInputObjectType(own) && own.getFields()[field.name] !== undefined,
          read: readerOf(field.type),
        }));
        const result: Record<string, unknown> = {};
        for (const { name, isKnown, read } of fields) {
          if (!Object.hasOwn(value, name)) continue;
          const given: unknown = Reflect.get(value, name);
          if (isKnown) result[name] = read === undefined ? given : read(given);
          else if (given !== null && given !== undefined) throw LACKING;
        }
        return result;
      };
      objects.set(type.name, reader);
    }
    return reader;
  };
  return readerOf;
}

function enumReader(type: GraphQLEnumType, own: GraphQLEnumType): Read {
  const values = new Map(type.getValues().map(({ name, value }) => [value as unknown, own.getValue(name)]));
  return (value) => {
    if (value === null || value === undefined) return value;
    const known = values.get(value);
    if (known === undefined || known === null) throw LACKING;
    return known.value;
  };
}
