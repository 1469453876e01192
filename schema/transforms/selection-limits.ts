import { getNullableType, isEnumType, isInputObjectType, isLeafType, isListType } from 'graphql';
import type { Source } from '../../sources/source.ts';
import { isRootType, type Report } from './choose.ts';
import { argumentsOf, fieldAt, type Plan } from './plan.ts';

/**
 * Refuses what cannot be said in the operations that a GraphQL service is sent: they hold what clients wrote, below the
 * root fields, so that only names can differ.
 */
export function refuseForSelections({ kind }: Source, plan: Plan, report: Report): void {
  const { choices, schema } = plan;
  const refuse = (path: readonly string[], what: string, suggestion?: string) =>
    report({
      path,
      message: `${what} cannot be transformed for a source of kind ${kind}.`,
      ...(suggestion === undefined ? {} : { suggestion }),
    });
  for (const [coordinate, { transform, path }] of choices.fields) {
    const [typeName = ''] = coordinate.split('.');
    if (transform.response === undefined) continue;
    if (!isRootType(typeName)) refuse([...path, 'response'], `The value of ${coordinate}`, 'Only root fields can.');
    else if (!isLeaf(coordinate, plan)) {
      report({
        path: [...path, 'response'],
        message: `${coordinate} has fields, which clients select: a response expression cannot make them.`,
        suggestion: 'Only a field without fields below it can have one for a source of this kind.',
      });
    }
  }
  // Operations for subgraphs are translated as a whole.
  if (kind === 'federation') return;
  for (const [name, { transform, path }] of choices.types) {
    if (!isEnumType(schema.getType(name))) continue;
    for (const [value, { name: renamed }] of Object.entries(transform.values))
      if (renamed !== undefined) refuse([...path, 'values', value, 'name'], `The name of the value ${name}.${value}`);
  }
  for (const [coordinate, { transform, path }] of choices.fields) {
    const [typeName = ''] = coordinate.split('.');
    const isInput = isInputObjectType(schema.getType(typeName));
    const isRoot = isRootType(typeName);
    const { name, type, request } = transform;
    if (name !== undefined && isInput) refuse([...path, 'name'], `The name of ${coordinate}`);
    if (type !== undefined && isInput) refuse([...path, 'type'], `The type of ${coordinate}`);
    for (const argument of argumentsOf(fieldAt(schema, coordinate))) {
      const own = transform.arguments[argument.name];
      if (own === undefined) continue;
      const at = [...path, 'arguments', argument.name];
      const label = `The argument "${argument.name}" of ${coordinate}`;
      const changed = plan.types.get(`${coordinate}(${argument.name})`);
      const isLost =
        changed?.isOtherLeaf === true ||
        (changed !== undefined && !(isStricter(argument, changed) || (isRoot && own.default !== undefined)));
      if (isLost && request === undefined)
        refuse([...at, 'type'], `The type of the argument "${argument.name}" of ${coordinate}`);
      const sends = own.default !== undefined || (own.hide === true && plan.constants.has(coordinate));
      if (sends && !isRoot)
        refuse(
          own.default === undefined ? at : [...at, 'default'],
          label,
          'Only arguments of root fields can have another default.',
        );
    }
  }
}

/** `ID` → `ID!`: what clients must write is what the service takes. */
function isStricter(
  argument: ReturnType<typeof argumentsOf>[number],
  changed: { readonly isNonNull: boolean },
): boolean {
  return changed.isNonNull || !String(argument.type).endsWith('!');
}

function isLeaf(coordinate: string, { schema, types }: Plan): boolean {
  const field = fieldAt(schema, coordinate);
  if (field === undefined) return false;
  const named = types.get(coordinate)?.named;
  const shown = named === undefined ? undefined : schema.getType(named);
  const own = isLeafOrList(field.type);
  return own && (shown === undefined || isLeafType(shown));
}

function isLeafOrList(type: NonNullable<ReturnType<typeof fieldAt>>['type']): boolean {
  const inner = getNullableType(type);
  return isListType(inner) ? isLeafOrList(inner.ofType) : isLeafType(inner);
}
