import {
  type GraphQLEnumType,
  type GraphQLOutputType,
  getNamedType,
  isAbstractType,
  isEnumType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import type { Steps } from '../../kernel/steps.ts';
import type { SourceModel } from '../../sources/source.ts';
import { isRootType } from '../transforms/choose.ts';
import { type Canonical, keyIn, type Version, withHolders } from './version.ts';

type Read = (value: unknown) => unknown;

/** Where an object came from, for what only its own version can tell of it. */
interface Origin {
  readonly version: Version;
  /** As its version gave it. */
  readonly raw: object;
}

/**
 * Results of all versions under the names of the first: objects whose keys differ are copied, those of which a version
 * must be asked more are remembered, all others stay as they are.
 */
export function createResults(versions: readonly Version[], canonical: Canonical) {
  const origins = new WeakMap<object, Origin>();
  const typeNames = new WeakMap<object, string | undefined>();
  const computed = new Set(versions.flatMap(({ source }) => [...(source.model.values?.keys() ?? [])]));
  const computedTypes = new Set([...computed].map((coordinate) => coordinate.split('.')[0] ?? ''));
  const told = new Set(versions.flatMap(({ source }) => [...(source.model.typeOf?.keys() ?? [])]));

  /** How a version's values of a type are read; undefined where they stay as they are. */
  function* readerFor(version: Version): Steps<(type: GraphQLOutputType) => Read | undefined> {
    const { schema, source } = version;
    const copied = new Set<string>();
    const different = new Set<string>();
    const held: [string, string][] = [];
    for (const type of Object.values(schema.getTypeMap())) {
      yield;
      const { name } = type;
      if (isEnumType(type) && enumDiffers(type, canonical.schema.getType(name) as GraphQLEnumType)) different.add(name);
      if (isAbstractType(type)) {
        if (told.has(name)) different.add(name);
        for (const member of schema.getPossibleTypes(type)) held.push([name, member.name]);
      }
      if (!isObjectType(type) || isRootType(name)) continue;
      if (computedTypes.has(name)) different.add(name);
      for (const field of Object.values(type.getFields())) {
        held.push([name, getNamedType(field.type).name]);
        const coordinate = `${name}.${field.name}`;
        if (keyIn(version, coordinate) !== canonical.key(coordinate)) copied.add(name);
      }
    }
    const affected = withHolders([...different, ...copied], held);
    const objects = new Map<string, Read>();

    const readerOf = (type: GraphQLOutputType): Read | undefined => {
      if (isNonNullType(type)) return readerOf(type.ofType);
      if (isListType(type)) {
        const item = readerOf(type.ofType);
        return item && ((value) => (Array.isArray(value) ? value.map(item) : value));
      }
      if (!affected.has(type.name)) return undefined;
      if (isEnumType(type)) return enumReader(type, canonical.schema.getType(type.name) as GraphQLEnumType);
      let reader = objects.get(type.name);
      if (reader === undefined) {
        reader = isAbstractType(type) ? abstractReader(type.name) : objectReader(type.name);
        objects.set(type.name, reader);
      }
      return reader;
    };

    const abstractReader = (name: string): Read => {
      const typeOf = source.model.typeOf?.get(name) ?? typenameOf;
      return (value) => {
        if (typeof value !== 'object' || value === null || value instanceof Error) return value;
        const own = typeOf(value);
        const type = own === undefined ? undefined : schema.getType(own);
        const read = isObjectType(type) ? readerOf(type) : undefined;
        const result = read === undefined ? value : (read(value) as object);
        typeNames.set(result, own);
        return result;
      };
    };

    const objectReader = (name: string): Read => {
      const isComputed = computedTypes.has(name);
      let fields:
        | readonly { readonly from: string; readonly to: string; readonly read: Read | undefined }[]
        | undefined;
      let isCopied = copied.has(name);
      return (value) => {
        if (typeof value !== 'object' || value === null || value instanceof Error) return value;
        if (fields === undefined) {
          const type = schema.getType(name);
          const all = isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : [];
          fields = all.map((field) => {
            const coordinate = `${name}.${field.name}`;
            return { from: keyIn(version, coordinate), to: canonical.key(coordinate), read: readerOf(field.type) };
          });
          isCopied ||= fields.some(({ read }) => read !== undefined);
        }
        let result: object = value;
        if (isCopied) {
          const copy: Record<string, unknown> = {};
          if (Object.hasOwn(value, '__typename')) copy.__typename = Reflect.get(value, '__typename');
          for (const { from, to, read } of fields) {
            if (!Object.hasOwn(value, from)) continue;
            const own = (value as Record<string, unknown>)[from];
            copy[to] = read === undefined ? own : read(own);
          }
          result = copy;
        }
        if (isComputed) origins.set(result, { version, raw: value });
        return result;
      };
    };
    return readerOf;
  }

  const values: NonNullable<SourceModel['values']> = new Map(
    [...computed].map((coordinate) => {
      const key = canonical.key(coordinate);
      return [
        coordinate,
        (parent: unknown) => {
          const origin = origins.get(parent as object);
          const own = origin?.version.source.model.values?.get(coordinate);
          if (own !== undefined) return own(origin?.raw);
          return Object.hasOwn(parent as object, key) ? Reflect.get(parent as object, key) : undefined;
        },
      ] as const;
    }),
  );
  const typeOf: NonNullable<SourceModel['typeOf']> = new Map(
    [...told].map((name) => [name, (value: unknown) => typeNames.get(value as object) ?? typenameOf(value)] as const),
  );
  return { readerFor, values, typeOf };
}

function typenameOf(value: unknown): string | undefined {
  const name = (value as { readonly __typename?: unknown } | null)?.__typename;
  return typeof name === 'string' ? name : undefined;
}

function enumDiffers(own: GraphQLEnumType, canonical: GraphQLEnumType): boolean {
  return own.getValues().some(({ name, value }) => canonical.getValue(name)?.value !== value);
}

function enumReader(own: GraphQLEnumType, canonical: GraphQLEnumType): Read {
  const values = new Map(own.getValues().map(({ name, value }) => [value as unknown, canonical.getValue(name)?.value]));
  return (value) => (values.has(value) ? values.get(value) : value);
}
