import {
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  print,
  type SelectionSetNode,
  visit,
} from 'graphql';
import type { SourceCall } from '../../sources/source.ts';
import type { Composition } from '../compose.ts';
import type { Link } from '../links.ts';
import { type EntityFetch, type Fetch, type FieldPlans, type Need, type RootFetch, Unplannable } from './fetch-plan.ts';
import { namesOf, type SourceNames } from './names.ts';
import { argumentKey } from './response-keys.ts';
import { providedField, type Route, type Routes } from './routes.ts';

/** The place of an object in a document: where it came from, and what is written for that source below it. */
interface Place {
  readonly source: string;
  /** Whether the source takes selections; others give their objects whole. */
  readonly selects: boolean;
  /** What the text is written on, in the graph's words. */
  readonly staticType: string;
  /** The object types that may stand here. */
  readonly types: readonly string[];
  /** Whether each field must say which of the types it is for. */
  readonly guarded: boolean;
  readonly provided: SelectionSetNode | undefined;
  /** Conditions around it: `@include(if: $a)`. */
  readonly conditions: readonly string[];
  /** The type that `base` is written on, whatever fragments are around. */
  readonly baseType: string;
  /** What is needed beside the client's own selection goes here, without conditions. */
  readonly base: Set<string>;
  readonly fetch: Fetch;
  readonly entities: Map<string, EntityFetch>;
}

export interface FetchPlannerDeps {
  readonly composition: Composition;
  readonly schema: GraphQLSchema;
  readonly routes: Routes;
  readonly plans: FieldPlans;
  /** The source whose local subgraph the document is for. */
  readonly localSource?: string;
}

/**
 * Plans all that a document asks upstreams, into `plans`. The document must be one operation with its fragments written
 * out.
 * @throws Unplannable
 */
export function planFetches(document: DocumentNode, deps: FetchPlannerDeps): void {
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (operation !== undefined) new FetchPlanner(operation, deps).planRoot();
}

/** Plans what stands below an object that has everything it is asked for: what a link reads from the graph. */
export function planBelow(
  document: DocumentNode,
  set: SelectionSetNode,
  typeName: string,
  deps: FetchPlannerDeps,
): void {
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (operation !== undefined) new FetchPlanner(operation, deps).planWhole(set, typeName);
}

class FetchPlanner {
  private readonly operation: OperationDefinitionNode;
  private readonly deps: FetchPlannerDeps;
  private readonly routes: Routes;
  private readonly links: ReadonlyMap<string, Link>;
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

  planRoot(): void {
    const { operation } = this.operation;
    const rootName = operation === 'query' ? 'Query' : operation === 'mutation' ? 'Mutation' : 'Subscription';
    const fetches = new Map<string, RootFetch>();
    for (const { node, conditions } of flatten(this.operation.selectionSet, [])) {
      if (node.name.value.startsWith('__')) continue;
      if (node.name.value === '_entities') {
        this.planEntities(node);
        continue;
      }
      const coordinate = `${rootName}.${node.name.value}`;
      const source = this.rootSource(rootName, node, fetches);
      const call = this.deps.composition.ownership.sources.get(source)?.source.model.calls.get(coordinate);
      if (call?.usesSelection !== true) {
        this.planBelowField(rootName, node, this.wholePlace(source));
      } else if (operation === 'subscription' || call.upstreamField === undefined) {
        this.planShape(rootName, node, source);
      } else {
        this.planRootFetch(rootName, node, conditions, source, call.upstreamField, fetches);
      }
    }
  }

  planWhole(set: SelectionSetNode, typeName: string): void {
    const { localSource, composition } = this.deps;
    const owner = localSource !== undefined && composition.merges.has(typeName) ? localSource : undefined;
    const place = this.wholePlace(owner ?? composition.ownership.types.get(typeName) ?? '');
    this.select(set, { ...place, staticType: typeName, types: [typeName] });
  }

