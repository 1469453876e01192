import {
  type DocumentNode,
  type FieldNode,
  getNamedType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  print,
  type SelectionSetNode,
} from 'graphql';
import type { SourceCall } from '../../sources/source.ts';
import type { Link } from '../links.ts';
import {
  type EntityFetch,
  type Fetch,
  type ReadValue,
  type RootFetch,
  type RootPart,
  Unplannable,
} from './fetch-plan.ts';
import { createObject, createPlace, objectBelow, type Place, type PlannedObject } from './place.ts';
import { addAsked, createEntityFetch, entityName, NeedPlanner } from './plan-needs.ts';
import { type FetchPlannerDeps, PlanScope } from './plan-scope.ts';
import { Reach } from './reach.ts';
import { argumentKey, responseKey, rootKey, together } from './response-keys.ts';
import { fieldsOf, type RootDeps, rootSources, splitRoot } from './root-sources.ts';
import { providedField, type Routes } from './routes.ts';
import { fieldNode, flatten, inAnswer, isCondition, newFetch, parseTypeName, wrap } from './selection-text.ts';

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
  private readonly scope: PlanScope;
  private readonly routes: Routes;
  private readonly reach: Reach;
  private readonly needs: NeedPlanner;
  private readonly root = createObject();
  private readonly rootDeps: RootDeps;
  /** What fetches answer with. */
  private readonly answers = new WeakMap<Fetch, PlannedObject>();

  constructor(operation: OperationDefinitionNode, deps: FetchPlannerDeps) {
    this.scope = new PlanScope(operation, deps);
    this.routes = deps.routes;
    this.reach = new Reach(this.scope);
    this.needs = new NeedPlanner(this.scope);
    this.rootDeps = { ...deps, reach: this.reach };
  }

  planRoot(): void {
    const { operation } = this.scope.operation;
    const rootName = operation === 'query' ? 'Query' : operation === 'mutation' ? 'Mutation' : 'Subscription';
    const fetches = new Map<string, RootFetch>();
    const nodes = flatten(this.scope.operation.selectionSet, []);
    for (const { node, conditions } of nodes) {
      if (node.name.value.startsWith('__')) continue;
      if (node.name.value === '_entities') {
        this.planEntities(node);
        continue;
      }
      const coordinate = `${rootName}.${node.name.value}`;
      const same = nodes.filter((other) => responseKey(other.node) === responseKey(node));
      const all = together(same.map((other) => other.node)) ?? node;
      const sources = rootSources(rootName, all, (name) => fetches.has(name), this.rootDeps);
      const source = sources.one;
      if (source === undefined) {
        if (same.length > 1) throw cannotSplit(coordinate);
        this.planParts(rootName, node, conditions, sources.having, fetches);
        continue;
      }
      const call = this.scope.deps.composition.ownership.sources.get(source)?.source.model.calls.get(coordinate);
      if (call?.usesSelection !== true) {
        this.planBelowField(rootName, node, this.wholePlace(source, this.root), responseKey(node));
      } else if (operation === 'subscription' || call.upstreamField === undefined) {
        this.planShape(rootName, node, source, this.root);
      } else {
        this.planRootFetch(rootName, node, conditions, source, call.upstreamField, fetches);
      }
    }
  }

  planWhole(set: SelectionSetNode, typeName: string): void {
    const { localSource, composition } = this.scope.deps;
    const owner = localSource !== undefined && composition.merges.has(typeName) ? localSource : undefined;
    const place = this.wholePlace(owner ?? composition.ownership.types.get(typeName) ?? '', createObject());
    this.select(set, { ...place, staticType: typeName, types: [typeName] });
  }

  /** What a local subgraph is asked for by representations: they have all that links of it read. */
  private planEntities(node: FieldNode): void {
    for (const fragment of node.selectionSet?.selections ?? []) {
      const typeName = fragment.kind === Kind.INLINE_FRAGMENT ? fragment.typeCondition?.name.value : undefined;
      if (fragment.kind !== Kind.INLINE_FRAGMENT || typeName === undefined) continue;
      const link =
        this.scope.deps.localSource === undefined
          ? undefined
          : this.scope.mergeLink(this.scope.deps.localSource, typeName);
      if (link === undefined || !this.scope.takesSelections(link)) this.planWhole(fragment.selectionSet, typeName);
      else {
        const fetch = newFetch(link.target);
        const place = createPlace(link.target, typeName, [typeName], fetch, createObject());
        const inner = this.below(fragment.selectionSet, place);
        const text = `{ ${inAnswer(link, inner.slice(1, -1))} }`;
        this.scope.deps.plans.set(node, typeName, { shape: { text, variables: fetch.variables } });
      }
    }
  }

  /** Asks several subgraphs for the same root field: each for what it has of it. */
  private planParts(
    rootName: string,
    node: FieldNode,
    conditions: readonly string[],
    sources: readonly string[],
    fetches: Map<string, RootFetch>,
  ): void {
    const { plans, composition } = this.scope.deps;
    const coordinate = `${rootName}.${node.name.value}`;
    const split = rootName === 'Query' ? splitRoot(rootName, node, sources, this.rootDeps) : undefined;
    if (split === undefined) throw cannotSplit(coordinate);
    const parts = [...split].map(([source, part]): RootPart => {
      const field = composition.ownership.call(coordinate, source)?.upstreamField;
      if (field === undefined) throw cannotSplit(coordinate);
      this.planRootFetch(rootName, part, conditions, source, field, fetches);
      const { root, key } = plans.get(part, rootName) ?? {};
      if (root === undefined || key === undefined) throw cannotSplit(coordinate);
      const typeName = this.routes.typeOf(source, rootName, node.name.value) ?? '';
      const names = this.scope.namesOf(source);
      const fields = fieldsOf(part.selectionSet as SelectionSetNode).map(
        (own) => plans.get(own, typeName)?.key ?? argumentKey(own, names.field(typeName, own.name.value)),
      );
      return { root, key, fields };
    });
    plans.set(node, rootName, { parts });
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
    const shares = this.scope.operation.operation === 'query' && upstreamField.isNullable;
    const name = shares ? source : `${source} ${responseKey(node)}`;
    let fetch = fetches.get(name);
    if (fetch === undefined) {
      fetch = {
        ...newFetch(source),
        type: this.scope.operation.operation === 'mutation' ? 'mutation' : 'query',
        keys: new Map(),
      };
      fetches.set(name, fetch);
    }
    fetch.fields.add(upstreamField.name);
    const key = rootKey(node, upstreamField.name, fetch);
    const place = createPlace(source, rootName, [rootName], fetch, this.answerOf(fetch, ''));
    const text = this.fieldText(rootName, node, { ...place, conditions: [] }, { key, name: upstreamField.name });
    fetch.parts.add(wrap(text, this.scope.inFetch({ conditions }, fetch)));
    this.scope.deps.plans.set(node, rootName, { key, root: fetch });
  }

  /** What a call is told of the selection below its field. */
  private planShape(parent: string, node: FieldNode, source: string, object: PlannedObject, link?: Link): void {
    const fetch = newFetch(source);
    let text: string;
    if (link === undefined) {
      const place = createPlace(source, parent, [parent], fetch, object);
      text = this.planBelowField(parent, node, place, responseKey(node));
    } else {
      const typeName = parseTypeName(link.type);
      const types = this.routes.possibleTypes(source, typeName);
      text =
        node.selectionSet === undefined
          ? ''
          : this.below(node.selectionSet, createPlace(source, typeName, types, fetch, object));
      const { items, match, pick } = link.answer;
      if (pick !== undefined) text = `{ ${pick} ${text} }`;
      if (match !== undefined) text = text === '' ? `{ ${match} }` : `{ ${match} ${text.slice(1, -1)} }`;
      for (const step of [...items].reverse()) text = `{ ${step} ${text} }`;
    }
    this.scope.deps.plans.set(node, parent, { shape: { text, variables: fetch.variables } });
  }

  private wholePlace(source: string, object: PlannedObject): Place {
    return { ...createPlace(source, '', [], newFetch(source), object), selects: false };
  }

  private answerOf(fetch: Fetch, typeName: string): PlannedObject {
    let answer = this.answers.get(fetch);
    if (answer === undefined) {
      answer = createObject();
      this.answers.set(fetch, answer);
    }
    return objectBelow(answer, typeName);
  }

  /** `{ … }` for everything below a field; a typename stands in for nothing. */
  private below(set: SelectionSetNode | undefined, place: Place): string {
    const parts = set === undefined ? [] : this.select(set, place);
    const isOneType = isObjectType(this.routes.schemaOf(place.source).getType(place.staticType));
    const all = new Set([...(isOneType ? [] : ['__typename']), ...parts, ...place.object.base]);
    return `{ ${all.size === 0 ? '__typename' : [...all].join(' ')} }`;
  }

  /** Texts for the place's own source; what others resolve goes into fetches of theirs. */
  private select(set: SelectionSetNode, place: Place): string[] {
    const parts: string[] = [];
    for (const node of set.selections) {
      if (node.kind === Kind.FIELD) parts.push(...this.selectField(node, place));
      if (node.kind !== Kind.INLINE_FRAGMENT) continue;
      const condition = node.typeCondition?.name.value ?? place.staticType;
      const types = place.types.filter((type) => this.scope.isA(type, condition));
      if (types.length === 0) continue;
      const conditions = (node.directives ?? []).filter(isCondition);
      const directives = conditions.map((directive) => `${print(directive)} `).join('');
      const schema = place.selects ? this.routes.schemaOf(place.source) : undefined;
      const isKnown =
        schema !== undefined &&
        isCompositeType(schema.getType(condition)) &&
        !this.routes.isInterfaceObject(place.source, place.staticType) &&
        types.every((type) => this.routes.possibleTypes(place.source, condition).includes(type));
      const narrowed = isKnown && !place.guarded;
      const inner = this.select(node.selectionSet, {
        ...place,
        types,
        staticType: narrowed ? condition : place.staticType,
        guarded: place.guarded || !isKnown,
        conditions: directives === '' ? place.conditions : [...place.conditions, directives],
      });
      if (inner.length === 0 || !place.selects) continue;
      for (const condition of conditions) this.scope.text(condition, place.fetch);
      const on =
        narrowed && condition !== place.staticType ? ` on ${this.scope.namesOf(place.source).type(condition)}` : '';
      parts.push(on === '' && directives === '' ? inner.join(' ') : `...${on} ${directives}{ ${inner.join(' ')} }`);
    }
    return parts;
  }

  private selectField(node: FieldNode, place: Place): string[] {
    const name = node.name.value;
    if (name.startsWith('__')) return place.selects ? ['__typename'] : [];
    const texts = new Map<string, string[]>();
    const types = this.isUniform(place, name) ? [place.staticType] : place.types;
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
      const everywhere =
        having.length === types.length &&
        !place.guarded &&
        this.hasStatically(place, name) &&
        this.isSameType(having, place, name);
      if (everywhere || onInterface || (place.types.length === 1 && place.types[0] === place.staticType)) return [text];
      return having.map((type) => `... on ${this.scope.namesOf(place.source).type(type)} { ${text} }`);
    });
  }

  /** A source of its own gives the same field on all of its types; it is enough to look at one. */
  private isUniform(place: Place, fieldName: string): boolean {
    const { ownership } = this.scope.deps.composition;
    if (place.types.length < 2 || place.guarded || ownership.federated.has(place.source)) return false;
    return place.selects && this.hasStatically(place, fieldName);
  }

  /** What is written below a field must fit its type on the interface, and types may have narrower ones. */
  private isSameType(having: readonly string[], { source, staticType }: Place, fieldName: string): boolean {
    const type = this.routes.typeOf(source, staticType, fieldName);
    return having.every((name) => this.routes.typeOf(source, name, fieldName) === type);
  }

  private hasStatically(place: Place, fieldName: string): boolean {
    const type = this.routes.schemaOf(place.source).getType(place.staticType);
    if (!isObjectType(type) && !isInterfaceType(type)) return false;
    if (type.getFields()[fieldName] === undefined) return false;
    return (
      !this.scope.deps.composition.ownership.federated.has(place.source) ||
      this.routes.fieldIn(place.source, place.staticType, fieldName) !== undefined
    );
  }

  /** One field on one object type: its text for the place's source, or undefined when others resolve it. */
  private selectOn(typeName: string, node: FieldNode, place: Place): string | undefined {
    this.scope.spend();
    const name = node.name.value;
    const link = this.scope.links.get(`${typeName}.${name}`);
    if (link !== undefined) {
      this.planLink(link, node, place);
      return undefined;
    }
    const entry = this.routes.fieldIn(place.source, typeName, name);
    const bare: FieldNode = { kind: Kind.FIELD, name: node.name };
    const { answers } = place.object;
    const answer = `${typeName} ${responseKey(node)} ${argumentKey(node, name)}`;
    const known = answers.get(answer);
    if (entry !== undefined && this.routes.has(place.source, typeName, bare, place.provided)) {
      if ((known ?? 'own') === 'own' && this.reach.canPlanBelow(place.source, typeName, node, place.provided)) {
        answers.set(answer, 'own');
        return this.ownText(typeName, node, place);
      }
    }
    const merge = this.scope.deps.composition.merges.get(typeName);
    if (!place.selects && merge === undefined) return undefined;
    // A representation of somebody else's object has what it is asked for.
    const { localSource } = this.scope.deps;
    if (localSource !== undefined && merge?.sources.has(localSource) === false) return undefined;
    const fetch = this.planEntity(typeName, node, place, known === 'own' ? undefined : known?.source);
    // Execution reads the field once, wherever it is selected again.
    if (known !== undefined && known !== fetch) throw new Unplannable(`needs ${typeName}.${name} of several sources`);
    answers.set(answer, fetch);
    return undefined;
  }

  private ownText(typeName: string, node: FieldNode, place: Place): string {
    const name = this.scope.namesOf(place.source).field(typeName, node.name.value);
    const isAmbiguous = place.selects && this.scope.isAmbiguous(place, typeName, node.name.value);
    const key = isAmbiguous ? `skein_${typeName}_${argumentKey(node, name)}` : argumentKey(node, name);
    // Other sources of a shared type may keep the field elsewhere.
    const made = this.reading(place.source, typeName, node);
    const isShared = this.scope.deps.composition.merges.has(typeName);
    if (isAmbiguous || isShared || made.read !== undefined || name !== node.name.value)
      this.scope.deps.plans.set(node, typeName, { key, ...made });
    return this.fieldText(typeName, node, place, { key, name });
  }

  /** `key: name(args) @conditions { below }`, and the plans of everything below. */
  private fieldText(
    typeName: string,
    node: FieldNode,
    place: Place,
    { key, name }: { readonly key: string; readonly name: string },
  ): string {
    const inner = this.planBelowField(typeName, node, place, key);
    if (!place.selects) return '';
    const names = this.scope.namesOf(place.source);
    const args = (node.arguments ?? []).map(
      (argument) =>
        `${names.argument(typeName, node.name.value, argument.name.value)}: ${this.scope.text(argument.value, place.fetch)}`,
    );
    const alias = key === name ? '' : `${key}: `;
    const list = args.length === 0 ? '' : `(${args.join(', ')})`;
    return `${alias}${name}${list} ${this.scope.directives(node, place.fetch)}${inner}`.trim();
  }

  /** `key` tells the values of the parent's fields apart. */
  private planBelowField(typeName: string, node: FieldNode, place: Place, key: string): string {
    if (node.selectionSet === undefined) return '';
    const { ownership } = this.scope.deps.composition;
    const result =
      this.routes.typeOf(place.source, typeName, node.name.value) ??
      getNamedTypeName(ownership.field(typeName, node.name.value)?.type);
    if (result === undefined) return '';
    const provided =
      place.provided === undefined ? undefined : providedField(place.provided, node.name.value, typeName)?.selectionSet;
    const given = provided ?? this.routes.fieldIn(place.source, typeName, node.name.value)?.provides;
    // Objects of several types are asked for together, as long as they all have the same.
    const object = objectBelow(place.object, `${key} ${result} ${given === undefined ? '' : typeName}`);
    const below = {
      ...createPlace(place.source, result, this.routes.possibleTypes(place.source, result), place.fetch, object),
      selects: place.selects,
      provided: given,
    };
    if (this.routes.isInterfaceObject(place.source, result)) this.planType(typeName, node, result, below);
    const known = object.texts.get(node);
    if (known?.fetch === place.fetch) return known.text;
    const text = this.below(node.selectionSet, below);
    object.texts.set(node, { fetch: place.fetch, text });
    return text;
  }

  /** Which type an interface object is, another subgraph must tell before anything else is read of it. */
  private planType(typeName: string, node: FieldNode, interfaceName: string, place: Place): void {
    const teller = this.routes.typeTeller(interfaceName, place.source);
    if (teller === undefined) throw new Unplannable(`nobody tells which ${interfaceName} "${place.source}" means`);
    const fetch = createEntityFetch(teller.source, interfaceName);
    fetch.fields.add('__typename');
    fetch.parts.add('__typename');
    this.needs.addNeeds(fetch, this.needs.needsOf(teller.key, interfaceName, place, true), interfaceName);
    this.scope.deps.plans.set(node, typeName, { typed: fetch });
  }

  private planLink(link: Link, node: FieldNode, place: Place): void {
    const { localSource, composition } = this.scope.deps;
    // A local subgraph is given what its links read.
    const isShared = localSource === undefined && composition.merges.has(link.typeName);
    if (place.selects || isShared) {
      const needs = link.key.map((name) => this.needs.need(fieldNode(name), link.typeName, place, true));
      // What another link adds is asked for when it is read.
      for (const [name, selectionSet] of link.nested)
        this.needs.need({ ...fieldNode(name), selectionSet }, link.typeName, place, false);
      if (isShared || needs.some(({ from }) => from !== undefined))
        this.scope.deps.plans.set(node, link.typeName, { needs });
    }
    const object = objectBelow(
      place.object,
      `${link.typeName} ${responseKey(node)} ${argumentKey(node, link.fieldName)}`,
    );
    const call = this.scope.deps.composition.ownership.call(link.call, link.target);
    if (call?.usesSelection === true) this.planShape(link.typeName, node, link.target, object, link);
    else if (node.selectionSet !== undefined) {
      const typeName = parseTypeName(link.type);
      const types = this.routes.possibleTypes(link.target, typeName);
      this.select(node.selectionSet, { ...this.wholePlace(link.target, object), staticType: typeName, types });
    }
  }

  /** Puts a field into the fetch of a subgraph that resolves it. */
  private planEntity(typeName: string, node: FieldNode, place: Place, source: string | undefined): EntityFetch {
    const routes = this.routes.routesTo(place.source, typeName, node.name.value, place.provided);
    const isWhole = place.types.length === this.routes.possibleTypes(place.source, place.staticType).length;
    const usable = routes
      .filter((route) => this.reach.canPlanBelow(route.source, typeName, node, undefined))
      .sort(
        (a, b) =>
          // One request for all types of an interface, instead of one for each.
          (isWhole ? Number(b.typeName === place.staticType) - Number(a.typeName === place.staticType) : 0) ||
          Number(b.source === source) - Number(a.source === source) ||
          Number(place.object.entities.has(entityName(b, b.typeName))) -
            Number(place.object.entities.has(entityName(a, a.typeName))) ||
          a.cost - b.cost,
      );
    const [route] = usable;
    if (route === undefined)
      throw new Unplannable(`needs ${typeName}.${node.name.value}, which has no plain way from "${place.source}"`);
    const fetch = this.needs.entityFetch(typeName, route, place);
    const target = this.entityPlace(fetch, typeName);
    const name = this.scope.namesOf(fetch.source).field(typeName, node.name.value);
    const key = argumentKey(node, name);
    fetch.fields.add(name);
    addAsked(fetch, key, route);
    const text = this.fieldText(typeName, node, target, { key, name });
    this.needs.addPart(fetch, typeName, wrap(text, this.scope.inFetch(place, fetch)));
    for (const part of target.object.base) this.needs.addPart(fetch, typeName, part);
    this.scope.deps.plans.set(node, typeName, { key, entity: fetch, ...this.reading(fetch.source, typeName, node) });
    return fetch;
  }

  private reading(source: string, typeName: string, node: FieldNode): { readonly read?: ReadValue } {
    const read = this.scope.readerOf(source, typeName, node.name.value);
    return read === undefined ? {} : { read };
  }

  private entityPlace(fetch: EntityFetch, typeName: string): Place {
    const link = this.scope.mergeLink(fetch.source, typeName);
    const selects = link === undefined || this.scope.takesSelections(link);
    return { ...createPlace(fetch.source, fetch.typeName, [typeName], fetch, this.answerOf(fetch, typeName)), selects };
  }
}

function cannotSplit(coordinate: string): Unplannable {
  return new Unplannable(`needs ${coordinate} of several subgraphs at once`);
}

function getNamedTypeName(type: Parameters<typeof getNamedType>[0]): string | undefined {
  return getNamedType(type)?.name;
}
