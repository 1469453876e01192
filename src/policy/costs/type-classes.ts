import {
  type GraphQLAbstractType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  isInterfaceType,
} from 'graphql';

/** What a field says of itself that its cost may depend on; the same text for the same cost. */
export type FieldMark = (type: GraphQLObjectType, field: GraphQLField<unknown, unknown>) => string;

/**
 * The types that an abstract one may be, those together whose fields it shows cost the same: a schema may have a thousand of
 * one interface, and of what a client selects of it they differ in nothing.
 */
export type TypeClasses = (abstract: GraphQLAbstractType) => readonly (readonly GraphQLObjectType[])[];

/** Read once for each abstract type, when it is asked for. */
export function createTypeClasses(schema: GraphQLSchema, mark: FieldMark): TypeClasses {
  const known = new Map<string, ReturnType<TypeClasses>>();
  const read = (abstract: GraphQLAbstractType) => {
    const shown = isInterfaceType(abstract) ? Object.keys(abstract.getFields()) : [];
    const byText = new Map<string, GraphQLObjectType[]>();
    for (const type of schema.getPossibleTypes(abstract)) {
      const fields = type.getFields();
      const text = shown.map((name) => textOf(type, fields[name], mark)).join('\n');
      const same = byText.get(text);
      if (same === undefined) byText.set(text, [type]);
      else same.push(type);
    }
    return [...byText.values()];
  };
  return (abstract) => {
    const classes = known.get(abstract.name) ?? read(abstract);
    known.set(abstract.name, classes);
    return classes;
  };
}

function textOf(type: GraphQLObjectType, field: GraphQLField<unknown, unknown> | undefined, mark: FieldMark): string {
  if (field === undefined) return '';
  const args = field.args.map(({ name, type: of, defaultValue }) => `${name}:${of}=${JSON.stringify(defaultValue)}`);
  return `${field.type}(${args.join()})${mark(type, field)}`;
}
