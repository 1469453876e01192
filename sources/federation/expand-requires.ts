import {
  buildASTSchema,
  type ConstDirectiveNode,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isInterfaceType,
  isObjectType,
  Kind,
  parse,
  print,
  type SelectionNode,
  type SelectionSetNode,
  type TypeDefinitionNode,
  visit,
} from 'graphql';
import type { TypeNode } from './subgraph-document.ts';

/**
 * The types with `... on Interface` in their `@requires` written as fragments on the object types it stands for: the
 * same, in words that the composer understands.
 */
export function expandRequires(types: readonly TypeNode[], plain: readonly TypeDefinitionNode[]): TypeNode[] {
  let schema: GraphQLSchema | undefined;
  const getSchema = () => {
    schema ??= buildASTSchema({ kind: Kind.DOCUMENT, definitions: [...plain] }, { assumeValid: true });
    return schema;
  };
  return types.map((type) =>
    visit(type, {
      Directive(node) {
        if (node.name.value !== 'requires') return undefined;
        const value = node.arguments?.[0]?.value;
        return value?.kind === Kind.STRING && value.value.includes('...')
          ? withFields(node as ConstDirectiveNode, expandFieldSet(value.value, type.name.value, getSchema()))
          : undefined;
      },
    }),
  );
}

function withFields(node: ConstDirectiveNode, fields: string): ConstDirectiveNode {
  const [argument] = node.arguments ?? [];
  if (argument === undefined) return node;
  return { ...node, arguments: [{ ...argument, value: { kind: Kind.STRING, value: fields } }] };
}

function expandFieldSet(fieldSet: string, typeName: string, schema: GraphQLSchema): string {
  const [definition] = parse(`{ ${fieldSet} }`, { noLocation: true }).definitions;
  if (definition?.kind !== Kind.OPERATION_DEFINITION) return fieldSet;
  const expanded = expand(definition.selectionSet, typeName, schema);
  return print(expanded)
    .replace(/^\{|\}$/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}

function expand(set: SelectionSetNode, typeName: string, schema: GraphQLSchema): SelectionSetNode {
  return { ...set, selections: set.selections.flatMap((node) => expandNode(node, typeName, schema)) };
}

function expandNode(node: SelectionNode, typeName: string, schema: GraphQLSchema): readonly SelectionNode[] {
  const type = schema.getType(typeName);
  if (node.kind === Kind.FIELD) {
    const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[node.name.value] : undefined;
    if (node.selectionSet === undefined || field === undefined) return [node];
    return [{ ...node, selectionSet: expand(node.selectionSet, getNamedType(field.type).name, schema) }];
  }
  if (node.kind !== Kind.INLINE_FRAGMENT) return [node];
  const condition = node.typeCondition?.name.value ?? typeName;
  if (condition === typeName) return expand(node.selectionSet, typeName, schema).selections;
  const wanted = schema.getType(condition);
  if (!isAbstractType(wanted)) return [{ ...node, selectionSet: expand(node.selectionSet, condition, schema) }];
  const possible = isAbstractType(type) ? schema.getPossibleTypes(type) : isObjectType(type) ? [type] : [];
  return possible.flatMap((object): readonly SelectionNode[] => {
    if (!schema.isSubType(wanted, object)) return [];
    const inner = expand(node.selectionSet, object.name, schema);
    if (object.name === typeName) return inner.selections;
    const name = { kind: Kind.NAME, value: object.name } as const;
    return [
      { ...node, typeCondition: { kind: Kind.NAMED_TYPE, name }, selectionSet: narrowed(inner, object.name, schema) },
    ];
  });
}

/** Within a fragment on an object, fragments on other objects say nothing. */
function narrowed(set: SelectionSetNode, typeName: string, schema: GraphQLSchema): SelectionSetNode {
  const selections = set.selections.flatMap((node): readonly SelectionNode[] => {
    if (node.kind !== Kind.INLINE_FRAGMENT) return [node];
    const condition = node.typeCondition?.name.value ?? typeName;
    if (condition === typeName) return narrowed(node.selectionSet, typeName, schema).selections;
    return isObjectType(schema.getType(condition)) ? [] : [node];
  });
  return { ...set, selections };
}