  /** What a local subgraph is asked for by representations: they have all that links of it read. */
  private planEntities(node: FieldNode): void {
    for (const fragment of node.selectionSet?.selections ?? []) {
      const typeName = fragment.kind === Kind.INLINE_FRAGMENT ? fragment.typeCondition?.name.value : undefined;
      if (fragment.kind !== Kind.INLINE_FRAGMENT || typeName === undefined) continue;
      const link = this.deps.localSource === undefined ? undefined : this.mergeLink(this.deps.localSource, typeName);
      if (link === undefined || !this.takesSelections(link)) this.planWhole(fragment.selectionSet, typeName);
      else {
        const fetch = newFetch(link.target);
        const inner = this.below(fragment.selectionSet, this.place(link.target, typeName, [typeName], fetch));
        const text = `{ ${inAnswer(link, inner.slice(1, -1))} }`;
        this.deps.plans.set(node, typeName, { shape: { text, variables: fetch.variables } });
      }
    }
  }

  /** The source that answers a root field: of several subgraphs the one that is asked already, or has the most below. */
  private rootSource(rootName: string, node: FieldNode, fetches: ReadonlyMap<string, RootFetch>): string {
    const { ownership, supergraph } = this.deps.composition;
    const owner = ownership.rootFields.get(`${rootName}.${node.name.value}`) ?? '';
    if (!ownership.federated.has(owner)) return owner;
    const having = [...(supergraph?.types.get(rootName)?.fields.get(node.name.value)?.subgraphs.keys() ?? [owner])]
      .filter((source) => this.routes.fieldIn(source, rootName, node.name.value)?.external === false)
      .map((source) => ({ source, cost: this.missing(source, rootName, node) * 2 - Number(fetches.has(source)) }))
      .sort((a, b) => a.cost - b.cost)
      .map(({ source }) => source);
    const found = having.find((source) => this.canPlanBelow(source, rootName, node, undefined));
    if (found === undefined) throw new Unplannable(`needs ${rootName}.${node.name.value} of several subgraphs at once`);
    return found;
  }

  /** How many fields right below a field others must be asked for when this source answers it. */
  private missing(source: string, typeName: string, node: FieldNode): number {
    const result = this.routes.typeOf(source, typeName, node.name.value);
    if (node.selectionSet === undefined || result === undefined) return 0;
    const types = this.routes.possibleTypes(source, result);
    return flatten(node.selectionSet, []).filter(({ node: { name } }) =>
      types.some(
        (type) => !name.value.startsWith('__') && this.routes.fieldIn(source, type, name.value)?.external !== false,
      ),
    ).length;
  }

  private planRootFetch(
    rootName: string,
    node: FieldNode,
    conditions: readonly string[],
    source: string,
    upstreamField: NonNullable<SourceCall['upstreamField']>,
    fetches: Map<string, RootFetch>,
  ): void {
    // One that may not be null takes the others' answers with it when it fails: it goes alone. Mutations go one by one.
    const shares = this.operation.operation === 'query' && upstreamField.isNullable;
    const name = shares ? source : `${source} ${node.name.value} ${fetches.size}`;
    let fetch = fetches.get(name);
    if (fetch === undefined) {
      fetch = { ...newFetch(source), type: this.operation.operation === 'mutation' ? 'mutation' : 'query' };
      fetches.set(name, fetch);
    }
    fetch.fields.add(upstreamField.name);
    const key = argumentKey(node, upstreamField.name);
    const place = this.place(source, rootName, [rootName], fetch);
    const text = this.fieldText(rootName, node, { ...place, conditions: [] }, { key, name: upstreamField.name });
    fetch.parts.add(wrap(text, this.inFetch({ conditions }, fetch)));
    this.deps.plans.set(node, rootName, { key, root: fetch });
  }

