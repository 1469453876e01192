import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  type SelectionSetNode,
  valueFromASTUntyped,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import type { Arguments, GraphqlAnswer, GraphqlRequest } from '../source.ts';
import { digestOf } from './keys.ts';
import { createSelectionTagger, responseKey, type SelectionDeps } from './selection-tags.ts';
import type { KeepRule } from './terms.ts';
import type { Tagger } from './value-tags.ts';

/** What a document means to the cache. */
export type DocumentPlan =
  | {
      readonly kind: 'query';
      readonly digest: string;
      readonly rules: readonly KeepRule[];
      tagsOf(data: unknown, variables: Arguments): readonly string[];
    }
  | { readonly kind: 'mutation'; tagsOf(answer: GraphqlAnswer, variables: Arguments): readonly string[] }
  | { readonly kind: 'none' };

export interface DocumentDeps extends Omit<SelectionDeps, 'fragments'> {
  /** Begins all keys of the source. */
  readonly digest: string;
  ofQuery(field: string): KeepRule | undefined;
  ofEntity(type: string): KeepRule | undefined;
}

const MOST_CHARACTERS = 8_000_000;
const NOTHING: DocumentPlan = { kind: 'none' };

/** Documents come again and again: what one means is found out once. */
export function createDocumentPlans(deps: DocumentDeps): (request: GraphqlRequest) => DocumentPlan {
  const plans = new LRUCache<string, DocumentPlan>({ max: 2_000, maxSize: MOST_CHARACTERS });
  return ({ query }) => {
    let plan = plans.get(query);
    if (plan === undefined) {
      plan = planDocument(query, deps);
      plans.set(query, plan, { size: query.length + 1 });
    }
    return plan;
  };
}

function planDocument(query: string, deps: DocumentDeps): DocumentPlan {
  let document: DocumentNode;
  try {
    document = parse(query, { noLocation: true });
  } catch {
    return NOTHING;
  }
  const fragments = new Map<string, FragmentDefinitionNode>();
  const operations: OperationDefinitionNode[] = [];
  for (const node of document.definitions) {
    if (node.kind === Kind.OPERATION_DEFINITION) operations.push(node);
    else if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }
  const [operation] = operations;
  if (operation === undefined || operations.length > 1) return NOTHING;
  const fields = rootFields(operation.selectionSet, fragments);
  if (operation.operation === 'mutation') return planMutation(fields, deps);
  if (operation.operation !== 'query') return NOTHING;
  const rules: KeepRule[] = [];
  const taggers: { readonly key: string; readonly tagsOf: Tagger }[] = [];
  const always: string[] = [];
  let isOfEntities = false;
  for (const node of fields) {
    const upstream = node.name.value;
    if (upstream === '__typename') continue;
    const own = upstream === '_entities' ? entityRules(node, fragments, deps) : queryRules(node, fragments, deps);
    if (own === undefined) return NOTHING;
    isOfEntities ||= upstream === '_entities';
    rules.push(...own.rules);
    always.push(...own.tags);
    if (own.tagsOf !== undefined) taggers.push({ key: responseKey(node), tagsOf: own.tagsOf });
  }
  if (rules.length === 0) return NOTHING;
  return {
    kind: 'query',
    digest: digestOf(deps.digest, 'document', query),
    rules,
    tagsOf: (data, variables) => {
      const tags = new Set(always);
      for (const { key, tagsOf } of taggers) for (const tag of tagsOf(ownValue(data, key))) tags.add(tag);
      if (isOfEntities) for (const tag of representationTags(variables, deps)) tags.add(tag);
      return [...tags];
    },
  };
}

interface FieldPlan {
  readonly rules: readonly KeepRule[];
  readonly tags: readonly string[];
  readonly tagsOf: Tagger | undefined;
}

type Fragments = SelectionDeps['fragments'];

