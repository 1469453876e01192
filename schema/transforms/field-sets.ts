import {
  type ConstDirectiveNode,
  type ConstValueNode,
  type DefinitionNode,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isObjectType,
  Kind,
  parse,
  print,
  type SelectionSetNode,
  valueFromASTUntyped,
} from 'graphql';
import type { Steps } from '../../kernel/steps.ts';
import { namedType, type Report } from './choose.ts';
import { argumentsOf, fieldAt, type Plan } from './plan.ts';
import { nameNode, renameValue } from './rewrite-document.ts';

/** Reports what is hidden and yet needed: fields in @key, @requires and @provides of a subgraph. */
export function refuseHiddenKeys(definitions: readonly DefinitionNode[], plan: Plan, report: Report): void {
  if (plan.hidden.size === 0) return;
  const told = new Set<string>();
  const check = (typeName: string, directives: readonly ConstDirectiveNode[] | undefined, from: string) => {
    for (const directive of directives ?? []) {
      const fields = directive.arguments?.find(({ name }) => name.value === 'fields');
      const text: unknown = fields === undefined ? undefined : valueFromASTUntyped(fields.value);
      if (!/^(key|requires|provides)$/.test(directive.name.value) || typeof text !== 'string') continue;
      for (const coordinate of hiddenIn(text, typeName, plan)) {
        const message = `${coordinate} cannot be hidden: @${directive.name.value} of ${from} needs it.`;
        if (told.has(message)) continue;
        told.add(message);
        const path = plan.choices.fields.get(coordinate)?.path ?? ['transforms', 'types'];
        report({ path, message });
      }
    }
  };
  for (const node of definitions) {
    if (!('fields' in node) || !('interfaces' in node) || node.name === undefined) continue;
    const { value: typeName } = node.name;
    if (plan.hidden.has(typeName)) continue;
    check(typeName, node.directives, typeName);
    for (const field of node.fields ?? []) {
      const coordinate = `${typeName}.${field.name.value}`;
      if (plan.hidden.has(coordinate) || field.kind !== Kind.FIELD_DEFINITION) continue;
      check(
        typeName,
        field.directives?.filter(({ name }) => name.value === 'requires'),
        coordinate,
      );
      const result = fieldType(plan.schema, typeName, field.name.value);
      if (result !== undefined)
        check(
          result,
          field.directives?.filter(({ name }) => name.value === 'provides'),
          coordinate,
        );
    }
  }
}

function hiddenIn(fieldSet: string, typeName: string, plan: Plan): readonly string[] {
  const set = readFieldSet(fieldSet);
  return set === undefined ? [] : hiddenBelow(set, typeName, plan);
}

/** Undefined for what cannot be read: the composer says what is wrong with it. */
function readFieldSet(fieldSet: string): SelectionSetNode | undefined {
  try {
    const text = fieldSet.trim().startsWith('{') ? fieldSet : `{ ${fieldSet} }`;
    const [operation] = parse(text, { noLocation: true }).definitions;
    return operation?.kind === Kind.OPERATION_DEFINITION ? operation.selectionSet : undefined;
  } catch {
    return undefined;
  }
}

function hiddenBelow(set: SelectionSetNode, typeName: string, plan: Plan): readonly string[] {
  return set.selections.flatMap((node) => {
    if (node.kind === Kind.FRAGMENT_SPREAD) return [];
    if (node.kind === Kind.INLINE_FRAGMENT)
      return hiddenBelow(node.selectionSet, node.typeCondition?.name.value ?? typeName, plan);
    const coordinate = `${typeName}.${node.name.value}`;
    const result = fieldType(plan.schema, typeName, node.name.value);
    const below =
      node.selectionSet === undefined || result === undefined ? [] : hiddenBelow(node.selectionSet, result, plan);
    return plan.hidden.has(coordinate) ? [coordinate, ...below] : below;
  });
}

function fieldType(schema: GraphQLSchema, typeName: string, fieldName: string): string | undefined {
  const type = schema.getType(typeName);
  const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[fieldName] : undefined;
  return field === undefined ? undefined : getNamedType(field.type).name;
}