  /** What a call is told of the selection below its field. */
  private planShape(parent: string, node: FieldNode, source: string, link?: Link): void {
    const fetch = newFetch(source);
    let text: string;
    if (link === undefined) text = this.planBelowField(parent, node, this.place(source, parent, [parent], fetch));
    else {
      const typeName = parseTypeName(link.type);
      const types = this.routes.possibleTypes(source, typeName);
      text =
        node.selectionSet === undefined
          ? ''
          : this.below(node.selectionSet, this.place(source, typeName, types, fetch));
      const { items, match, pick } = link.answer;
      if (pick !== undefined) text = `{ ${pick} ${text} }`;
      if (match !== undefined) text = text === '' ? `{ ${match} }` : `{ ${match} ${text.slice(1, -1)} }`;
      for (const step of [...items].reverse()) text = `{ ${step} ${text} }`;
    }
    this.deps.plans.set(node, parent, { shape: { text, variables: fetch.variables } });
  }

  private wholePlace(source: string): Place {
    return { ...this.place(source, '', [], newFetch(source)), selects: false };
  }

  private place(source: string, staticType: string, types: readonly string[], fetch: Fetch): Place {
    return {
      source,
      selects: true,
      staticType,
      baseType: staticType,
      types,
      guarded: false,
      provided: undefined,
      conditions: [],
      base: new Set(),
      fetch,
      entities: new Map(),
    };
  }

  private namesOf(source: string): SourceNames {
    let names = this.names.get(source);
    if (names === undefined) {
      names = namesOf(this.deps.composition.ownership.sources.get(source)?.source.model);
      this.names.set(source, names);
    }
    return names;
  }

  /** `{ … }` for everything below a field; a typename stands in for nothing. */
  private below(set: SelectionSetNode | undefined, place: Place): string {
    const parts = set === undefined ? [] : this.select(set, place);
    const isOneType = isObjectType(this.routes.schemaOf(place.source).getType(place.staticType));
    const all = new Set([...(isOneType ? [] : ['__typename']), ...parts, ...place.base]);
    return `{ ${all.size === 0 ? '__typename' : [...all].join(' ')} }`;
  }

  /** Texts for the place's own source; what others resolve goes into fetches of theirs. */
  private select(set: SelectionSetNode, place: Place): string[] {
    const parts: string[] = [];
    for (const node of set.selections) {
      if (node.kind === Kind.FIELD) parts.push(...this.selectField(node, place));
      if (node.kind !== Kind.INLINE_FRAGMENT) continue;
      const condition = node.typeCondition?.name.value ?? place.staticType;
      const types = place.types.filter((type) => this.isA(type, condition));
      if (types.length === 0) continue;
      const conditions = (node.directives ?? []).filter(isCondition);
      const directives = conditions.map((directive) => `${print(directive)} `).join('');
      const schema = place.selects ? this.routes.schemaOf(place.source) : undefined;
      const isKnown =
        schema !== undefined &&
        isCompositeType(schema.getType(condition)) &&
        !this.routes.isInterfaceObject(place.source, place.staticType);
      const narrowed = isKnown && !place.guarded;
      const inner = this.select(node.selectionSet, {
        ...place,
        types,
        staticType: narrowed ? condition : place.staticType,
        guarded: place.guarded || !isKnown,
        conditions: directives === '' ? place.conditions : [...place.conditions, directives],
      });
      if (inner.length === 0 || !place.selects) continue;
      for (const condition of conditions) this.text(condition, place.fetch);
      const on = narrowed && condition !== place.staticType ? ` on ${this.namesOf(place.source).type(condition)}` : '';
      parts.push(on === '' && directives === '' ? inner.join(' ') : `...${on} ${directives}{ ${inner.join(' ')} }`);
    }
    return parts;
  }

  /** Whether an object type is, or is part of, another type of the graph. */
  private isA(typeName: string, condition: string): boolean {
    if (typeName === condition) return true;
    const { schema } = this.deps;
    const [type, other] = [schema.getType(typeName), schema.getType(condition)];
    if (isObjectType(type) && isAbstractType(other)) return schema.isSubType(other, type);
    return false;
  }

