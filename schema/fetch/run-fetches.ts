import DataLoader from 'dataloader';
import { Kind, type SelectionSetNode } from 'graphql';
import { type ErrorDetails, SkeinError } from '../../kernel/errors.ts';
import { placeErrors } from '../../sources/graphql/place-errors.ts';
import type { GraphqlAnswer, GraphqlUpstream, Selected, SelectionShape } from '../../sources/source.ts';
import { createMergeLoaders } from '../merge-loaders.ts';
import type { Merge } from '../merges.ts';
import type { Ownership } from '../ownership.ts';
import type { GraphContext } from '../request-context.ts';
import type { EntityFetch, Fetch, Need, ReadValue, RootFetch, RootPart } from './fetch-plan.ts';
import { namesOf } from './names.ts';
import { argumentKey } from './response-keys.ts';

type Values = Readonly<Record<string, unknown>>;
type Entity = Values | null;

/** How many entities are asked for in one request. */
const MAX_BATCH_SIZE = 1_000;
const MAX_NAMED_FIELDS = 5;

export interface FetchRunner {
  /** The value of one root field. The fetch is made once per request, whoever asks first. */
  root(fetch: RootFetch, key: string, context: GraphContext, variables: Values): Promise<unknown>;
  /** The value of one root field of which several subgraphs are asked for their own fields. One that fails takes only its own. */
  parts(parts: readonly RootPart[], context: GraphContext, variables: Values): Promise<unknown>;
  /** The entity that a parent object stands for, as the fetch's subgraph gives it; fetched in batches. */
  entity(fetch: EntityFetch, parent: unknown, context: GraphContext, variables: Values): Promise<Entity>;
  /** The values of what a link reads, under the names the parent would have them. */
  needs(needs: readonly Need[], parent: unknown, context: GraphContext, variables: Values): Promise<Values>;
}

