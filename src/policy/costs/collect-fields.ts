import {
  type DirectiveNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  isAbstractType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import type { FormulaBuilder, Term } from './formula.ts';

/** What is asked for under one name of the answer. */
export interface CollectedField {
  readonly nodes: readonly FieldNode[];
  /** 1 where it is asked for, 0 where `@skip` and `@include` leave it out, as far as they stand in this object. */
  readonly isThere: Term;
}

export interface FieldCollector {
  /** The fields of an object, with those of its fragments. */
  collect(type: GraphQLObjectType, sets: readonly SelectionSetNode[]): Iterable<CollectedField>;
  /** How many selections were looked at. */
  readonly visited: number;
}

export interface FieldCollectorContext {
  readonly schema: GraphQLSchema;
  readonly operation: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly formula: Pick<FormulaBuilder, 'read' | 'times' | 'largest'>;
}

interface Found {
  readonly nodes: FieldNode[];
  isThere: Term;
}

export function createFieldCollector({ schema, operation, fragments, formula }: FieldCollectorContext): FieldCollector {
  const conditions = new Map<string, Term>();
  const defaults = new Map(
    (operation.variableDefinitions ?? []).map(({ variable, defaultValue }) => [variable.name.value, defaultValue]),
  );
  let visited = 0;

  const either = (one: Term, other: Term): Term => (one === 1 || other === 1 ? 1 : formula.largest(one, other));
  const fits = (type: GraphQLObjectType, condition: string | undefined): boolean => {
    if (condition === undefined || condition === type.name) return true;
    const meant = schema.getType(condition);
    return isAbstractType(meant) && schema.isSubType(meant, type);
  };
  /** What a variable decides is read once, however often it does. */
  const byVariable = (name: string, isNeeded: boolean): Term => {
    const key = `${name} ${isNeeded}`;
    const otherwise = defaults.get(name);
    const byDefault = otherwise?.kind === Kind.BOOLEAN ? otherwise.value : undefined;
    const term =
      conditions.get(key) ??
      formula.read((variables) => {
        const given = Object.hasOwn(variables, name) ? variables[name] : undefined;
        return (given ?? byDefault) === !isNeeded ? 0 : 1;
      });
    conditions.set(key, term);
    return term;
  };
  const isThereBy = (directives: readonly DirectiveNode[], around: Term): Term => {
    let isThere = around;
    for (const { name, arguments: given = [] } of directives) {
      if (name.value !== 'include' && name.value !== 'skip') continue;
      const isNeeded = name.value === 'include';
      const value = given.find((argument) => argument.name.value === 'if')?.value;
      if (value?.kind === Kind.BOOLEAN && value.value !== isNeeded) return 0;
      if (value?.kind === Kind.VARIABLE) isThere = formula.times(isThere, byVariable(value.name.value, isNeeded));
    }
    return isThere;
  };

  const collect = (
    type: GraphQLObjectType,
    { selections }: SelectionSetNode,
    around: Term,
    fields: Map<string, Found>,
    spread: Map<string, Term>,
  ): void => {
    for (const node of selections) {
      visited += 1;
      let isThere = isThereBy(node.directives ?? [], around);
      if (isThere === 0) continue;
      if (node.kind === Kind.FIELD) {
        const name = node.alias?.value ?? node.name.value;
        const found = fields.get(name);
        if (found === undefined) fields.set(name, { nodes: [node], isThere });
        else {
          found.nodes.push(node);
          found.isThere = either(found.isThere, isThere);
        }
        continue;
      }
      const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
      if (fragment === undefined || !fits(type, fragment.typeCondition?.name.value)) continue;
      if (node.kind === Kind.FRAGMENT_SPREAD) {
        const before = spread.get(node.name.value);
        // Twice in one place it says nothing new. Under other conditions it counts as if there were none, so that it is looked at
        // twice at the most.
        if (before === isThere || before === 1) continue;
        if (before !== undefined) isThere = 1;
        spread.set(node.name.value, isThere);
      }
      collect(type, fragment.selectionSet, isThere, fields, spread);
    }
  };
  return {
    collect(type, sets) {
      const fields = new Map<string, Found>();
      const spread = new Map<string, Term>();
      for (const set of new Set(sets)) collect(type, set, 1, fields, spread);
      return fields.values();
    },
    get visited() {
      return visited;
    },
  };
}