/** The directives of a subgraph's document with their field sets in the graph's names. */
export function* renameFieldSets(definitions: readonly DefinitionNode[], plan: Plan): Steps<DefinitionNode[]> {
  const renamed: DefinitionNode[] = [];
  for (const node of definitions) {
    yield;
    if (!('fields' in node) || !('interfaces' in node) || node.name === undefined) {
      renamed.push(node);
      continue;
    }
    const { value: typeName } = node.name;
    const fields = (node.fields ?? []).map((field) => {
      if (field.directives === undefined || field.directives.length === 0) return field;
      const result = namedType(field.type);
      return {
        ...field,
        directives: field.directives.map((directive) =>
          directive.name.value === 'listSize'
            ? renameListSize(directive, { typeName, fieldName: field.name.value, result }, plan)
            : renameFieldSet(directive, directive.name.value === 'provides' ? result : typeName, plan),
        ),
      };
    });
    const directives = node.directives?.map((directive) => renameFieldSet(directive, typeName, plan));
    renamed.push({ ...node, fields, ...(directives === undefined ? {} : { directives }) } as DefinitionNode);
  }
  return renamed;
}

function renameFieldSet(directive: ConstDirectiveNode, typeName: string, plan: Plan): ConstDirectiveNode {
  if (!/^(key|requires|provides)$/.test(directive.name.value)) return directive;
  const args = directive.arguments?.map((argument) => {
    if (argument.name.value !== 'fields' || argument.value.kind !== Kind.STRING) return argument;
    const set = readFieldSet(argument.value.value);
    if (set === undefined) return argument;
    const text = print(renameSelections(set, typeName, plan))
      .replace(/\s+/g, ' ')
      .slice(1, -1)
      .trim();
    return { ...argument, value: { kind: Kind.STRING, value: text } as const };
  });
  return args === undefined ? directive : { ...directive, arguments: args };
}

/** It names arguments of its field, and lists in what the field gives. Hidden ones say nothing to the graph. */
function renameListSize(
  directive: ConstDirectiveNode,
  { typeName, fieldName, result }: { readonly typeName: string; readonly fieldName: string; readonly result: string },
  plan: Plan,
): ConstDirectiveNode {
  const shownAs: Readonly<Record<string, (name: string) => string | undefined>> = {
    slicingArguments: (name) =>
      plan.hidden.has(`${typeName}.${fieldName}(${name})`) ? undefined : plan.names.argument(typeName, fieldName, name),
    sizedFields: (name) => (plan.hidden.has(`${result}.${name}`) ? undefined : plan.names.field(result, name)),
  };
  const args = directive.arguments?.flatMap((argument) => {
    const shown = shownAs[argument.name.value];
    const given: unknown = shown === undefined ? undefined : valueFromASTUntyped(argument.value);
    if (shown === undefined || given === null || given === undefined) return [argument];
    const values = [given].flat().flatMap((name) => {
      const value = shown(String(name));
      return value === undefined ? [] : [{ kind: Kind.STRING, value } as const];
    });
    return values.length === 0 ? [] : [{ ...argument, value: { kind: Kind.LIST, values } as const }];
  });
  return args === undefined ? directive : { ...directive, arguments: args };
}

function renameSelections(set: SelectionSetNode, typeName: string, plan: Plan): SelectionSetNode {
  const selections = set.selections.map((node) => {
    if (node.kind === Kind.FRAGMENT_SPREAD) return node;
    if (node.kind === Kind.INLINE_FRAGMENT) {
      const condition = node.typeCondition?.name.value ?? typeName;
      const selectionSet = renameSelections(node.selectionSet, condition, plan);
      return node.typeCondition === undefined
        ? { ...node, selectionSet }
        : {
            ...node,
            typeCondition: { ...node.typeCondition, name: nameNode(plan.names.type(condition)) },
            selectionSet,
          };
    }
    const { value: name } = node.name;
    if (name.startsWith('__')) return node;
    const result = fieldType(plan.schema, typeName, name);
    const { selectionSet } = node;
    const known = argumentsOf(fieldAt(plan.schema, `${typeName}.${name}`));
    const args = node.arguments?.map((argument) => {
      const own = known.find((one) => one.name === argument.name.value);
      const value = argument.value as ConstValueNode;
      return {
        ...argument,
        name: nameNode(plan.names.argument(typeName, name, argument.name.value)),
        value: own === undefined ? value : renameValue(value, getNamedType(own.type).name, plan),
      };
    });
    return {
      ...node,
      name: nameNode(plan.names.field(typeName, name)),
      ...(args === undefined ? {} : { arguments: args }),
      ...(selectionSet === undefined || result === undefined
        ? {}
        : { selectionSet: renameSelections(selectionSet, result, plan) }),
    };
  });
  return { ...set, selections };
}