export function createFetchRunner(ownership: Ownership, merges: ReadonlyMap<string, Merge>): FetchRunner {
  const loadMerged = createMergeLoaders(ownership, merges);
  const entities = new WeakMap<GraphContext, Map<EntityFetch, Map<unknown, Promise<Entity>>>>();

  const serviceOf = (fetch: Fetch): GraphqlUpstream => {
    const service = ownership.sources.get(fetch.source)?.source.graphql;
    if (service === undefined) throw new Error(`source ${fetch.source} takes no documents`);
    return service;
  };

  async function root(fetch: RootFetch, key: string, context: GraphContext, variables: Values): Promise<unknown> {
    let running = context.fetches.get(fetch);
    if (running === undefined) {
      fetch.query ??= `${fetch.type}${declared(fetch)} { ${[...fetch.parts].join(' ')} }`;
      running = ask(fetch, fetch.query, {}, context, variables);
      context.fetches.set(fetch, running);
    }
    const answer = await running;
    if (Object.hasOwn(answer, key)) return answer[key];
    throw badAnswer(fetch, `The answer has no "${key}".`, context);
  }

  async function parts(parts: readonly RootPart[], context: GraphContext, variables: Values): Promise<unknown> {
    const answers = await Promise.all(
      parts.map(({ root: fetch, key }) => root(fetch, key, context, variables).catch((error: unknown) => error)),
    );
    if (!answers.some((answer) => isObject(answer))) return answers.find((answer) => answer !== null) ?? null;
    let value: Record<string, unknown> = {};
    for (const [index, answer] of answers.entries()) {
      if (isObject(answer)) value = { ...value, ...answer };
      else if (answer !== null) for (const field of parts[index]?.fields ?? []) value[field] = answer;
    }
    return value;
  }

  function badAnswer(fetch: Fetch, reason: string, context: GraphContext): SkeinError {
    const details = { source: fetch.source, operation: labelOf(fetch) };
    context.call.log.warn({ requestId: context.call.requestId, ...details, reason }, 'An answer cannot be read.');
    return new SkeinError('UPSTREAM_BAD_RESPONSE', undefined, { details, cause: new Error(reason) });
  }

  async function ask(fetch: Fetch, query: string, own: Values, context: GraphContext, given: Values): Promise<Values> {
    const variables: Record<string, unknown> = { ...own };
    for (const name of fetch.variables.keys()) if (given[name] !== undefined) variables[name] = given[name];
    const request = { operation: labelOf(fetch), query, variables };
    const details = { source: fetch.source, operation: request.operation };
    return answeredValues(await serviceOf(fetch).execute(request, context.call), details);
  }

  function loaderOf(fetch: EntityFetch, context: GraphContext, variables: Values) {
    let loaders = context.loaders.get(fetch);
    if (loaders === undefined) {
      loaders = new Map();
      context.loaders.set(fetch, loaders);
    }
    let loader = loaders.get('');
    if (loader === undefined) {
      loader = new DataLoader<unknown, unknown, string>(
        (representations) => askEntities(fetch, representations, context, variables),
        { maxBatchSize: MAX_BATCH_SIZE, cacheKeyFn: (representation) => JSON.stringify(representation) },
      );
      loaders.set('', loader);
    }
    return loader;
  }

  async function askEntities(
    fetch: EntityFetch,
    representations: readonly unknown[],
    context: GraphContext,
    variables: Values,
  ): Promise<unknown[]> {
    const upstreamType = namesOf(ownership.sources.get(fetch.source)?.source.model).type(fetch.typeName);
    fetch.query ??= `query($representations: [_Any!]!${declared(fetch).replace(/^\(|\)$/g, (sign) => (sign === '(' ? ', ' : ''))}) { _entities(representations: $representations) { ... on ${upstreamType} { ${[...fetch.parts].join(' ')} } } }`;
    const { _entities } = await ask(fetch, fetch.query, { representations }, context, variables);
    if (_entities instanceof Error) throw _entities;
    if (_entities === null) return representations.map(() => null);
    if (Array.isArray(_entities) && _entities.length === representations.length) {
      return _entities.map((item: unknown) => {
        if (typeof item === 'object' && !Array.isArray(item)) return item;
        return badAnswer(fetch, 'An entity is no object.', context);
      });
    }
    throw badAnswer(fetch, `The answer to ${representations.length} representations is no list of as many.`, context);
  }

  /** The fields of one object share one search for it. */
  function entity(fetch: EntityFetch, parent: unknown, context: GraphContext, variables: Values): Promise<Entity> {
    let fetches = entities.get(context);
    if (fetches === undefined) {
      fetches = new Map();
      entities.set(context, fetches);
    }
    let found = fetches.get(fetch);
    if (found === undefined) {
      found = new Map();
      fetches.set(fetch, found);
    }
    let promise = found.get(parent);
    if (promise === undefined) {
      promise = findEntity(fetch, parent, context, variables);
      found.set(parent, promise);
    }
    return promise;
  }

  async function findEntity(
    fetch: EntityFetch,
    parent: unknown,
    context: GraphContext,
    variables: Values,
  ): Promise<Entity> {
    const needs = [...fetch.needs.values()];
    const holders = needs.some(({ from }) => from !== undefined)
      ? await Promise.all(needs.map((need) => holderOf(need, parent, context, variables)))
      : undefined;
    const merged = loadMerged(fetch.source, fetch.typeName);
    const names = namesOf(ownership.sources.get(fetch.source)?.source.model);
    const representation: Record<string, unknown> = { __typename: names.type(fetch.typeName) };
    const failed = new Map<string, Error>();
    for (const [index, need] of needs.entries()) {
      const holder = holders === undefined ? parent : holders[index];
      const value = need.isKey ? valueOfNeed(need, holder) : valueOrError(need, holder);
      if (value instanceof Error) failed.set(need.name, value);
      if (need.isKey && (value === null || value === undefined)) return null;
      representation[merged === undefined ? names.field(fetch.typeName, need.name) : need.name] =
        value instanceof Error ? null : (value ?? null);
    }
    const errors = failed.size === 0 ? undefined : errorsOf(fetch, failed);
    if (merged !== undefined) return (await merged(representation, context, shapeOf(fetch, variables))) as Entity;
    const found = (await loaderOf(fetch, context, variables).load(representation)) as Entity;
    return errors === undefined || found === null ? found : { ...found, ...errors };
  }

  async function holderOf(need: Need, parent: unknown, context: GraphContext, variables: Values): Promise<unknown> {
    return need.from === undefined ? parent : entity(need.from, parent, context, variables);
  }

  return {
    root,
    parts,
    entity,
    async needs(needs, parent, context, variables) {
      const values: Record<string, unknown> = {};
      await Promise.all(
        needs.map(async (need) => {
          const holder = await holderOf(need, parent, context, variables);
          values[need.name] = valueOfNeed(need, holder);
        }),
      );
      return values;
    },
  };
}