  private selectField(node: FieldNode, place: Place): string[] {
    const name = node.name.value;
    if (name.startsWith('__')) return place.selects ? ['__typename'] : [];
    const texts = new Map<string, string[]>();
    const types = this.isUniform(place, name) ? [place.types[0] ?? place.staticType] : place.types;
    for (const type of types) {
      const text = this.selectOn(type, node, place);
      if (text === undefined) continue;
      const same = texts.get(text);
      if (same === undefined) texts.set(text, [type]);
      else same.push(type);
    }
    if (!place.selects) return [];
    const onInterface = this.routes.isInterfaceObject(place.source, place.staticType);
    return [...texts].flatMap(([text, having]) => {
      const everywhere = having.length === types.length && !place.guarded && this.hasStatically(place, name);
      if (everywhere || onInterface || (place.types.length === 1 && place.types[0] === place.staticType)) return [text];
      return having.map((type) => `... on ${this.namesOf(place.source).type(type)} { ${text} }`);
    });
  }

  /** A source of its own gives the same field on all of its types; it is enough to look at one. */
  private isUniform(place: Place, fieldName: string): boolean {
    const { ownership } = this.deps.composition;
    if (place.types.length < 2 || place.guarded || ownership.federated.has(place.source)) return false;
    return place.selects && this.hasStatically(place, fieldName);
  }

  private hasStatically(place: Place, fieldName: string): boolean {
    const type = this.routes.schemaOf(place.source).getType(place.staticType);
    if (!isObjectType(type) && !isInterfaceType(type)) return false;
    if (type.getFields()[fieldName] === undefined) return false;
    return (
      !this.deps.composition.ownership.federated.has(place.source) ||
      this.routes.fieldIn(place.source, place.staticType, fieldName) !== undefined
    );
  }

  /** One field on one object type: its text for the place's source, or undefined when others resolve it. */
  private selectOn(typeName: string, node: FieldNode, place: Place): string | undefined {
    const name = node.name.value;
    const link = this.links.get(`${typeName}.${name}`);
    if (link !== undefined) {
      this.planLink(link, node, place);
      return undefined;
    }
    const entry = this.routes.fieldIn(place.source, typeName, name);
    const bare: FieldNode = { kind: Kind.FIELD, name: node.name };
    if (entry !== undefined && this.routes.has(place.source, typeName, bare, place.provided)) {
      if (this.canPlanBelow(place.source, typeName, node, place.provided)) return this.ownText(typeName, node, place);
    }
    if (!place.selects && !this.deps.composition.merges.has(typeName)) return undefined;
    this.planEntity(typeName, node, place);
    return undefined;
  }

  private ownText(typeName: string, node: FieldNode, place: Place): string {
    const name = this.namesOf(place.source).field(typeName, node.name.value);
    const isAmbiguous = place.selects && this.isAmbiguous(place, typeName, node.name.value);
    const key = isAmbiguous ? `skein_${typeName}_${argumentKey(node, name)}` : argumentKey(node, name);
    // Other sources of a shared type may keep the field elsewhere.
    if (isAmbiguous || name !== node.name.value) this.deps.plans.set(node, typeName, { key });
    return this.fieldText(typeName, node, place, { key, name });
  }

  /** Whether types that may stand here have different types for the field: one response key cannot hold both. */
  private isAmbiguous(place: Place, typeName: string, fieldName: string): boolean {
    const schema = this.routes.schemaOf(place.source);
    const own = schema.getType(typeName);
    if (place.types.length < 2 && place.staticType === typeName && !isAbstractType(schema.getType(place.staticType))) {
      // Narrowed by a fragment: its siblings still share the object.
      return isObjectType(own) && this.mixedFields(place.source).has(`${typeName}.${fieldName}`);
    }
    return this.mixedFields(place.source).has(`${typeName}.${fieldName}`);
  }

