import {
  type GraphQLField,
  type GraphQLInterfaceType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
} from 'graphql';
import type { Steps } from '../../kernel/steps.ts';
import { ownersOf } from './rates/selected-fields.ts';

export type WithFields = GraphQLObjectType | GraphQLInterfaceType;

/** A field of a schema with all that does not depend on who looks at it. */
export interface ShapedField {
  readonly name: string;
  readonly field: GraphQLField<unknown, unknown>;
  readonly coordinate: string;
  /** What it gives, without lists. */
  readonly gives: GraphQLNamedType;
  /** Names of the other types whose field it may be when it is selected. */
  readonly others: readonly string[];
}

/** What views of one schema have in common: read where the first needs it. */
export interface SchemaShape {
  fieldsOf(type: WithFields): Steps<readonly ShapedField[]>;
  /** As of a field of a type, whether the schema has that or not. */
  othersOf(type: WithFields, name: string): readonly string[];
}

/** Fields between two pauses. */
const FIELDS_AT_ONCE = 32;

/** Says after so many fields, or what weighs as much, that it is time to pause: a pause at each costs more than the work. */
export function createPace(): (weight?: number) => boolean {
  let done = 0;
  return (weight = 1) => {
    done += weight;
    if (done < FIELDS_AT_ONCE) return false;
    done = 0;
    return true;
  };
}

const shapes = new WeakMap<GraphQLSchema, SchemaShape>();
const NONE: readonly string[] = [];

export function shapeOf(schema: GraphQLSchema): SchemaShape {
  const known = shapes.get(schema) ?? createShape(schema);
  shapes.set(schema, known);
  return known;
}

function createShape(schema: GraphQLSchema): SchemaShape {
  const shaped = new Map<WithFields, readonly ShapedField[]>();
  const knownOthers = new Map<string, readonly string[]>();
  const othersOf = (type: WithFields, name: string): readonly string[] => {
    if (!isInterfaceType(type) && type.getInterfaces().length === 0) return NONE;
    const coordinate = `${type.name}.${name}`;
    let known = knownOthers.get(coordinate);
    if (known === undefined) {
      known = [...ownersOf(schema, type, name)].filter((owner) => owner !== type.name);
      knownOthers.set(coordinate, known);
    }
    return known;
  };
  return {
    othersOf,
    *fieldsOf(type) {
      const known = shaped.get(type);
      if (known !== undefined) return known;
      const isDue = createPace();
      const fields: ShapedField[] = [];
      const all = type.getFields();
      for (const name in all) {
        const field = all[name];
        if (field === undefined) continue;
        const others = othersOf(type, name);
        fields.push({ name, field, coordinate: `${type.name}.${name}`, gives: getNamedType(field.type), others });
        if (isDue(1 + others.length)) yield;
      }
      shaped.set(type, fields);
      return fields;
    },
  };
}
