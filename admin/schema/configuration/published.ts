import { scopeOf } from '../../actor.ts';
import type { Resource, StoredDocument } from '../../models/resource.ts';
import type { ConfigurationState, PublishedEntry } from '../../models/revision.ts';
import type { AdminContext } from '../../stores/context.ts';
import { latestOf, readState } from '../../stores/latest.ts';
import { isSame } from '../../stores/resources.ts';

export type EntryStatus = 'draft' | 'published' | 'changed' | 'removed' | 'archived';

const states = new WeakMap<AdminContext, Map<string, Promise<ConfigurationState>>>();

/** What serves of a tenant: looked up once in a request, however many rows ask. */
function stateOf(context: AdminContext, tenant: string): Promise<ConfigurationState> {
  const known = states.get(context) ?? new Map<string, Promise<ConfigurationState>>();
  states.set(context, known);
  const state = known.get(tenant) ?? latestOf(context, { _id: tenant }).then(readState);
  known.set(tenant, state);
  return state;
}

/** To be called where something is published: later fields of the same request see it. */
export function forgetPublished(context: AdminContext): void {
  states.delete(context);
}

export async function publishedEntry(
  context: AdminContext,
  { tenant, kind, name }: Resource,
): Promise<PublishedEntry | undefined> {
  const entries = (await stateOf(context, tenant))[kind];
  return entries !== undefined && Object.hasOwn(entries, name) ? entries[name] : undefined;
}

export async function statusOf(context: AdminContext, resource: Resource): Promise<EntryStatus> {
  const published = await publishedEntry(context, resource);
  if (resource.archivedAt !== null) return published === undefined ? 'archived' : 'removed';
  if (published === undefined) return 'draft';
  return isSame(resource, published) ? 'published' : 'changed';
}

interface Waiting {
  readonly ids: Set<string>;
  readonly found: Promise<ReadonlyMap<string, StoredDocument>>;
}
const waiting = new WeakMap<AdminContext, Waiting>();

/** A document by its id. All that rows ask for at once are read at once. */
export async function documentOf(context: AdminContext, id: string): Promise<StoredDocument | undefined> {
  let batch = waiting.get(context);
  if (batch === undefined) {
    const ids = new Set<string>();
    const found = Promise.resolve().then(async () => {
      waiting.delete(context);
      const documents = await context.store.documents.all(scopeOf(context.actor), { _id: { $in: [...ids] } });
      return new Map(documents.map((document) => [document._id, document]));
    });
    batch = { ids, found };
    waiting.set(context, batch);
  }
  batch.ids.add(id);
  return (await batch.found).get(id);
}
