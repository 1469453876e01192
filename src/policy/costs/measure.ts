import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isAbstractType,
  isCompositeType,
  isListType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  valueFromASTUntyped,
} from 'graphql';
import { createFieldCollector, type FieldCollector } from './collect-fields.ts';
import type { CostedGraph } from './costed-graph.ts';
import { createDifferingTypes, type DifferingTypes } from './differing-types.ts';
import type { FieldCall, FieldCalls } from './field-calls.ts';
import { asTerm, createFormulaBuilder, type Formula, type Term, type Variables } from './formula.ts';
import { createListSizes } from './list-sizes.ts';

export interface MeasuredOperation {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
}

/** What an operation costs at the most, as far as that can be told before it runs. */
export interface OperationCost {
  /** One for each object that it may give, and one for each call that gives none. */
  readonly units: Formula;
  /** What the models that it asks may cost. */
  readonly nanoUsd: Formula;
  /** How many selections were looked at to know it. */
  readonly visited: number;
}

interface Cost {
  readonly units: Term;
  readonly nanoUsd: Term;
}

const NOTHING: Cost = { units: 0, nanoUsd: 0 };

type Field = GraphQLField<unknown, unknown>;

/** Selections that are looked at to be exact. */
const MOST_VISITED = 50_000;

/**
 * Measures an operation. What GraphQL merges into one field counts once, of an abstract type the dearest of its types. What
 * `@skip` and `@include` leave out of an object costs nothing. The same selections of the same type are measured once,
 * however many fragments lead to them. The document is valid.
 */
export function measureOperation(graph: CostedGraph, measured: MeasuredOperation): OperationCost {
  const { operation } = measured;
  const measure = new Measure(graph, measured);
  const root = graph.schema.getRootType(operation.operation);
  const { units, nanoUsd } = root == null ? NOTHING : measure.object(root, [operation.selectionSet], undefined);
  return { units: measure.formula.build(units), nanoUsd: measure.formula.build(nanoUsd), visited: measure.visited };
}

class Measure {
  readonly formula = createFormulaBuilder();
  readonly #schema: GraphQLSchema;
  readonly #calls: FieldCalls;
  readonly #sizes: ReturnType<typeof createListSizes>;
  readonly #fields: FieldCollector;
  readonly #defaults: Variables;
  /** What was measured, by type, selections and the size that lists in it are given. */
  readonly #known = new Map<string, Cost>();
  readonly #ids = new Map<object, number>();
  readonly #reading = new Set<FieldCall>();
  readonly #typesOf: DifferingTypes;

  constructor(graph: CostedGraph, { document, operation }: MeasuredOperation) {
    const { schema, calls, options } = graph;
    this.#schema = schema;
    this.#calls = calls;
    this.#sizes = createListSizes({ operation, options, formula: this.formula });
    const fragments = new Map<string, FragmentDefinitionNode>();
    for (const definition of document.definitions)
      if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
    this.#fields = createFieldCollector({ schema, operation, fragments, formula: this.formula });
    this.#typesOf = createDifferingTypes(graph, fragments);
    const defaults = (operation.variableDefinitions ?? []).flatMap(({ variable, defaultValue }) =>
      defaultValue === undefined ? [] : [[variable.name.value, valueFromASTUntyped(defaultValue)]],
    );
    this.#defaults = Object.fromEntries(defaults);
  }

  get visited(): number {
    return this.#fields.visited;
  }

