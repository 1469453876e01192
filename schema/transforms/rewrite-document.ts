import {
  type ConstDirectiveNode,
  type ConstValueNode,
  type DefinitionNode,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  isEnumType,
  isInputObjectType,
  Kind,
  type NamedTypeNode,
  type NameNode,
  parseType,
  type StringValueNode,
  type TypeNode,
} from 'graphql';
import type { Steps } from '../../kernel/steps.ts';
import { namedType } from './choose.ts';
import type { Plan } from './plan.ts';

const NO_REASON = 'No longer supported';

/** Definitions in the graph's names, without what is hidden, with what is configured beside. One pass. */
export function* rewriteDefinitions(definitions: readonly DefinitionNode[], plan: Plan): Steps<DefinitionNode[]> {
  const rewritten: DefinitionNode[] = [];
  for (const node of definitions) {
    rewritten.push(...(yield* rewriteDefinition(node, plan)));
    yield;
  }
  return rewritten;
}

function* rewriteDefinition(node: DefinitionNode, plan: Plan): Steps<readonly DefinitionNode[]> {
  if (node.kind === Kind.SCHEMA_DEFINITION || node.kind === Kind.SCHEMA_EXTENSION || !('name' in node)) return [node];
  if (node.kind === Kind.DIRECTIVE_DEFINITION || node.name === undefined) return [node];
  const typeName = node.name.value;
  if (plan.hidden.has(typeName)) return [];
  const isExtension = node.kind.endsWith('Extension');
  const description = isExtension ? undefined : plan.choices.types.get(typeName)?.transform.description;
  const head = {
    name: nameNode(plan.names.type(typeName)),
    ...(description === undefined ? {} : { description: text(description) }),
  };
  switch (node.kind) {
    case Kind.OBJECT_TYPE_DEFINITION:
    case Kind.OBJECT_TYPE_EXTENSION:
    case Kind.INTERFACE_TYPE_DEFINITION:
    case Kind.INTERFACE_TYPE_EXTENSION: {
      const fields: FieldDefinitionNode[] = [];
      for (const field of node.fields ?? []) {
        fields.push(...rewriteField(typeName, field, plan));
        yield;
      }
      if (!isExtension) fields.push(...addedFields(typeName, plan));
      const interfaces = namedTypes(node.interfaces ?? [], plan);
      if (fields.length === 0 && isExtension && (node.directives ?? []).length === 0) return [];
      return [{ ...node, ...head, fields, interfaces }];
    }
    case Kind.INPUT_OBJECT_TYPE_DEFINITION:
    case Kind.INPUT_OBJECT_TYPE_EXTENSION: {
      const fields = (node.fields ?? []).flatMap((field) => {
        const coordinate = `${typeName}.${field.name.value}`;
        if (plan.hidden.has(coordinate)) return [];
        const chosen = plan.choices.fields.get(coordinate)?.transform;
        return rewriteInput(field, plan.names.field(typeName, field.name.value), coordinate, plan, chosen);
      });
      return [{ ...node, ...head, fields }];
    }
    case Kind.UNION_TYPE_DEFINITION:
    case Kind.UNION_TYPE_EXTENSION:
      return [{ ...node, ...head, types: namedTypes(node.types ?? [], plan) }];
    case Kind.ENUM_TYPE_DEFINITION:
    case Kind.ENUM_TYPE_EXTENSION: {
      const chosen = plan.choices.types.get(typeName)?.transform.values;
      const values = (node.values ?? []).flatMap((value) => {
        const { value: name } = value.name;
        if (plan.hidden.has(`${typeName}.${name}`)) return [];
        const directives = deprecate(value.directives, chosen?.[name]?.deprecated);
        return { ...value, name: nameNode(plan.names.value(typeName, name)), directives };
      });
      return [{ ...node, ...head, values }];
    }
    case Kind.SCALAR_TYPE_DEFINITION:
    case Kind.SCALAR_TYPE_EXTENSION:
      return [{ ...node, ...head }];
    default:
      return [node];
  }
}

