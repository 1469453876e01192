import { notFound, type UserError, UserErrors, userError } from '../errors.ts';
import type { ResourceKind } from '../models/resource.ts';
import type { ConfigurationState, PublishedEntry, Revision } from '../models/revision.ts';
import type { Tenant } from '../models/tenant.ts';
import { demand } from '../permissions.ts';
import type { Page } from '../store/page.ts';
import { canonicalJson, sha256 } from './canonical.ts';
import { change } from './change.ts';
import { type AdminContext, tenantFor } from './context.ts';
import type { SchemaChange } from './ports.ts';
import {
  compareStates,
  type EntryChange,
  type FieldUser,
  type Preview,
  previewState,
  type ReadDocument,
} from './preview.ts';
import { type EntryInput, keepDocument, type ReadEntry, readEntry, resources, seen, stateOf } from './resources.ts';

export interface PublishRequest {
  readonly message?: string | null | undefined;
  /** Whether clients may break by it. */
  readonly allowBreaking?: boolean | null | undefined;
}

export const NOTHING_PUBLISHED: ConfigurationState = {};

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
  /** The newest first. */
  async list(context: AdminContext, { tenant, first, before }: RevisionList): Promise<Page<Revision>> {
    demand(context.actor, 'read');
    const of = await tenantFor(context, tenant);
    const filter =
      before === undefined || before === null ? { tenant: of._id } : { tenant: of._id, number: { $lt: before } };
    const sort = { field: 'number', descending: true };
    return context.store.revisions.page({ all: false, tenant: of._id }, filter, {
      first: Math.min(first ?? 50, 200),
      sort,
    });
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
    demand(context.actor, 'read');
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
    demand(context.actor, 'read');
    const of = await tenantFor(context, tenant);
    const latest = readState(await latestOf(context, of));
    const entry = readEntry(context, kind, input, of);
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
    const entry = readEntry(context, kind, input, of);
    seen(
      await context.store.resources.find({ all: false, tenant: of._id }, { tenant: of._id, kind, name: input.name }),
      input,
      kind,
    );
    const latest = await latestOf(context, of);
    const next = withEntry(readState(latest), kind, input.name, entry.published);
    const published = await commit(context, of, { latest, next, request, documents: documentOf(entry) });
    await resources.save(context, kind, input, of._id);
    return published;
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
    const published = await commit(context, of, { latest, next: wanted, request, documents: [], restores: number });
    await resources.follow(context, of, wanted);
    return published;
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
    const published = await commit(context, of, { latest, next, request, documents });
    await resources.follow(context, of, next);
    return published;
  },
};

export interface RevisionList {
  readonly tenant?: string | null | undefined;
  readonly first?: number | null | undefined;
  readonly before?: number | null | undefined;
}

export interface Published {
  readonly revision: Revision;
  readonly preview: Preview;
}

async function latestOf({ store }: AdminContext, { _id }: Tenant): Promise<Revision | undefined> {
  const sort = { field: 'number', descending: true };
  const { records } = await store.revisions.page({ all: false, tenant: _id }, { tenant: _id }, { first: 1, sort });
  return records[0];
}

export function readState(revision: Revision | undefined): ConfigurationState {
  return revision === undefined ? NOTHING_PUBLISHED : (JSON.parse(revision.state) as ConfigurationState);
}

interface Commit {
  readonly latest: Revision | undefined;
  readonly next: ConfigurationState;
  readonly request: PublishRequest;
  readonly documents: readonly ReadDocument[];
  readonly restores?: number;
}

/** One document is written last, and it is the whole of what is published: a publish happens, or it does not. */
async function commit(
  context: AdminContext,
  of: Tenant,
  { latest, next, request, documents, restores }: Commit,
): Promise<Published> {
  const before = readState(latest);
  const preview = await previewState(context, of, before, next, documents);
  if (preview.errors.length > 0) throw new UserErrors(preview.errors);
  if (preview.entries.length === 0) throw userError('INVALID', [], 'There is nothing to publish: this is what serves.');
  const { breaking } = preview.changes;
  if (breaking.length > 0 && request.allowBreaking !== true)
    throw new UserErrors(breakingErrors(breaking, preview.users));
  for (const document of documents) await keepDocument(context, of, document);
  const state = canonicalJson(next);
  const number = (latest?.number ?? 0) + 1;
  const record = {
    tenant: of._id,
    number,
    author: context.actor.id,
    message: request.message ?? '',
    restores: restores ?? null,
    state,
    hash: sha256(state),
  };
  const told = { action: restores === undefined ? 'configuration.publish' : 'configuration.rollBack', tenant: of._id };
  const entries = preview.entries.map(({ kind, name }) => `${kind}.${name}`);
  const after = { number, message: record.message, entries, ...(restores === undefined ? {} : { restores }) };
  const revision = await change(context, { ...told, entity: '', entityName: `revision ${number}`, after }, async () => {
    try {
      return await context.store.revisions.insert({ all: false, tenant: of._id }, record);
    } catch (error) {
      if ((error as Error).name !== 'TakenError') throw error;
      throw userError(
        'STALE',
        [],
        'Somebody else published at the same time. Look at what they did, and publish again.',
      );
    }
  });
  return { revision, preview };
}

const MOST_TOLD = 50;

function breakingErrors(breaking: readonly SchemaChange[], users: readonly FieldUser[]): UserError[] {
  const using = users.map(({ productName, apps }) => `${productName} (${apps} ${apps === 1 ? 'app' : 'apps'})`);
  const whose = using.length === 0 ? '' : ` Products that use what changes: ${using.join(', ')}.`;
  const way = `Clients may break by this change: ${breaking.length} of its changes are breaking.${whose} Publish with allowBreaking if that is meant.`;
  return [
    { code: 'INVALID', path: ['allowBreaking'], message: way },
    ...breaking
      .slice(0, MOST_TOLD)
      .map(({ path, message }) => ({ code: 'INVALID' as const, path: ['graph', path], message })),
  ];
}

function withEntry(
  state: ConfigurationState,
  kind: ResourceKind,
  name: string,
  entry: PublishedEntry,
): ConfigurationState {
  return { ...state, [kind]: { ...state[kind], [name]: entry } };
}

function documentOf({ document }: ReadEntry): readonly ReadDocument[] {
  return document === undefined ? [] : [document];
}