  /** @param given the size that its lists have by what stands around it */
  object(type: GraphQLObjectType, sets: readonly SelectionSetNode[], given: Term | undefined): Cost {
    const key = `${type.name} ${sets.map((set) => this.#id(set)).join()} ${this.#termKey(given)}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    let cost = NOTHING;
    for (const { nodes, isThere } of this.#fields.collect(type, sets)) {
      const { units, nanoUsd } = this.#field(type, nodes, given);
      cost = this.#sum(cost, {
        units: this.formula.times(units, isThere),
        nanoUsd: this.formula.times(nanoUsd, isThere),
      });
    }
    this.#known.set(key, cost);
    return cost;
  }

  /** A field as it stands in an object once, under one name. */
  #field(type: GraphQLObjectType, nodes: readonly FieldNode[], given: Term | undefined): Cost {
    const [node] = nodes;
    const field = node && type.getFields()[node.name.value];
    if (node === undefined || field === undefined) return NOTHING;
    const call = this.#calls(`${type.name}.${field.name}`);
    const own = this.#ofCall(type, node, call);
    const inner = getNamedType(field.type);
    if (!isCompositeType(inner)) return call === undefined ? NOTHING : this.#sum(own, { units: 1, nanoUsd: 0 });
    const said = this.#sizes.said(type, field, node);
    const depth = listDepth(field.type);
    const sets = [...new Set(nodes.flatMap(({ selectionSet }) => selectionSet ?? []))];
    const each = this.#inner(inner, sets, depth === 0 ? said : undefined);
    let size: Term = 1;
    for (let level = 0; level < depth; level += 1)
      size = this.formula.times(
        size,
        level === 0 ? this.#size(type, field, said, given) : this.#sizes.assumed(type, field),
      );
    return this.#sum(own, {
      units: this.formula.times(size, this.formula.plus(1, each.units)),
      nanoUsd: this.formula.times(size, each.nanoUsd),
    });
  }

  /** What a call costs by itself, with all that it reads. */
  #ofCall(type: GraphQLObjectType, node: FieldNode, call: FieldCall | undefined): Cost {
    if (call === undefined) return NOTHING;
    let cost: Cost = { units: 0, nanoUsd: this.#estimate(call, node) };
    // What reads itself by way of others has no end.
    if (this.#reading.has(call)) return cost;
    this.#reading.add(call);
    for (const read of call.reads) cost = this.#sum(cost, this.#field(type, [read], undefined));
    this.#reading.delete(call);
    return cost;
  }

  #estimate({ estimate, constants }: FieldCall, { arguments: given = [] }: FieldNode): Term {
    if (typeof estimate !== 'function') return asTerm(estimate ?? 0n);
    if (constants !== undefined) return this.formula.read(() => asTerm(estimate(constants)));
    return this.formula.read((variables) => {
      const values = { ...this.#defaults, ...variables };
      const known = given.map(({ name, value }) => [name.value, valueFromASTUntyped(value, values)] as const);
      return asTerm(estimate(Object.fromEntries(known)));
    });
  }

  /** How many a list has: by its own arguments, by what was said of the object around it, or as it is assumed. */
  #size(type: GraphQLObjectType, field: Field, said: Term | undefined, given: Term | undefined): Term {
    if (said !== undefined)
      return typeof said === 'number' || given === undefined ? said : this.formula.largest(said, given);
    const assumed = this.#sizes.assumed(type, field);
    if (given === undefined) return assumed;
    const lists = Object.values(type.getFields()).filter(isListOfObjects);
    const [edges, nodes] = ['edges', 'nodes'].map((name) => lists.find((list) => list.name === name));
    if (edges !== undefined || nodes !== undefined) return field === edges || field === nodes ? given : assumed;
    // Of several it cannot be told which of them is meant.
    return lists.length === 1 ? given : this.formula.largest(given, assumed);
  }

  #inner(type: GraphQLCompositeType, sets: readonly SelectionSetNode[], given: Term | undefined): Cost {
    // Of what stands in a connection all lists matter, whatever the interface shows of them.
    const types =
      given !== undefined && isAbstractType(type) ? this.#schema.getPossibleTypes(type) : this.#typesOf(type, sets);
    if (sets.length === 1 || this.visited < MOST_VISITED) return this.#dearest(types, sets, given);
    // What types merge can differ by every choice of types above: each set by itself is as much or more, and is known soon.
    return sets.map((set) => this.#dearest(types, [set], given)).reduce((sum, cost) => this.#sum(sum, cost), NOTHING);
  }

  #dearest(types: readonly GraphQLObjectType[], sets: readonly SelectionSetNode[], given: Term | undefined): Cost {
    let { units, nanoUsd } = NOTHING;
    for (const type of types) {
      const cost = this.object(type, sets, given);
      units = this.formula.largest(units, cost.units);
      nanoUsd = this.formula.largest(nanoUsd, cost.nanoUsd);
    }
    return { units, nanoUsd };
  }

  #sum(one: Cost, other: Cost): Cost {
    return {
      units: this.formula.plus(one.units, other.units),
      nanoUsd: this.formula.plus(one.nanoUsd, other.nanoUsd),
    };
  }

  #id(node: object): number {
    const known = this.#ids.get(node);
    if (known !== undefined) return known;
    this.#ids.set(node, this.#ids.size);
    return this.#ids.size - 1;
  }

  #termKey(term: Term | undefined): string {
    if (term === undefined) return '';
    return typeof term === 'number' ? String(term) : `$${term.slot}`;
  }
}

function listDepth(type: GraphQLOutputType): number {
  const inner = getNullableType(type);
  return isListType(inner) ? 1 + listDepth(inner.ofType) : 0;
}

function isListOfObjects({ type }: Field): boolean {
  return listDepth(type) > 0 && isCompositeType(getNamedType(type));
}