function rewriteField(typeName: string, node: FieldDefinitionNode, plan: Plan): readonly FieldDefinitionNode[] {
  const coordinate = `${typeName}.${node.name.value}`;
  if (plan.hidden.has(coordinate)) return [];
  const chosen = plan.choices.fields.get(coordinate)?.transform;
  const args = (node.arguments ?? []).flatMap((argument) => {
    const { value: name } = argument.name;
    const place = `${coordinate}(${name})`;
    if (plan.hidden.has(place)) return [];
    const shown = plan.names.argument(typeName, node.name.value, name);
    return rewriteInput(argument, shown, place, plan, chosen?.arguments[name]);
  });
  return [
    {
      ...node,
      name: nameNode(plan.names.field(typeName, node.name.value)),
      ...(chosen?.description === undefined ? {} : { description: text(chosen.description) }),
      arguments: args,
      type: plan.types.get(coordinate)?.node ?? renameType(node.type, plan),
      directives: deprecate(node.directives, chosen?.deprecated),
    },
  ];
}

/** Fields that only an expression makes. */
function addedFields(typeName: string, plan: Plan): readonly FieldDefinitionNode[] {
  return [...plan.choices.added].flatMap((coordinate) => {
    const [owner, name = ''] = coordinate.split('.');
    const chosen = plan.choices.fields.get(coordinate)?.transform;
    if (owner !== typeName || chosen === undefined || plan.hidden.has(coordinate)) return [];
    return {
      kind: Kind.FIELD_DEFINITION,
      name: nameNode(plan.names.field(typeName, name)),
      ...(chosen.description === undefined ? {} : { description: text(chosen.description) }),
      type: plan.types.get(coordinate)?.node ?? parseType('JSON'),
      directives: deprecate([], chosen.deprecated),
    };
  });
}

interface InputChoice {
  readonly description?: string | undefined;
  readonly deprecated?: string | true | undefined;
}

function rewriteInput(
  node: InputValueDefinitionNode,
  name: string,
  coordinate: string,
  plan: Plan,
  chosen: InputChoice | undefined,
): InputValueDefinitionNode {
  const { defaultValue, ...rest } = node;
  const own = defaultValue === undefined ? undefined : renameValue(defaultValue, namedType(node.type), plan);
  const shown = plan.defaults.get(coordinate) ?? own;
  return {
    ...rest,
    name: nameNode(name),
    type: plan.types.get(coordinate)?.node ?? renameType(node.type, plan),
    ...(chosen?.description === undefined ? {} : { description: text(chosen.description) }),
    ...(shown === undefined ? {} : { defaultValue: shown }),
    directives: deprecate(node.directives, chosen?.deprecated),
  };
}

function namedTypes(nodes: readonly NamedTypeNode[], plan: Plan): readonly NamedTypeNode[] {
  return nodes
    .filter(({ name }) => !plan.hidden.has(name.value))
    .map((node) => ({ ...node, name: nameNode(plan.names.type(node.name.value)) }));
}

function renameType<T extends TypeNode>(node: T, plan: Plan): T {
  if (node.kind === Kind.NAMED_TYPE) return { ...node, name: nameNode(plan.names.type(node.name.value)) };
  return { ...node, type: renameType(node.type, plan) };
}

/** A literal of a type of the source, with enum values and fields as they are called in the graph. */
export function renameValue(node: ConstValueNode, typeName: string, plan: Plan): ConstValueNode {
  if (node.kind === Kind.LIST) return { ...node, values: node.values.map((item) => renameValue(item, typeName, plan)) };
  const type = plan.schema.getType(typeName);
  if (node.kind === Kind.ENUM && isEnumType(type)) return { ...node, value: plan.names.value(typeName, node.value) };
  if (node.kind !== Kind.OBJECT || !isInputObjectType(type)) return node;
  const fields = node.fields.map((field) => {
    const inner = type.getFields()[field.name.value]?.astNode?.type;
    return {
      ...field,
      name: nameNode(plan.names.field(typeName, field.name.value)),
      value: inner === undefined ? field.value : renameValue(field.value, namedType(inner), plan),
    };
  });
  return { ...node, fields };
}

function deprecate(
  directives: readonly ConstDirectiveNode[] | undefined,
  deprecated: string | true | undefined,
): readonly ConstDirectiveNode[] {
  if (deprecated === undefined) return directives ?? [];
  return [...(directives ?? []).filter(({ name }) => name.value !== 'deprecated'), deprecatedNode(deprecated)];
}

export function deprecatedNode(reason: string | true): ConstDirectiveNode {
  const value = text(reason === true ? NO_REASON : reason);
  return {
    kind: Kind.DIRECTIVE,
    name: nameNode('deprecated'),
    arguments: [{ kind: Kind.ARGUMENT, name: nameNode('reason'), value }],
  };
}

export function nameNode(value: string): NameNode {
  return { kind: Kind.NAME, value };
}

function text(value: string): StringValueNode {
  return { kind: Kind.STRING, value, block: value.includes('\n') };
}
