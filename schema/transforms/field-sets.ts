import {
  type ConstDirectiveNode,
  type DefinitionNode,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isObjectType,
  Kind,
  parse,
  type SelectionSetNode,
  valueFromASTUntyped,
} from 'graphql';
import type { Report } from './choose.ts';
import type { Plan } from './plan.ts';

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
  try {
    const text = fieldSet.trim().startsWith('{') ? fieldSet : `{ ${fieldSet} }`;
    const [operation] = parse(text, { noLocation: true }).definitions;
    return operation?.kind === Kind.OPERATION_DEFINITION ? hiddenBelow(operation.selectionSet, typeName, plan) : [];
  } catch {
    // The composer says what is wrong with it.
    return [];
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
