import {
  type GraphQLNamedType,
  type GraphQLSchema,
  type GraphQLType,
  getNamedType,
  isEnumType,
  isInputType,
  isLeafType,
  isListType,
  isNonNullType,
  isOutputType,
  isScalarType,
  Kind,
  parseType,
  specifiedScalarTypes,
  type TypeNode,
} from 'graphql';
import { didYouMean } from '../../kernel/suggest.ts';
import { SCALARS } from '../../sources/scalars.ts';
import { namedType, type Report } from './choose.ts';
import { isCommonType, type Names } from './names.ts';

/** A type that the configuration gives a field or an argument. */
export interface NewType {
  /** In the graph's names. */
  readonly node: TypeNode;
  /** Its named type, in the source's names. */
  readonly named: string;
  /** Whether another scalar stands in the place of the source's. */
  readonly isOtherLeaf: boolean;
  readonly isNonNull: boolean;
}

interface TypeChange {
  readonly text: string;
  readonly from: GraphQLType;
  readonly place: 'input' | 'output';
  /** An expression makes the value: it can be anything. */
  readonly isFree: boolean;
  readonly path: readonly string[];
  readonly label: string;
}

/** Leaves that one leaf can be shown as. */
const SHOWN_AS: Readonly<Record<string, readonly string[]>> = {
  Int: ['Int64', 'ID', 'Float', 'String', 'JSON'],
  Float: ['Int', 'Int64', 'String', 'JSON'],
  String: ['ID', 'Int', 'Int64', 'Float', 'JSON'],
  ID: ['String', 'Int', 'Int64', 'JSON'],
  Int64: ['Int', 'ID', 'Float', 'String', 'JSON'],
  Boolean: ['String', 'JSON'],
};

/** Reads configured types, which are in the graph's names, and judges whether the source's values can be of them. */
export function createTypeReader(schema: GraphQLSchema, names: Names, report: Report) {
  const bySourceName = new Map<string, string>();
  for (const type of Object.values(schema.getTypeMap()))
    if (!type.name.startsWith('__')) bySourceName.set(names.type(type.name), type.name);
  for (const { name } of specifiedScalarTypes) bySourceName.set(name, name);
  for (const name of Object.keys(SCALARS)) bySourceName.set(name, name);

  return ({ text, from, place, isFree, path, label }: TypeChange): NewType | undefined => {
    const refuse = (message: string, suggestion?: string) => {
      report({ path, message, ...(suggestion === undefined ? {} : { suggestion }) });
      return undefined;
    };
    let node: TypeNode;
    try {
      node = parseType(text, { noLocation: true });
    } catch {
      return refuse(`"${text}" is no GraphQL type.`, 'Write it as in SDL, e.g. [Product!]!.');
    }
    const shown = namedType(node);
    const named = bySourceName.get(shown);
    if (named === undefined) {
      const known = schema.getType(shown) === undefined ? undefined : names.type(shown);
      const hint = known === undefined ? didYouMean(shown, bySourceName.keys()) : ` In the graph it is "${known}".`;
      return refuse(`There is no type "${shown}".${hint}`);
    }
    const type = schema.getType(named);
    const fits = type === undefined || (place === 'input' ? isInputType(type) : isOutputType(type));
    if (!fits) return refuse(`${label} cannot be of type ${text}: ${shown} is no ${place} type.`);
    const old = getNamedType(from) as GraphQLNamedType;
    const isOtherLeaf = named !== old.name;
    if (!isFree) {
      const byExpression = place === 'output' ? 'response' : 'request';
      if (shapeOfType(from) !== shapeOfNode(node))
        return refuse(
          `${label} is ${String(from)} at the source: it can be a list or not only by a ${byExpression}.`,
          `Add a ${byExpression} expression that makes the value.`,
        );
      if (isOtherLeaf && !canBe(old, named, place))
        return refuse(
          `${label} is ${old.name} at the source, which cannot become ${shown}.`,
          `Add a ${byExpression} expression that makes the value.`,
        );
    }
    return { node, named, isOtherLeaf, isNonNull: node.kind === Kind.NON_NULL_TYPE };
  };
}

function canBe(old: GraphQLNamedType, named: string, place: 'input' | 'output'): boolean {
  if (!isLeafType(old) || !isCommonType(named)) return false;
  if (old.name === 'Upload' || named === 'Upload') return false;
  // What an enum is called upstream is a text of its own.
  if (isEnumType(old)) return named === 'String' || named === 'JSON' || named === 'ID';
  if (old.name === 'JSON' || (isScalarType(old) && !isCommonType(old.name))) return true;
  if (place === 'input')
    return named === 'JSON' || (SHOWN_AS[named]?.includes(old.name) ?? false) || canBe(old, named, 'output');
  return SHOWN_AS[old.name]?.includes(named) ?? false;
}

/** `[[.]]` for lists of lists, whatever may be null. */
function shapeOfType(type: GraphQLType): string {
  if (isNonNullType(type)) return shapeOfType(type.ofType);
  return isListType(type) ? `[${shapeOfType(type.ofType)}]` : '.';
}

function shapeOfNode(node: TypeNode): string {
  if (node.kind === Kind.NAMED_TYPE) return '.';
  return node.kind === Kind.LIST_TYPE ? `[${shapeOfNode(node.type)}]` : shapeOfNode(node.type);
}