function queryRules(node: FieldNode, fragments: Fragments, deps: DocumentDeps): FieldPlan | undefined {
  const field = deps.names.field('Query', node.name.value);
  const rule = deps.ofQuery(field);
  const type = deps.types.fieldType('Query', field);
  if (rule === undefined || type === undefined) return undefined;
  const { queries, names } = deps.invalidation;
  const tags = [...rule.tags.map(names.own), ...(queries.has(field) ? [names.query(field)] : [])];
  const { selectionSet } = node;
  const tagsOf = selectionSet && createSelectionTagger(selectionSet, [type], { ...deps, fragments });
  return { rules: [rule], tags, tagsOf };
}

function entityRules(node: FieldNode, fragments: Fragments, deps: DocumentDeps): FieldPlan | undefined {
  const { selectionSet } = node;
  if (selectionSet === undefined) return undefined;
  const rules: KeepRule[] = [];
  for (const selection of selectionSet.selections) {
    if (selection.kind === Kind.FIELD && selection.name.value === '__typename') continue;
    const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection;
    const condition = fragment?.kind === Kind.FIELD ? undefined : fragment?.typeCondition?.name.value;
    const rule = condition === undefined ? undefined : deps.ofEntity(deps.names.type(condition));
    if (rule === undefined) return undefined;
    rules.push(rule);
  }
  const tags = rules.flatMap((rule) => rule.tags.map(deps.invalidation.names.own));
  return { rules, tags, tagsOf: createSelectionTagger(selectionSet, [], { ...deps, fragments }) };
}

/** Entities are told by what they were asked by, also where there are none. */
function representationTags({ representations }: Arguments, { invalidation, names }: DocumentDeps): readonly string[] {
  if (invalidation.ids.length === 0 || !Array.isArray(representations)) return [];
  const tags: string[] = [];
  for (const representation of representations) {
    const type = names.type(String(ownValue(representation, '__typename')));
    for (const id of invalidation.ids) {
      if (id.type !== type) continue;
      const value = ownValue(representation, id.field);
      const isPlain = typeof value === 'string' || typeof value === 'number';
      tags.push(isPlain ? invalidation.names.id(type, id.field, value) : invalidation.names.anyId(type, id.field));
    }
  }
  return tags;
}

function planMutation(fields: readonly FieldNode[], { invalidation, names }: DocumentDeps): DocumentPlan {
  const all = fields.flatMap((node) => {
    const dropsOf = invalidation.dropsOf(names.field('Mutation', node.name.value));
    return dropsOf === undefined ? [] : [{ node, dropsOf }];
  });
  return {
    kind: 'mutation',
    tagsOf: (answer, variables) =>
      all.flatMap(({ node, dropsOf }) => {
        if (hasFailed(answer, responseKey(node))) return [];
        const args = (node.arguments ?? []).map(({ name, value }) => [
          name.value,
          valueFromASTUntyped(value, variables),
        ]);
        return dropsOf(Object.fromEntries(args), ownValue(answer.data, responseKey(node)));
      }),
  };
}

/** A mutation of which only something below has failed did run. */
function hasFailed({ data, errors }: GraphqlAnswer, key: string): boolean {
  const isMissing = (ownValue(data, key) ?? null) === null;
  return isMissing && errors.some(({ path = [] }) => path.length === 0 || (path.length === 1 && path[0] === key));
}

/** With those in fragments, whatever their conditions: of a root there is one type. */
function rootFields(
  { selections }: SelectionSetNode,
  fragments: Fragments,
  seen: Set<string> = new Set(),
): FieldNode[] {
  return selections.flatMap((node) => {
    if (node.kind === Kind.FIELD) return [node];
    if (node.kind === Kind.INLINE_FRAGMENT) return rootFields(node.selectionSet, fragments, seen);
    const fragment = seen.has(node.name.value) ? undefined : fragments.get(node.name.value);
    seen.add(node.name.value);
    return fragment === undefined ? [] : rootFields(fragment.selectionSet, fragments, seen);
  });
}

function ownValue(object: unknown, key: string): unknown {
  return typeof object === 'object' && object !== null && Object.hasOwn(object, key)
    ? Reflect.get(object, key)
    : undefined;
}
