import {
  type ConstDirectiveNode,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  Kind,
  type NamedTypeNode,
  type NameNode,
  type TypeDefinitionNode,
  type TypeExtensionNode,
} from 'graphql';
import type { Remarks } from '../remarks.ts';
import { GRAPHQL_DIRECTIVES } from '../spec.ts';
import type { TypeNode } from '../subgraph-document.ts';
import type { GraphField, GraphType, GraphTypes } from './graph-types.ts';
import type { Supergraph } from './join.ts';

export interface WriteOptions {
  readonly supergraph: Supergraph;
  readonly remarks: Remarks;
  /** Subgraph → what it is called in `@override`. */
  readonly sourceOf: (subgraph: string) => string;
}

/** The types of one subgraph with federation's directives, in the order of the supergraph. */
export function writeGraph(graph: GraphTypes, options: WriteOptions): TypeNode[] {
  return [...graph.values()].map((type) => writeType(type, options));
}

function writeType(type: GraphType, options: WriteOptions): TypeNode {
  const { node } = type;
  const directives = [...keysOf(type), ...commonDirectives(node, node.name.value, options)];
  switch (node.kind) {
    case Kind.SCALAR_TYPE_DEFINITION:
      return { ...node, directives };
    case Kind.UNION_TYPE_DEFINITION:
      return { ...node, directives, types: (node.types ?? []).filter(({ name }) => type.members.has(name.value)) };
    case Kind.ENUM_TYPE_DEFINITION: {
      const values = (node.values ?? []).filter(({ name }) => type.values.has(name.value));
      return {
        ...node,
        directives,
        values: values.map((value) => ({
          ...value,
          directives: commonDirectives(value, node.name.value, options),
        })),
      };
    }
    case Kind.INPUT_OBJECT_TYPE_DEFINITION:
      return {
        ...node,
        directives,
        fields: [...type.fields.values()].flatMap((field) =>
          field.node.kind === Kind.INPUT_VALUE_DEFINITION
            ? [{ ...field.node, type: field.type, directives: commonDirectives(field.node, node.name.value, options) }]
            : [],
        ),
      };
    default:
      return writeObject(node, type, directives, options);
  }
}

function writeObject(
  node: TypeDefinitionNode & { readonly kind: Kind.OBJECT_TYPE_DEFINITION | Kind.INTERFACE_TYPE_DEFINITION },
  type: GraphType,
  directives: readonly ConstDirectiveNode[],
  options: WriteOptions,
): TypeNode {
  const isInterface = node.kind === Kind.INTERFACE_TYPE_DEFINITION && !type.isInterfaceObject;
  const { isExtension, fields, interfaces } = type;
  const kind = isInterface
    ? isExtension
      ? Kind.INTERFACE_TYPE_EXTENSION
      : Kind.INTERFACE_TYPE_DEFINITION
    : isExtension
      ? Kind.OBJECT_TYPE_EXTENSION
      : Kind.OBJECT_TYPE_DEFINITION;
  const { description, ...bare } = node;
  return {
    ...bare,
    kind,
    ...(isExtension || description === undefined ? {} : { description }),
    directives: [...(type.isInterfaceObject ? [directive('interfaceObject', {})] : []), ...directives],
    interfaces: [...interfaces].map(namedTypeNode),
    fields: [...fields.values()].flatMap((field) =>
      field.node.kind === Kind.FIELD_DEFINITION
        ? [writeField(field, field.node, { ...options, typeName: node.name.value, isInterface })]
        : [],
    ),
  } as TypeDefinitionNode | TypeExtensionNode;
}

function writeField(
  field: GraphField,
  node: FieldDefinitionNode,
  options: WriteOptions & { readonly typeName: string; readonly isInterface: boolean },
): FieldDefinitionNode {
  const { typeName, isInterface, sourceOf } = options;
  const own: ConstDirectiveNode[] = [];
  if (!isInterface) {
    const { external, requires, provides, override, overrideLabel: label, isShareable } = field;
    if (external) own.push(directive('external', {}));
    if (requires !== undefined) own.push(directive('requires', { fields: requires }));
    if (provides !== undefined) own.push(directive('provides', { fields: provides }));
    if (isShareable) own.push(directive('shareable', {}));
    if (override !== undefined) {
      own.push(directive('override', { from: sourceOf(override), ...(label === undefined ? {} : { label }) }));
    }
  }
  // Who only borrows a field has nothing to say of it.
  const common = field.external ? [] : commonDirectives(node, typeName, options);
  return {
    ...node,
    type: field.type,
    directives: [...own, ...common],
    arguments: (node.arguments ?? []).map(
      (argument): InputValueDefinitionNode => ({
        ...argument,
        directives: field.external ? [] : commonDirectives(argument, typeName, options),
      }),
    ),
  };
}

function keysOf({ keys }: GraphType): ConstDirectiveNode[] {
  return keys.map(({ fields, resolvable }) => directive('key', resolvable ? { fields } : { fields, resolvable }));
}

/** What the supergraph says of an element, for all that have it. */
function commonDirectives(
  node: { readonly directives?: readonly ConstDirectiveNode[] | undefined },
  typeName: string,
  { supergraph, remarks }: WriteOptions,
): ConstDirectiveNode[] {
  return (node.directives ?? []).flatMap((each) => {
    const { value: name } = each.name;
    if (GRAPHQL_DIRECTIVES.has(name)) return [each];
    const plain = supergraph.directives.get(name);
    if (plain === undefined) {
      if (!supergraph.isJoin(each)) remarks.leavesOut(name, each);
      return [];
    }
    // Contexts are named by subgraph here, and nothing can be asked for by them.
    if (plain === 'context' || plain === 'fromContext') return [];
    remarks.uses(plain, typeName, each);
    return [{ ...each, name: nameNode(plain) }];
  });
}

function directive(name: string, values: Readonly<Record<string, string | boolean>>): ConstDirectiveNode {
  return {
    kind: Kind.DIRECTIVE,
    name: nameNode(name),
    arguments: Object.entries(values).map(([argument, value]) => ({
      kind: Kind.ARGUMENT,
      name: nameNode(argument),
      value: typeof value === 'string' ? { kind: Kind.STRING, value } : { kind: Kind.BOOLEAN, value },
    })),
  };
}

function nameNode(value: string): NameNode {
  return { kind: Kind.NAME, value };
}

function namedTypeNode(name: string): NamedTypeNode {
  return { kind: Kind.NAMED_TYPE, name: nameNode(name) };
}
