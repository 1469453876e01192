import {
  type DocumentNode,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isScalarType,
  Kind,
  type OperationDefinitionNode,
  specifiedScalarTypes,
  TypeInfo,
  typeFromAST,
  visit,
  visitWithTypeInfo,
} from 'graphql';

/** Input fields beyond which compiling the check of a variable costs more than it saves. */
const MAX_INPUT_FIELDS = 500;
/** Values beyond which variables are judged by the specification. */
const MAX_VALUES = 1_000;

/**
 * Whether compiled code treats the variables of a document as execution by the specification does. The compiler
 * - writes out the check of every input field, and with a recursive type does so until the stack ends, for seconds;
 * - gives null for a variable that is not given and stands at a field of a literal, where the field should be absent;
 * - loses variables within literals of scalars with a shape of their own;
 * - takes what every object inherits for a value that was given.
 */
export function hasCompilableVariables(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): boolean {
  return hasCompilableTypes(schema, operation) && hasCompilablePlaces(schema, document, operation);
}

function hasCompilableTypes(schema: GraphQLSchema, operation: OperationDefinitionNode): boolean {
  let left = MAX_INPUT_FIELDS;
  const fits = (type: GraphQLInputType, above: ReadonlySet<string>): boolean => {
    const named = getNamedType(type);
    if (!isInputObjectType(named)) return true;
    if (above.has(named.name)) return false;
    const path = new Set([...above, named.name]);
    const fields = Object.values(named.getFields());
    left -= fields.length;
    return (
      left >= 0 &&
      fields.every(
        (field) => !(isNonNullType(field.type) && field.defaultValue !== undefined) && fits(field.type, path),
      )
    );
  };
  return (operation.variableDefinitions ?? []).every((definition) => {
    const type = typeFromAST(schema, definition.type as never) as GraphQLInputType | undefined;
    if (type === undefined || definition.variable.name.value in Object.prototype) return false;
    return !(isNonNullType(type) && definition.defaultValue !== undefined) && fits(type, new Set());
  });
}

/** The variables of an operation that are objects, or lists of them. */
export function objectVariables(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
): readonly (readonly [name: string, type: GraphQLInputType])[] {
  return (operation.variableDefinitions ?? []).flatMap(({ variable, type: node }) => {
    const type = typeFromAST(schema, node as never) as GraphQLInputType | undefined;
    return isInputObjectType(getNamedType(type)) && type !== undefined ? [[variable.name.value, type] as const] : [];
  });
}

/** Whether there is a list where an object should be: compiled code takes an empty one for an object without fields. */
export function hasListForObject(value: unknown, type: GraphQLInputType): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const nullable = getNullableType(type);
  if (isListType(nullable)) {
    const items: readonly unknown[] = Array.isArray(value) ? value : [value];
    return items.some((item) => hasListForObject(item, nullable.ofType));
  }
  if (!isInputObjectType(nullable)) return false;
  if (Array.isArray(value)) return true;
  const fields = nullable.getFields();
  return Object.entries(value).some(([name, inner]) => {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    return field !== undefined && hasListForObject(inner, field.type);
  });
}

/**
 * Whether there are so many values that compiled code must not judge them: it makes an error of each that is wrong, which
 * takes seconds for as many as a body holds, where the specification gives up after some.
 */
export function areMany(variables: object | undefined): boolean {
  let left = MAX_VALUES;
  const goBeyond = (value: unknown): boolean => {
    if (typeof value !== 'object' || value === null) return false;
    const inner: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
    left -= inner.length;
    return left < 0 || inner.some(goBeyond);
  };
  return goBeyond(variables);
}

/** Looks at every variable that stands inside an object or list literal. */
function hasCompilablePlaces(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): boolean {
  const required = new Set(
    (operation.variableDefinitions ?? [])
      .filter(({ type }) => type.kind === Kind.NON_NULL_TYPE)
      .map(({ variable }) => variable.name.value),
  );
  const types = new TypeInfo(schema);
  let compilable = true;
  visit(
    document,
    visitWithTypeInfo(types, {
      VariableDefinition: () => false,
      Variable(node, _key, parent, _path, ancestors) {
        const isNested = ancestors.some(
          (ancestor) => 'kind' in ancestor && (ancestor.kind === Kind.OBJECT || ancestor.kind === Kind.LIST),
        );
        if (!isNested) return;
        const type = getNamedType(types.getInputType());
        const isOwnScalar = isScalarType(type) && !specifiedScalarTypes.some(({ name }) => name === type.name);
        const isField = parent !== undefined && 'kind' in parent && parent.kind === Kind.OBJECT_FIELD;
        if (type == null || isOwnScalar || (isField && !required.has(node.name.value))) compilable = false;
      },
    }),
  );
  return compilable;
}
