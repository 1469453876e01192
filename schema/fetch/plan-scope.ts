import {
  type FieldNode,
  type GraphQLSchema,
  isAbstractType,
  isObjectType,
  type OperationDefinitionNode,
  print,
  visit,
} from 'graphql';
import type { Composition } from '../compose.ts';
import type { Link } from '../links.ts';
import { type Fetch, type FieldPlans, type ReadValue, Unplannable } from './fetch-plan.ts';
import { namesOf, type SourceNames } from './names.ts';
import type { Place } from './place.ts';
import type { Routes } from './routes.ts';
import { isCondition } from './selection-text.ts';

/** Takes less than a second. */
const MAX_STEPS = 100_000;

export interface FetchPlannerDeps {
  readonly composition: Composition;
  readonly schema: GraphQLSchema;
  readonly routes: Routes;
  readonly plans: FieldPlans;
  /** The source whose local subgraph the document is for. */
  readonly localSource?: string;
}

/** What all parts of planning one operation know. */
export class PlanScope {
  readonly operation: OperationDefinitionNode;
  readonly deps: FetchPlannerDeps;
  readonly routes: Routes;
  /** By coordinate. */
  readonly links: ReadonlyMap<string, Link>;
  private left = MAX_STEPS;
  private readonly names = new Map<string, SourceNames>();
  private readonly declared: ReadonlyMap<string, string>;

  constructor(operation: OperationDefinitionNode, deps: FetchPlannerDeps) {
    this.operation = operation;
    this.deps = deps;
    this.routes = deps.routes;
    this.links = new Map(deps.composition.links.map((link) => [`${link.typeName}.${link.fieldName}`, link]));
    this.declared = new Map(
      (operation.variableDefinitions ?? []).map(({ variable, type, defaultValue }) => {
        // A default may be what lets a nullable variable stand where null is not taken.
        const preset = defaultValue === undefined ? '' : ` = ${print(defaultValue)}`;
        return [variable.name.value, `${print(type)}${preset}`];
      }),
    );
  }

  /** Counts a field on one of the types it may be read from: with many types below each other there is no end. */
  spend(): void {
    this.left -= 1;
    if (this.left < 0) throw new Unplannable(`has fields on too many types: more than ${MAX_STEPS} together`);
  }

  /** How a source makes a field of its objects, if by an expression. */
  readerOf(source: string, typeName: string, fieldName: string): ReadValue | undefined {
    const model = this.deps.composition.ownership.sources.get(source)?.source.model;
    return model?.values?.get(`${typeName}.${fieldName}`);
  }

  namesOf(source: string): SourceNames {
    let names = this.names.get(source);
    if (names === undefined) {
      names = namesOf(this.deps.composition.ownership.sources.get(source)?.source.model);
      this.names.set(source, names);
    }
    return names;
  }

  /** Whether an object type is, or is part of, another type of the graph. */
  isA(typeName: string, condition: string): boolean {
    if (typeName === condition) return true;
    const { schema } = this.deps;
    const [type, other] = [schema.getType(typeName), schema.getType(condition)];
    if (isObjectType(type) && isAbstractType(other)) return schema.isSubType(other, type);
    return false;
  }

  mixedFields(source: string): ReadonlySet<string> {
    return this.namesOf(source).mixed(this.routes.schemaOf(source));
  }

  mergeLink(source: string, typeName: string): Link | undefined {
    return this.deps.composition.merges.get(typeName)?.sources.get(source);
  }

  takesSelections(link: Link): boolean {
    return this.deps.composition.ownership.call(link.call, link.target)?.usesSelection === true;
  }

  /** Conditions around a place hold in another fetch as well, with their variables. */
  inFetch(place: Pick<Place, 'conditions'>, fetch: Fetch): readonly string[] {
    for (const condition of place.conditions) {
      for (const [, name] of condition.matchAll(/\$([A-Za-z_]\w*)/g)) {
        const type = name === undefined ? undefined : this.declared.get(name);
        if (name !== undefined && type !== undefined) fetch.variables.set(name, type);
      }
    }
    return place.conditions;
  }

  directives(node: { readonly directives?: FieldNode['directives'] }, fetch: Fetch): string {
    const conditions = (node.directives ?? []).filter(isCondition);
    return conditions.map((directive) => `${this.text(directive, fetch)} `).join('');
  }

  text(node: Parameters<typeof print>[0], fetch: Fetch): string {
    visit(node, {
      Variable: ({ name }) => {
        const type = this.declared.get(name.value);
        if (type !== undefined) fetch.variables.set(name.value, this.namesOf(fetch.source).variableType(type));
      },
    });
    return print(node);
  }

  /** Whether types that may stand here have different types for the field: one response key cannot hold both. */
  isAmbiguous(place: Place, typeName: string, fieldName: string): boolean {
    const schema = this.routes.schemaOf(place.source);
    const own = schema.getType(typeName);
    if (place.types.length < 2 && place.staticType === typeName && !isAbstractType(schema.getType(place.staticType))) {
      // Narrowed by a fragment: its siblings still share the object.
      return isObjectType(own) && this.mixedFields(place.source).has(`${typeName}.${fieldName}`);
    }
    return this.mixedFields(place.source).has(`${typeName}.${fieldName}`);
  }
}
