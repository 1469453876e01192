import { type GraphQLSchema, isAbstractType, isObjectType } from 'graphql';
import type { SourceModel } from '../../sources/source.ts';

/** What things of the graph are called at a source that takes selections. */
export interface SourceNames {
  type(name: string): string;
  field(typeName: string, fieldName: string): string;
  argument(typeName: string, fieldName: string, argumentName: string): string;
  /** `[ID!]! = []` with the named type as the source has it. */
  variableType(type: string): string;
  /** Fields, as `Type.field`, whose type differs among types that may stand in one place. */
  mixed(schema: GraphQLSchema): ReadonlySet<string>;
}

const mixedFields = new WeakMap<GraphQLSchema, ReadonlySet<string>>();

export function namesOf(model: SourceModel | undefined): SourceNames {
  const types = model?.upstreamNames?.types;
  const renamed = model?.upstreamNames?.arguments;
  return {
    type: (name) => types?.get(name) ?? name,
    field: (typeName, fieldName) => model?.properties?.get(`${typeName}.${fieldName}`) ?? fieldName,
    argument: (typeName, fieldName, argumentName) =>
      renamed?.get(`${typeName}.${fieldName}(${argumentName})`) ?? argumentName,
    variableType: (type) =>
      types === undefined || types.size === 0
        ? type
        : type.replace(
            /^(\[*)([A-Za-z_]\w*)/,
            (_, lists: string, name: string) => `${lists}${types.get(name) ?? name}`,
          ),
    mixed(schema) {
      let mixed = mixedFields.get(schema);
      if (mixed === undefined) {
        mixed = findMixed(schema);
        mixedFields.set(schema, mixed);
      }
      return mixed;
    },
  };
}

function findMixed(schema: GraphQLSchema): ReadonlySet<string> {
  const mixed = new Set<string>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isAbstractType(type)) continue;
    const byField = new Map<string, Map<string, string[]>>();
    for (const member of schema.getPossibleTypes(type)) {
      if (!isObjectType(member)) continue;
      for (const field of Object.values(member.getFields())) {
        const coordinates = byField.get(field.name) ?? new Map<string, string[]>();
        byField.set(field.name, coordinates);
        const text = String(field.type);
        coordinates.set(text, [...(coordinates.get(text) ?? []), `${member.name}.${field.name}`]);
      }
    }
    for (const texts of byField.values())
      if (texts.size > 1) for (const list of texts.values()) for (const name of list) mixed.add(name);
  }
  return mixed;
}