  private mixedFields(source: string): ReadonlySet<string> {
    return this.namesOf(source).mixed(this.routes.schemaOf(source));
  }

  /** `key: name(args) @conditions { below }`, and the plans of everything below. */
  private fieldText(
    typeName: string,
    node: FieldNode,
    place: Place,
    { key, name }: { readonly key: string; readonly name: string },
  ): string {
    const inner = this.planBelowField(typeName, node, place);
    if (!place.selects) return '';
    const names = this.namesOf(place.source);
    const args = (node.arguments ?? []).map(
      (argument) =>
        `${names.argument(typeName, node.name.value, argument.name.value)}: ${this.text(argument.value, place.fetch)}`,
    );
    const alias = key === name ? '' : `${key}: `;
    const list = args.length === 0 ? '' : `(${args.join(', ')})`;
    return `${alias}${name}${list} ${this.directives(node, place.fetch)}${inner}`.trim();
  }

  private planBelowField(typeName: string, node: FieldNode, place: Place): string {
    if (node.selectionSet === undefined) return '';
    const { ownership } = this.deps.composition;
    const result =
      this.routes.typeOf(place.source, typeName, node.name.value) ??
      getNamedTypeName(ownership.field(typeName, node.name.value)?.type);
    if (result === undefined) return '';
    const provided =
      place.provided === undefined ? undefined : providedField(place.provided, node.name.value, typeName)?.selectionSet;
    const below = {
      ...this.place(place.source, result, this.routes.possibleTypes(place.source, result), place.fetch),
      selects: place.selects,
      provided: provided ?? this.routes.fieldIn(place.source, typeName, node.name.value)?.provides,
    };
    if (this.routes.isInterfaceObject(place.source, result)) this.planType(typeName, node, result, below);
    return this.below(node.selectionSet, below);
  }

  /** Which type an interface object is, another subgraph must tell before anything else is read of it. */
  private planType(typeName: string, node: FieldNode, interfaceName: string, place: Place): void {
    const teller = this.routes.typeTeller(interfaceName, place.source);
    if (teller === undefined) throw new Unplannable(`nobody tells which ${interfaceName} "${place.source}" means`);
    const fetch: EntityFetch = { ...newFetch(teller.source), typeName: interfaceName, needs: new Map() };
    fetch.fields.add('__typename');
    fetch.parts.add('__typename');
    this.addNeeds(fetch, teller.key, interfaceName, place, true);
    this.deps.plans.set(node, typeName, { typed: fetch });
  }

  private planLink(link: Link, node: FieldNode, place: Place): void {
    if (!place.selects) {
      this.planLinkCall(link, node);
      return;
    }
    const needs = link.key.map((name) => this.need(fieldNode(name), link.typeName, place, true));
    if (needs.some(({ from }) => from !== undefined)) this.deps.plans.set(node, link.typeName, { needs });
    this.planLinkCall(link, node);
  }

  private planLinkCall(link: Link, node: FieldNode): void {
    const { ownership } = this.deps.composition;
    const call = ownership.call(link.call, link.target);
    if (call?.usesSelection === true) this.planShape(link.typeName, node, link.target, link);
    else if (node.selectionSet !== undefined) {
      const typeName = parseTypeName(link.type);
      const types = this.routes.possibleTypes(link.target, typeName);
      this.select(node.selectionSet, { ...this.wholePlace(link.target), staticType: typeName, types });
    }
  }

