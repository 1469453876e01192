import { notFound, userError } from '../errors.ts';
import type { ResourceKind } from '../models/resource.ts';
import type { ConfigurationState, Revision } from '../models/revision.ts';
import type { Tenant } from '../models/tenant.ts';
import { demand } from '../permissions.ts';
import type { Page } from '../store/page.ts';
import { commit, type Published, type PublishRequest } from './commit.ts';
import { type AdminContext, tenantFor } from './context.ts';
import { type EntryInput, type ReadEntry, readEntry } from './entries.ts';
import { latestOf, readState } from './latest.ts';
import { compareStates, type EntryChange, type Preview, previewState, type ReadDocument } from './preview.ts';
import { findResource, resources, seen, stateOf } from './resources.ts';
import { saveFirst, withEntry } from './save-first.ts';

export { type Published, PublishRefused, type PublishRequest } from './commit.ts';
export { NOTHING_PUBLISHED, readState } from './latest.ts';

/** The numbered states of tenants' configurations. */
export const revisions = {
  latest(context: AdminContext, tenant: Tenant): Promise<Revision | undefined> {
    return latestOf(context, tenant);
  },
  async get(context: AdminContext, number: number, tenant?: string | null): Promise<Revision> {
    demand(context.actor, 'read');
    const of = await tenantFor(context, tenant);
    const found = await context.store.revisions.find({ all: false, tenant: of._id }, { tenant: of._id, number });
    if (found === undefined) throw notFound('revision', ['number']);
    return found;
  },
  /** Undefined where there is none of that number; without a number, the newest. */
  async findOne(context: AdminContext, number?: number | null, tenant?: string | null): Promise<Revision | undefined> {
    demand(context.actor, 'read');
    const of = await tenantFor(context, tenant);
    if (typeof number !== 'number') return latestOf(context, of);
    return context.store.revisions.find({ all: false, tenant: of._id }, { number });
  },
  /** The newest first. */
  async list(context: AdminContext, { tenant, first, before }: RevisionList): Promise<Page<Revision>> {
    demand(context.actor, 'read');
    const of = await tenantFor(context, tenant);
    if (typeof first === 'number' && (first < 1 || first > MOST_PAGE))
      throw userError('INVALID', ['first'], `must be from 1 to ${MOST_PAGE}`);
    const filter =
      before === undefined || before === null ? { tenant: of._id } : { tenant: of._id, number: { $lt: before } };
    const sort = { field: 'number', descending: true };
    return context.store.revisions.page({ all: false, tenant: of._id }, filter, {
      first: first ?? 50,
      sort,
    });
  },
  async count(context: AdminContext, tenant?: string | null): Promise<number> {
    demand(context.actor, 'read');
    const of = await tenantFor(context, tenant);
    return context.store.revisions.count({ all: false, tenant: of._id }, {});
  },
  async compare(
    context: AdminContext,
    from: number,
    to: number,
    tenant?: string | null,
  ): Promise<readonly EntryChange[]> {
    const one = await revisions.get(context, from, tenant);
    const other = await revisions.get(context, to, tenant);
    return compareStates(readState(one), readState(other));
  },
  /** What publishing the working copy would do. Nothing changes. */
  async preview(context: AdminContext, tenant?: string | null): Promise<Preview> {
    demand(context.actor, 'configuration');
    const of = await tenantFor(context, tenant);
    const latest = readState(await latestOf(context, of));
    return previewState(context, of, latest, stateOf(await resources.all(context, of)), []);
  },
  /** What publishing one entry, as it is given, would do. */
  async previewEntry(
    context: AdminContext,
    kind: ResourceKind,
    input: EntryInput,
    tenant?: string | null,
  ): Promise<Preview> {
    demand(context.actor, 'configuration');
    const of = await tenantFor(context, tenant);
    const latest = readState(await latestOf(context, of));
    const entry = readEntry(context, kind, input, of, await findResource(context, of, kind, input.name));
    return previewState(context, of, latest, withEntry(latest, kind, input.name, entry.published), documentOf(entry));
  },
  /** Publishes the working copy. */
  async publish(context: AdminContext, request: PublishRequest, tenant?: string | null): Promise<Published> {
    demand(context.actor, 'configuration');
    const of = await tenantFor(context, tenant);
    const latest = await latestOf(context, of);
    const next = stateOf(await resources.all(context, of));
    return commit(context, of, { latest, next, request, documents: [] });
  },
  /** Saves one entry and publishes it alone, with the rest as it serves. */
  async publishEntry(
    context: AdminContext,
    kind: ResourceKind,
    input: EntryInput,
    request: PublishRequest,
    tenant?: string | null,
  ): Promise<Published> {
    demand(context.actor, 'configuration');
    const of = await tenantFor(context, tenant);
    const known = await findResource(context, of, kind, input.name);
    seen(known, input, kind);
    const entry = readEntry(context, kind, input, of, known);
    const latest = await latestOf(context, of);
    return commit(context, of, {
      latest,
      next: withEntry(readState(latest), kind, input.name, entry.published),
      request,
      documents: documentOf(entry),
      prepare: () => saveFirst(context, of, kind, input.name, entry.published, known),
    });
  },
  /** Publishes the state of an earlier revision again; the working copy follows. */
  async rollBack(
    context: AdminContext,
    number: number,
    request: PublishRequest,
    tenant?: string | null,
  ): Promise<Published> {
    demand(context.actor, 'configuration');
    const of = await tenantFor(context, tenant);
    const latest = await latestOf(context, of);
    const wanted = readState(await revisions.get(context, number, of._id));
    const prepare = () => followFirst(context, of, wanted);
    return commit(context, of, { latest, next: wanted, request, documents: [], restores: number, prepare });
  },
  /** Publishes a whole state, and makes the working copy the same. */
  async replace(
    context: AdminContext,
    of: Tenant,
    next: ConfigurationState,
    documents: readonly ReadDocument[],
    request: PublishRequest,
  ): Promise<Published> {
    demand(context.actor, 'configuration');
    const latest = await latestOf(context, of);
    return commit(context, of, { latest, next, request, documents, prepare: () => followFirst(context, of, next) });
  },
};

const MOST_PAGE = 200;

export interface RevisionList {
  readonly tenant?: string | null | undefined;
  readonly first?: number | null | undefined;
  readonly before?: number | null | undefined;
}

/** As `saveFirst` does with one entry: a process that ends in between leaves work that is saved and does not serve. */
async function followFirst(context: AdminContext, of: Tenant, next: ConfigurationState): Promise<() => Promise<void>> {
  const before = stateOf(await resources.all(context, of));
  await resources.follow(context, of, next);
  return () => resources.follow(context, of, before);
}

function documentOf({ document }: ReadEntry): readonly ReadDocument[] {
  return document === undefined ? [] : [document];
}
