import { UnusableError } from './json-object.ts';
import { camelCase, NameRegistry } from './names.ts';
import type { Schema, SchemaReader, Variant } from './schema.ts';
import type { Place } from './type-builder.ts';
import type { TypeNames } from './type-names.ts';
import { type GraphqlType, JSON_TYPE, type MemberPlan, type ObjectType, type UnionType } from './types.ts';

interface UnionDeps {
  readonly reader: SchemaReader;
  readonly names: TypeNames;
  readonly objectType: (schema: Schema, place: Place, name?: string) => GraphqlType;
  readonly countType: () => void;
}

interface Member {
  readonly variant: Variant;
  readonly type: ObjectType;
  /** What the choice calls it. */
  readonly label: string;
}

/** A property with more values tells nobody apart. */
const MAX_VALUES = 50;
const MAX_SUBTYPES = 200;

/** Makes unions of choices between objects, and in input an object of which one field is given. */
export function createUnionBuilder({ reader, names, objectType, countType }: UnionDeps) {
  const known = { output: new Map<object, UnionType>(), input: new Map<object, ObjectType>() };
  /** Choices between the same types that have no name are the same union. */
  const unnamed = new Map<string, UnionType>();

  function build(schema: Schema, place: Place): GraphqlType {
    const existing = known[place.direction].get(schema.node);
    if (existing !== undefined) return existing;
    const members = membersOf(schema, place);
    const [only] = members ?? [];
    if (members === undefined || only === undefined) {
      place.onLoss(place.name, 'a choice that includes an object without fields is not told apart');
      return JSON_TYPE;
    }
    if (members.length === 1) return only.type;
    return place.direction === 'input' ? inputOf(schema, place, members) : unionOf(schema, place, members);
  }

  function membersOf(schema: Schema, place: Place): Member[] | undefined {
    const members = new Map<GraphqlType, Member>();
    for (const [index, variant] of schema.variants.entries()) {
      const { component, title } = variant.schema;
      const label = component ?? title ?? constantOf(variant) ?? `Option ${index + 1}`;
      const type = objectType(variant.schema, { ...place, name: `${schema.component ?? place.name} ${label}` });
      if (type.kind !== 'object' && type.kind !== 'input') return undefined;
      if (!members.has(type)) members.set(type, { variant, type, label });
    }
    return [...members.values()];
  }

  /** A type with subtypes is an interface, and what is none of them a type of its own: `Pet`, `Cat`, `PetBase`. */
  function buildInterface(schema: Schema, place: Place): GraphqlType {
    const existing = known.output.get(schema.node);
    if (existing !== undefined) return existing;
    const { property, types } = schema.subtypes ?? { property: '', types: [] };
    const variants = types.flatMap(({ raw, values }): Variant[] => {
      const own = readOrNothing(raw);
      const isOther = own?.kind === 'object' && own.node !== schema.node;
      return isOther ? [{ raw, schema: own, conditions: [{ property, values }] }] : [];
    });
    if (variants.length === 0) return objectType(schema, place);
    if (variants.length > MAX_SUBTYPES) {
      place.onLoss(place.name, `the fields of its ${variants.length} subtypes are not shown`);
      return objectType(schema, place);
    }
    countType();
    const name = names.output(schema, place.name);
    const base = objectType(schema, place, names.output({ ...schema, component: undefined }, `${name} Base`));
    const members = variants.flatMap((variant): Member[] => {
      const type = objectType(variant.schema, place);
      return type.kind === 'object' ? [{ variant, type, label: '' }] : [];
    });
    if (base.kind !== 'object') return base;
    const type: UnionType = {
      kind: 'union',
      name,
      description: schema.typeDescription,
      members: [...new Set([base, ...members.map((member) => member.type)])],
      plan: { members: members.map(planOf), otherwise: base.name },
      fields: [],
    };
    known.output.set(schema.node, type);
    return type;
  }

  function readOrNothing(raw: unknown): Schema | undefined {
    try {
      return reader.read(raw);
    } catch (error) {
      if (!(error instanceof UnusableError)) throw error;
      return undefined;
    }
  }

  function unionOf(schema: Schema, place: Place, members: readonly Member[]): UnionType {
    const key = schema.component === undefined ? members.map(({ type }) => type.name).join(' | ') : undefined;
    const same = key === undefined ? undefined : unnamed.get(key);
    if (same !== undefined) return same;
    countType();
    const type: UnionType = {
      kind: 'union',
      name: names.output(schema, place.name),
      description: schema.typeDescription,
      members: members.map((member) => member.type),
      plan: { members: members.map(planOf) },
    };
    known.output.set(schema.node, type);
    if (key !== undefined) unnamed.set(key, type);
    return type;
  }

  function inputOf(schema: Schema, place: Place, members: readonly Member[]): ObjectType {
    countType();
    const type: ObjectType = {
      kind: 'input',
      name: names.input(schema, place.name),
      description: schema.typeDescription,
      oneOf: true,
      fields: [],
    };
    known.input.set(schema.node, type);
    const fieldNames = new NameRegistry();
    for (const { label, type: member, variant } of members) {
      const name = fieldNames.claim(camelCase(label));
      const { deprecated } = variant.schema;
      type.fields.push({ name, property: name, type: member, nonNull: false, description: undefined, deprecated });
    }
    return type;
  }

  function planOf({ variant, type }: Member): MemberPlan {
    const { properties, required } = variant.schema;
    const stated = new Map(variant.conditions.map(({ property, values }) => [property, values]));
    for (const [property, raw] of properties) {
      const values = valuesOf(raw);
      if (values.length === 0 || values.length > MAX_VALUES) continue;
      const said = stated.get(property);
      // The one value that a property may have is a name of the member as well as the discriminator's.
      if (said === undefined) stated.set(property, values);
      else if (values.length === 1) stated.set(property, [...new Set([...said, ...values])]);
    }
    return {
      type: type.name,
      conditions: [...stated].map(([property, values]) => ({
        property,
        values,
        required: required.has(property) || variant.conditions.some((condition) => condition.property === property),
      })),
      required: [...required],
      properties: [...properties.keys()],
    };
  }

  /** `dog` where a required property of the variant is always that. */
  function constantOf({ schema }: Variant): string | undefined {
    for (const [property, raw] of schema.properties) {
      if (!schema.required.has(property)) continue;
      const values = valuesOf(raw);
      if (values.length === 1 && typeof values[0] === 'string' && values[0] !== '') return values[0];
    }
    return undefined;
  }

  function valuesOf(raw: unknown): readonly unknown[] {
    return readOrNothing(raw)?.values ?? [];
  }

  return { build, buildInterface };
}