  /** Puts a field into the fetch of a subgraph that resolves it. */
  private planEntity(typeName: string, node: FieldNode, place: Place): void {
    const routes = this.routes.routesTo(place.source, typeName, node.name.value, place.provided);
    const usable = routes
      .filter((route) => this.canPlanBelow(route.source, typeName, node, undefined))
      .sort(
        (a, b) =>
          Number(place.entities.has(entityName(b, b.typeName))) -
            Number(place.entities.has(entityName(a, a.typeName))) || a.cost - b.cost,
      );
    const [route] = usable;
    if (route === undefined)
      throw new Unplannable(`needs ${typeName}.${node.name.value}, which has no plain way from "${place.source}"`);
    const fetch = this.entityFetch(typeName, route, place);
    const target = this.entityPlace(fetch, typeName);
    const name = this.namesOf(fetch.source).field(typeName, node.name.value);
    const key = argumentKey(node, name);
    fetch.fields.add(name);
    const text = this.fieldText(typeName, node, target, { key, name });
    this.addPart(fetch, typeName, wrap(text, this.inFetch(place, fetch)));
    for (const part of target.base) this.addPart(fetch, typeName, part);
    this.deps.plans.set(node, typeName, { key, entity: fetch });
  }

  /** Adds to what a subgraph is asked of an entity; a merged type's call says where in its answer the object stands. */
  private addPart(fetch: EntityFetch, typeName: string, text: string): void {
    const link = this.mergeLink(fetch.source, typeName);
    if (link === undefined) fetch.parts.add(text);
    else if (this.takesSelections(link)) fetch.parts.add(inAnswer(link, text));
  }

  private mergeLink(source: string, typeName: string): Link | undefined {
    return this.deps.composition.merges.get(typeName)?.sources.get(source);
  }

  private takesSelections(link: Link): boolean {
    return this.deps.composition.ownership.call(link.call, link.target)?.usesSelection === true;
  }

  /** Conditions around a place hold in another fetch as well, with their variables. */
  private inFetch(place: Pick<Place, 'conditions'>, fetch: Fetch): readonly string[] {
    for (const condition of place.conditions) {
      for (const [, name] of condition.matchAll(/\$([A-Za-z_]\w*)/g)) {
        const type = name === undefined ? undefined : this.declared.get(name);
        if (name !== undefined && type !== undefined) fetch.variables.set(name, type);
      }
    }
    return place.conditions;
  }

  private entityPlace(fetch: EntityFetch, typeName: string): Place {
    const link = this.mergeLink(fetch.source, typeName);
    const selects = link === undefined || this.takesSelections(link);
    return { ...this.place(fetch.source, fetch.typeName, [typeName], fetch), selects };
  }

  private entityFetch(typeName: string, route: Route, place: Place): EntityFetch {
    const isApart = route.key.selections.some(
      (node) => node.kind === Kind.FIELD && this.mixedFields(place.source).has(`${typeName}.${node.name.value}`),
    );
    // Objects of different types are asked for together where the subgraph knows them by one interface.
    const name = entityName(route, isApart ? typeName : route.typeName);
    let fetch = place.entities.get(name);
    if (fetch === undefined) {
      fetch = { ...newFetch(route.source), typeName: route.typeName, needs: new Map() };
      this.addNeeds(fetch, route.key, typeName, place, true);
      place.entities.set(name, fetch);
    }
    if (route.requires !== undefined) this.addNeeds(fetch, route.requires, typeName, place, false);
    return fetch;
  }

  private addNeeds(fetch: EntityFetch, fields: SelectionSetNode, typeName: string, place: Place, isKey: boolean): void {
    for (const node of fields.selections) {
      if (node.kind === Kind.INLINE_FRAGMENT) {
        const condition = node.typeCondition?.name.value;
        if (condition === undefined || this.isA(typeName, condition))
          this.addNeeds(fetch, node.selectionSet, typeName, place, isKey);
      } else if (node.kind === Kind.FIELD && node.name.value !== '__typename') {
        const need = this.need(node, typeName, place, isKey);
        if (need.from === fetch) throw new Unplannable(`needs ${typeName}.${node.name.value} to ask for it`);
        const known = fetch.needs.get(need.name);
        if (known === undefined) fetch.needs.set(need.name, need);
        else if (known.selection !== undefined && need.selection !== undefined)
          fetch.needs.set(need.name, { ...known, selection: mergeSelections(known.selection, need.selection) });
      }
    }
  }

