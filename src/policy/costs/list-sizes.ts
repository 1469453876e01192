import {
  type FieldNode,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLType,
  getNullableType,
  isLeafType,
  Kind,
  type OperationDefinitionNode,
  type ValueNode,
} from 'graphql';
import { type FormulaBuilder, MOST, type Term, type Variables } from './formula.ts';
import type { SizeOptions } from './options.ts';

/** Arguments that say how many are wanted. */
const SIZES: ReadonlySet<string> = new Set(
  ['first', 'last', 'limit', 'take', 'pageSize', 'perPage', 'maxResults'].flatMap(spellings),
);
/** The same words mean other things as well: they make a list longer than is assumed, never shorter. */
const PERHAPS_SIZES: ReadonlySet<string> = new Set(['size', 'count', 'top'].flatMap(spellings));
const NUMBERS: ReadonlySet<string> = new Set(['Int', 'Int64']);

function spellings(name: string): string[] {
  return [name, name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
}

type Field = GraphQLField<unknown, unknown>;

export interface ListSizes {
  /** How many there are where nothing says it. */
  assumed(type: GraphQLObjectType, field: Field): number;
  /** What the arguments of a field say of how many it gives; undefined: nothing. */
  said(type: GraphQLObjectType, field: Field, node: FieldNode): Term | undefined;
}

export interface ListSizesContext {
  readonly operation: OperationDefinitionNode;
  readonly options: SizeOptions;
  readonly formula: Pick<FormulaBuilder, 'read'>;
}

/** What an argument says: as it is written, or as the request has it. */
type Told = string | ((variables: Variables) => unknown);

/** Sizes of lists as an operation asks for them. */
export function createListSizes({ operation, options, formula }: ListSizesContext): ListSizes {
  const readings = new Map<FieldNode, Map<string, Term>>();
  const defaults = new Map(
    (operation.variableDefinitions ?? []).map(({ variable, defaultValue }) => [variable.name.value, defaultValue]),
  );
  const assumed = (type: GraphQLObjectType, field: Field) => {
    const given = givenFor(options, type, field);
    return (typeof given === 'number' ? given : given?.assumed) ?? options.listSize;
  };
  /** Undefined: nothing, or what is no number. */
  const read = (node: ValueNode | undefined, path: readonly string[]): Told | undefined => {
    if (node === undefined) return undefined;
    if (node.kind === Kind.VARIABLE) {
      const name = node.name.value;
      const otherwise = read(defaults.get(name), path);
      return (variables) => {
        const given = Object.hasOwn(variables, name) ? variables[name] : undefined;
        return given === undefined ? otherwise : at(given, path);
      };
    }
    const [step, ...rest] = path;
    if (step !== undefined) {
      if (node.kind !== Kind.OBJECT) return undefined;
      return read(node.fields.find(({ name }) => name.value === step)?.value, rest);
    }
    return node.kind === Kind.INT || node.kind === Kind.STRING ? node.value : undefined;
  };
  return {
    assumed,
    said(type, field, node) {
      const otherwise = assumed(type, field);
      const places = placesOf(field, givenFor(options, type, field));
      const given = places.flatMap(({ argument, path, isSure }) => {
        const told = read(node.arguments?.find(({ name }) => name.value === argument)?.value, path);
        return told === undefined ? [] : [{ told, isSure }];
      });
      const fallback = largestOf(
        places.flatMap(({ argument, path, isSure }) => {
          const { defaultValue } = field.args.find(({ name }) => name === argument) ?? {};
          return sizeOf(at(defaultValue, path), isSure, otherwise) ?? [];
        }),
      );
      if (given.length === 0) return fallback;
      const sizeFor = (variables: Variables) => {
        let most: number | undefined;
        for (const { told, isSure } of given) {
          const size = sizeOf(typeof told === 'string' ? told : told(variables), isSure, otherwise);
          if (size !== undefined && (most === undefined || size > most)) most = size;
        }
        return most;
      };
      if (given.every(({ told }) => typeof told === 'string')) return sizeFor({});
      // Many types may have the same field of an interface.
      const key = `${otherwise} ${fallback} ${places.map(({ argument }) => argument).join()}`;
      const ofNode = readings.get(node) ?? new Map<string, Term>();
      readings.set(node, ofNode);
      const term = ofNode.get(key) ?? formula.read((variables) => sizeFor(variables) ?? fallback ?? otherwise);
      ofNode.set(key, term);
      return term;
    },
  };
}

interface SizePlace {
  readonly argument: string;
  readonly path: readonly string[];
  readonly isSure: boolean;
}

/** Where a field's arguments say sizes: as the options have it, or by the names of whole numbers. */
function placesOf({ args }: Field, given: ReturnType<typeof givenFor>): readonly SizePlace[] {
  if (typeof given === 'object' && given.argument !== undefined) {
    const [argument = '', ...path] = given.argument.split('.');
    return [{ argument, path, isSure: true }];
  }
  return args.flatMap(({ name, type }) => {
    const isSure = SIZES.has(name);
    return (isSure || PERHAPS_SIZES.has(name)) && isNumber(type) ? [{ argument: name, path: [], isSure }] : [];
  });
}

function isNumber(type: GraphQLType): boolean {
  const inner = getNullableType(type);
  return isLeafType(inner) && NUMBERS.has(inner.name);
}

/** What is said of the field itself, or of it in an interface. */
export function givenFor({ listSizes }: SizeOptions, type: GraphQLObjectType, { name }: Field) {
  for (const owner of [type, ...type.getInterfaces()]) {
    const given = Object.hasOwn(listSizes, `${owner.name}.${name}`) ? listSizes[`${owner.name}.${name}`] : undefined;
    if (given !== undefined) return given;
  }
  return undefined;
}

/** Undefined where nothing is said. What is no size, as 0 or -1, may mean all there are to a service: it says nothing that holds. */
function sizeOf(value: unknown, isSure: boolean, assumed: number): number | undefined {
  if (value === undefined || value === null) return undefined;
  const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
  const size = typeof number === 'number' && number >= 1 ? Math.min(MOST, Math.ceil(number)) : assumed;
  return isSure ? size : Math.max(size, assumed);
}

function largestOf(sizes: readonly number[]): number | undefined {
  return sizes.length === 0 ? undefined : Math.max(...sizes);
}

function at(value: unknown, path: readonly string[]): unknown {
  let inner = value;
  for (const step of path) {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, step)) return undefined;
    inner = (inner as Readonly<Record<string, unknown>>)[step];
  }
  return inner;
}