const shapes = new WeakMap<Fetch, SelectionShape>();

/** What a call that takes selections is told of an entity's fields; where in the answer they stand, its link says. */
function shapeOf(fetch: EntityFetch, values: Values): Selected | undefined {
  if (fetch.parts.size === 0) return undefined;
  let shape = shapes.get(fetch);
  if (shape === undefined) {
    shape = { text: `{ ${[...fetch.parts].join(' ')} }`, variables: fetch.variables };
    shapes.set(fetch, shape);
  }
  return { shape, values };
}

function declared({ variables }: Fetch): string {
  if (variables.size === 0) return '';
  return `(${[...variables].map(([name, type]) => `$${name}: ${type}`).join(', ')})`;
}

function labelOf({ fields }: Fetch): string {
  const names = [...fields];
  return names.length > MAX_NAMED_FIELDS ? `${names.slice(0, MAX_NAMED_FIELDS).join(', ')}, …` : names.join(', ');
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Error);
}

/** What an object that came from elsewhere has itself: `constructor` is a field's name like any other. */
export function ownValue(object: unknown, key: string): unknown {
  return typeof object === 'object' && object !== null && Object.hasOwn(object, key)
    ? (object as Values)[key]
    : undefined;
}

function valueOfNeed({ read, key, selection }: Need, holder: unknown): unknown {
  return project(read === undefined ? ownValue(holder, key) : readMade(read, holder), selection);
}

function valueOrError(need: Need, holder: unknown): unknown {
  try {
    return valueOfNeed(need, holder);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/**
 * The errors of fields that require what has failed, by their keys. The others are asked for all the same; where there are
 * none, nothing is.
 */
function errorsOf({ asked }: EntityFetch, failed: ReadonlyMap<string, Error>): Readonly<Record<string, Error>> {
  const errors: Record<string, Error> = {};
  let last: Error | undefined;
  for (const [key, requires] of asked) {
    last = requires.map((name) => failed.get(name)).find((error) => error !== undefined);
    if (last !== undefined) errors[key] = last;
  }
  if (last !== undefined && Object.keys(errors).length === asked.size) throw last;
  return errors;
}

/** What an expression makes of an object; of none it makes nothing. */
export function readMade(read: ReadValue, holder: unknown): unknown {
  return typeof holder === 'object' && holder !== null ? read(holder) : undefined;
}

/** What goes into a representation: what was asked for, under the names it was asked by, and nothing else. */
function project(value: unknown, selection: SelectionSetNode | undefined): unknown {
  if (value instanceof Error) throw value;
  if (selection === undefined || value === null || value === undefined) return value;
  if (Array.isArray(value)) return value.map((item) => project(item, selection));
  if (typeof value !== 'object') return value;
  const projected: Record<string, unknown> = {};
  const object = value as Values;
  if (object.__typename !== undefined) projected.__typename = object.__typename;
  for (const node of selection.selections) {
    if (node.kind === Kind.INLINE_FRAGMENT) {
      const inner = project(object, node.selectionSet);
      if (typeof inner === 'object' && inner !== null) Object.assign(projected, inner);
    } else if (node.kind === Kind.FIELD) {
      const inner = ownValue(object, argumentKey(node, node.name.value));
      if (inner !== undefined) projected[node.name.value] = project(inner, node.selectionSet);
    }
  }
  return projected;
}

/** The data with errors in the place of the nulls they explain, for execution to find there. */
export function answeredValues({ data, errors }: GraphqlAnswer, details: ErrorDetails): Values {
  if (data === null || data === undefined) {
    throw errors[0]?.error ?? new SkeinError('UPSTREAM_BAD_RESPONSE', undefined, { details });
  }
  if (errors.length > 0) {
    placeErrors(
      data,
      errors.filter((error) => !placeWithoutPath(data, error)),
    );
  }
  return data;
}

/** What fails as a whole may say so without a path: whatever is missing may be missing because of it. */
function placeWithoutPath(data: Values, { error, path = [] }: GraphqlAnswer['errors'][number]): boolean {
  if (path.length > 0) return false;
  let isPlaced = false;
  for (const [key, value] of Object.entries(data)) {
    if (value === null) isPlaced = Reflect.set(data, key, error);
    if (key !== '_entities' || !Array.isArray(value)) continue;
    for (const [index, item] of value.entries()) if (item === null) isPlaced = Reflect.set(value, index, error);
  }
  return isPlaced;
}