  /** Makes sure that a field of the object is fetched, and says where it will stand. */
  private need(node: FieldNode, typeName: string, place: Place, isKey: boolean): Need {
    const { value: name } = node.name;
    const selection = node.selectionSet;
    if (this.routes.has(place.source, typeName, node, place.provided)) {
      const upstream = this.namesOf(place.source).field(typeName, name);
      const key =
        place.selects && this.isAmbiguous(place, typeName, name)
          ? `skein_${typeName}_${argumentKey(node, upstream)}`
          : argumentKey(node, upstream);
      if (place.selects) {
        const text = this.needText(node, key, upstream);
        const isStatic = place.baseType === typeName || this.routes.isInterfaceObject(place.source, place.baseType);
        place.base.add(isStatic ? text : `... on ${this.namesOf(place.source).type(typeName)} { ${text} }`);
      }
      return { name, key, selection, isKey, from: undefined };
    }
    const route = this.routes
      .routesTo(place.source, typeName, name, place.provided)
      .find(
        ({ source }) =>
          this.routes.has(
            source,
            typeName,
            { ...node, arguments: [] },
            this.routes.fieldIn(source, typeName, name)?.provides,
          ) || node.selectionSet === undefined,
      );
    if (route === undefined)
      throw new Unplannable(`needs ${typeName}.${name}, which has no plain way from "${place.source}"`);
    const from = this.entityFetch(typeName, route, place);
    const upstream = this.namesOf(from.source).field(typeName, name);
    const key = argumentKey(node, upstream);
    from.fields.add(upstream);
    this.addPart(from, typeName, this.needText(node, key, upstream));
    return { name, key, selection, isKey, from };
  }

  private needText(node: FieldNode, key: string, upstream: string): string {
    const args =
      node.arguments === undefined || node.arguments.length === 0
        ? ''
        : `(${node.arguments.map((argument) => print(argument)).join(', ')})`;
    const alias = key === upstream ? '' : `${key}: `;
    const inner = node.selectionSet === undefined ? '' : ` ${needSelection(node.selectionSet)}`;
    return `${alias}${upstream}${args}${inner}`;
  }

  /** Whether everything below a field can be had when this source answers it. */
  private canPlanBelow(
    source: string,
    typeName: string,
    node: FieldNode,
    provided: SelectionSetNode | undefined,
  ): boolean {
    if (node.selectionSet === undefined || !this.deps.composition.ownership.federated.has(source)) return true;
    const result = this.routes.typeOf(source, typeName, node.name.value);
    if (result === undefined) return false;
    const below = provided === undefined ? undefined : providedField(provided, node.name.value, typeName)?.selectionSet;
    const provides = below ?? this.routes.fieldIn(source, typeName, node.name.value)?.provides;
    return this.canPlan(source, this.routes.possibleTypes(source, result), node.selectionSet, provides);
  }

  private canPlan(
    source: string,
    types: readonly string[],
    set: SelectionSetNode,
    provided: SelectionSetNode | undefined,
  ): boolean {
    return set.selections.every((node) => {
      if (node.kind === Kind.INLINE_FRAGMENT) {
        const condition = node.typeCondition?.name.value;
        const narrowed = condition === undefined ? types : types.filter((type) => this.isA(type, condition));
        return this.canPlan(source, narrowed, node.selectionSet, provided);
      }
      if (node.kind !== Kind.FIELD || node.name.value.startsWith('__')) return true;
      return types.every((type) => {
        if (this.links.has(`${type}.${node.name.value}`)) return true;
        const bare: FieldNode = { kind: Kind.FIELD, name: node.name };
        if (this.routes.has(source, type, bare, provided) && this.canPlanBelow(source, type, node, provided))
          return true;
        return this.routes
          .routesTo(source, type, node.name.value, provided)
          .some((route) => this.canPlanBelow(route.source, type, node, undefined));
      });
    });
  }

