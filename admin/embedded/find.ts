import type { CollectionEntry } from './catalog.ts';
import type { Engine } from './engine.ts';
import { compileFilter } from './filter.ts';
import { planQuery, type QueryPlan } from './query-plan.ts';
import { type StoredDocument, scanDocuments } from './scan.ts';
import { type SortSpec, sortDocuments } from './sort.ts';
import { type BsonDocument, deserialize } from './values.ts';

/** A document that matched: its bytes, and itself for comparisons. */
export interface FoundDocument extends StoredDocument {
  readonly document: BsonDocument;
}

export interface FindRequest {
  /** As `normalize` makes it. */
  readonly filter: BsonDocument;
  readonly sort: SortSpec;
  readonly skip: number;
  /** 0: all. */
  readonly limit: number;
}

/** The documents that match, in order. Nothing is read before the first is asked for. */
export function* findDocuments(
  engine: Engine,
  collection: CollectionEntry,
  request: FindRequest,
): Generator<FoundDocument> {
  const { filter, sort, skip, limit } = request;
  const matches = compileFilter(filter);
  const plan = planQuery(collection, filter, sort);
  if (plan.scans.length === 0 && !readsEverything(request)) engine.countFullScan(collection.name);
  const expected = plan.sorted && limit > 0 ? skip + limit : undefined;
  const found = matching(engine, collection, plan, matches, expected);
  if (plan.sorted) {
    yield* slice(found, skip, limit);
  } else {
    yield* slice(
      sortDocuments([...found], sort, ({ document }) => document),
      skip,
      limit,
    );
  }
}

/** Whoever asks for all documents gets them by reading all; an index would not help. */
function readsEverything({ filter, sort, limit }: FindRequest): boolean {
  return Object.keys(filter).length === 0 && (sort.length === 0 || limit === 0);
}

function* matching(
  engine: Engine,
  collection: CollectionEntry,
  plan: QueryPlan,
  matches: (document: BsonDocument) => boolean,
  expected: number | undefined,
): Generator<FoundDocument> {
  for (const { seq, bytes } of scanDocuments(engine.storage, collection, plan, expected)) {
    const document = deserialize(bytes);
    if (matches(document)) yield { seq, bytes, document };
  }
}

function* slice<T>(items: Iterable<T>, skip: number, limit: number): Generator<T> {
  let position = 0;
  for (const item of items) {
    position += 1;
    if (position <= skip) continue;
    yield item;
    if (limit > 0 && position >= skip + limit) return;
  }
}

/** The first match, for updates and deletions of one. */
export function findFirst(
  engine: Engine,
  collection: CollectionEntry,
  filter: BsonDocument,
  sort: SortSpec,
): FoundDocument | undefined {
  for (const found of findDocuments(engine, collection, { filter, sort, skip: 0, limit: 1 })) return found;
  return undefined;
}

/** What `explain` tells, in MongoDB's words as far as tests look at them. */
export function explainFind(collection: CollectionEntry | undefined, { filter, sort }: FindRequest): BsonDocument {
  compileFilter(filter);
  const plan: QueryPlan | undefined = collection && planQuery(collection, filter, sort);
  const indexes = [...new Set(plan?.scans.map(({ index }) => index.name))];
  const access =
    plan === undefined
      ? { stage: 'EOF' }
      : plan.scans.length === 0
        ? { stage: 'COLLSCAN' }
        : { stage: 'FETCH', inputStage: { stage: 'IXSCAN', indexName: indexes.join(', ') } };
  const winningPlan = plan === undefined || plan.sorted ? access : { stage: 'SORT', inputStage: access };
  return { queryPlanner: { namespace: collection?.name ?? '', parsedQuery: filter, winningPlan }, ok: 1 };
}
