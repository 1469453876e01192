import {
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  Kind,
  parse,
  type SelectionSetNode,
} from 'graphql';
import type { SelectionShape, SourceModel } from '../../sources/source.ts';

interface KnownField {
  readonly type: string;
  readonly arguments: ReadonlySet<string>;
}

/** Type → field, all as they are called upstream. */
type KnownTypes = ReadonlyMap<string, ReadonlyMap<string, KnownField>>;

/** Tells whether a version has all that is selected below one of its root fields. Asked once for each selection. */
export function createSelectionCheck(schema: GraphQLSchema, model: SourceModel) {
  const known = knownTypes(schema, model);
  const answers = new WeakMap<SelectionShape, Map<string, boolean>>();
  return (typeName: string, shape: SelectionShape): boolean => {
    if (shape.text === '') return true;
    let byType = answers.get(shape);
    if (byType === undefined) {
      byType = new Map();
      answers.set(shape, byType);
    }
    let answer = byType.get(typeName);
    if (answer === undefined) {
      const [operation] = parse(shape.text, { noLocation: true }).definitions;
      const upstream = model.upstreamNames?.types.get(typeName) ?? typeName;
      answer = operation?.kind === Kind.OPERATION_DEFINITION && hasAll(operation.selectionSet, upstream, known);
      byType.set(typeName, answer);
    }
    return answer;
  };
}

function hasAll(set: SelectionSetNode, typeName: string, known: KnownTypes): boolean {
  return set.selections.every((node) => {
    if (node.kind === Kind.FRAGMENT_SPREAD) return false;
    if (node.kind === Kind.INLINE_FRAGMENT) {
      const condition = node.typeCondition?.name.value ?? typeName;
      return known.has(condition) && hasAll(node.selectionSet, condition, known);
    }
    if (node.name.value === '__typename') return true;
    const field = known.get(typeName)?.get(node.name.value);
    if (field === undefined || node.arguments?.some(({ name }) => !field.arguments.has(name.value))) return false;
    return node.selectionSet === undefined || hasAll(node.selectionSet, field.type, known);
  });
}

function knownTypes(schema: GraphQLSchema, { properties, upstreamNames }: SourceModel): KnownTypes {
  const types = new Map<string, Map<string, KnownField>>();
  const nameOf = (name: string) => upstreamNames?.types.get(name) ?? name;
  for (const type of Object.values(schema.getTypeMap())) {
    if (isUnionType(type)) types.set(nameOf(type.name), new Map());
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    const fields = new Map<string, KnownField>();
    for (const field of Object.values(type.getFields())) {
      const coordinate = `${type.name}.${field.name}`;
      const args = field.args.map(({ name }) => upstreamNames?.arguments.get(`${coordinate}(${name})`) ?? name);
      const named = getNamedType(field.type);
      fields.set(properties?.get(coordinate) ?? field.name, {
        type: nameOf(named.name),
        arguments: new Set(args),
      });
    }
    types.set(nameOf(type.name), fields);
  }
  return types;
}
