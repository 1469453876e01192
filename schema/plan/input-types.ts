import {
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  type OperationDefinitionNode,
  typeFromAST,
} from 'graphql';

/** Input fields beyond which compiling the check of a variable costs more than it saves. */
const MAX_INPUT_FIELDS = 500;

/**
 * Whether the variables of an operation can be compiled: the compiler writes out the check of every input field, so a
 * recursive type (`input Filter { and: [Filter!] }`) would have it write until the stack ends, for seconds.
 */
export function hasCompilableVariables(schema: GraphQLSchema, operation: OperationDefinitionNode): boolean {
  let left = MAX_INPUT_FIELDS;
  const fits = (type: GraphQLInputType, above: ReadonlySet<string>): boolean => {
    const named = getNamedType(type);
    if (!isInputObjectType(named)) return true;
    if (above.has(named.name)) return false;
    const path = new Set([...above, named.name]);
    const fields = Object.values(named.getFields());
    left -= fields.length;
    return left >= 0 && fields.every((field) => fits(field.type, path));
  };
  return (operation.variableDefinitions ?? []).every((definition) => {
    const type = typeFromAST(schema, definition.type as never) as GraphQLInputType | undefined;
    return type !== undefined && fits(type, new Set());
  });
}