  private directives(node: { readonly directives?: FieldNode['directives'] }, fetch: Fetch): string {
    const conditions = (node.directives ?? []).filter(isCondition);
    return conditions.map((directive) => `${this.text(directive, fetch)} `).join('');
  }

  private text(node: Parameters<typeof print>[0], fetch: Fetch): string {
    visit(node, {
      Variable: ({ name }) => {
        const type = this.declared.get(name.value);
        if (type !== undefined) fetch.variables.set(name.value, this.namesOf(fetch.source).variableType(type));
      },
    });
    return print(node);
  }
}

function isCondition({ name }: { readonly name: { readonly value: string } }): boolean {
  return name.value === 'skip' || name.value === 'include';
}

function newFetch(source: string): Fetch {
  return { source, fields: new Set(), parts: new Set(), variables: new Map() };
}

function inAnswer({ answer: { items, match } }: Link, text: string): string {
  const own = match === undefined ? text : `${match} ${text}`;
  return [...items].reverse().reduce((inner, step) => `${step} { ${inner} }`, own);
}

function entityName(route: Route, typeName: string): string {
  return `${typeName} ${route.source}`;
}

function fieldNode(name: string): FieldNode {
  return { kind: Kind.FIELD, name: { kind: Kind.NAME, value: name } };
}

/** `[Review!]` → `Review`. */
function parseTypeName(type: string): string {
  return type.replace(/[[\]!]/g, '');
}

function getNamedTypeName(type: Parameters<typeof getNamedType>[0]): string | undefined {
  return getNamedType(type)?.name;
}

function wrap(text: string, conditions: readonly string[]): string {
  return conditions.reduceRight((inner, condition) => `... ${condition}{ ${inner} }`, text);
}

/** Fields of the root, through fragments, with the conditions around them. */
function flatten(
  set: SelectionSetNode,
  conditions: readonly string[],
): { node: FieldNode; conditions: readonly string[] }[] {
  return set.selections.flatMap((node) => {
    if (node.kind === Kind.FIELD) return [{ node, conditions }];
    if (node.kind !== Kind.INLINE_FRAGMENT) return [];
    const own = (node.directives ?? [])
      .filter(isCondition)
      .map((directive) => `${print(directive)} `)
      .join('');
    return flatten(node.selectionSet, own === '' ? conditions : [...conditions, own]);
  });
}

/** What is read for a representation: fragments need to know which type they meet. */
function needSelection(set: SelectionSetNode): string {
  const hasFragments = set.selections.some(({ kind }) => kind === Kind.INLINE_FRAGMENT);
  const parts = set.selections.map((node) => {
    if (node.kind === Kind.FIELD) {
      const key = argumentKey(node, node.name.value);
      const alias = key === node.name.value ? '' : `${key}: `;
      const args =
        node.arguments === undefined || node.arguments.length === 0
          ? ''
          : `(${node.arguments.map((argument) => print(argument)).join(', ')})`;
      return `${alias}${node.name.value}${args}${node.selectionSet === undefined ? '' : ` ${needSelection(node.selectionSet)}`}`;
    }
    if (node.kind !== Kind.INLINE_FRAGMENT) return '';
    const on = node.typeCondition === undefined ? '' : ` on ${node.typeCondition.name.value}`;
    return `...${on} ${needSelection(node.selectionSet)}`;
  });
  return `{ ${hasFragments ? '__typename ' : ''}${parts.join(' ')} }`;
}

function mergeSelections(a: SelectionSetNode, b: SelectionSetNode): SelectionSetNode {
  return { kind: Kind.SELECTION_SET, selections: [...a.selections, ...b.selections] };
}
