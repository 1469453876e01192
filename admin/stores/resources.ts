import { scopeOf } from '../actor.ts';
import { notFound, type UserError, UserErrors, userError } from '../errors.ts';
import { RESOURCE_KINDS, type Resource, type ResourceKind, type StoredDocument } from '../models/resource.ts';
import type { ConfigurationState, PublishedEntry } from '../models/revision.ts';
import type { Tenant } from '../models/tenant.ts';
import { demand } from '../permissions.ts';
import { TakenError } from '../store/collection.ts';
import { canonicalJson, sha256 } from './canonical.ts';
import { change } from './change.ts';
import { type AdminContext, tenantFor } from './context.ts';

/** An entry of the configuration as it is given. */
export interface EntryInput {
  readonly name: string;
  /** As under `<kind>.<name>` in skein.yaml. */
  readonly options: unknown;
  /** The text of the document that the options name. */
  readonly document?: { readonly name: string; readonly text: string } | null | undefined;
  /** The version that was seen; of an entry that exists, it must be given. */
  readonly version?: number | null | undefined;
}

export const MOST_OPTION_BYTES = 1_048_576;
export const MOST_DOCUMENT_BYTES = 12 * 1_048_576;

/** The working copy: what will serve when it is published. */
export const resources = {
  async get(
    context: AdminContext,
    kind: ResourceKind,
    name: string,
    tenant?: string | null,
  ): Promise<Resource | undefined> {
    demand(context.actor, 'read');
    const of = await tenantFor(context, tenant);
    return context.store.resources.find(scopeOf(context.actor), { tenant: of._id, kind, name, archivedAt: null });
  },
  async all(context: AdminContext, tenant: Tenant): Promise<readonly Resource[]> {
    return context.store.resources.all({ all: false, tenant: tenant._id }, { archivedAt: null });
  },
  /** Makes the entry, or changes the one that was seen. It does not serve yet. */
  async save(context: AdminContext, kind: ResourceKind, input: EntryInput, tenant?: string | null): Promise<Resource> {
    demand(context.actor, 'configuration');
    const of = await tenantFor(context, tenant);
    const entry = readEntry(context, kind, input, of);
    const known = await find(context, of, kind, input.name);
    seen(known, input, kind);
    if (entry.document !== undefined) await keepDocument(context, of, entry.document);
    return put(context, of, kind, input.name, entry.published, known, 'save');
  },
  /** Takes the entry out of the working copy. It serves until that is published. */
  async remove(
    context: AdminContext,
    kind: ResourceKind,
    name: string,
    version: number,
    tenant?: string | null,
  ): Promise<Resource> {
    demand(context.actor, 'configuration');
    const of = await tenantFor(context, tenant);
    const known = await find(context, of, kind, name);
    if (known === undefined || known.archivedAt !== null) throw notFound(kind.slice(0, -1), ['name']);
    if (known.version !== version) throw stale(known);
    return update(context, of, known, 'remove', { archivedAt: new Date(context.clock.now()) });
  },
  /** Makes the working copy what a state says. */
  async follow(context: AdminContext, of: Tenant, state: ConfigurationState): Promise<void> {
    const current = await context.store.resources.all({ all: false, tenant: of._id }, {});
    for (const resource of current) {
      const isThere = state[resource.kind]?.[resource.name] !== undefined;
      if (!isThere && resource.archivedAt === null)
        await update(context, of, resource, 'remove', { archivedAt: new Date(context.clock.now()) });
    }
    const known = new Map(current.map((resource) => [`${resource.kind}.${resource.name}`, resource]));
    for (const [kind, entries] of Object.entries(state))
      for (const [name, entry] of Object.entries(entries)) {
        const resource = known.get(`${kind}.${name}`);
        const isSame =
          resource?.archivedAt === null &&
          resource.options === canonicalJson(entry.options) &&
          (resource.document ?? undefined) === entry.document;
        if (!isSame) await put(context, of, kind as ResourceKind, name, entry, resource, 'save');
      }
  },
};

/** The working copy as a state that could be published. */
export function stateOf(list: readonly Resource[]): ConfigurationState {
  const state: Record<string, Record<string, PublishedEntry>> = {};
  for (const { kind, name, options, document } of list) {
    state[kind] ??= {};
    state[kind][name] = { options: JSON.parse(options), ...(document === null ? {} : { document }) };
  }
  return state;
}

export interface ReadEntry {
  readonly published: PublishedEntry;
  readonly document:
    | { readonly id: string; readonly name: string; readonly text: string; readonly hash: string }
    | undefined;
}

/** Checks what can be checked of an entry by itself. @throws UserErrors with all of it */
export function readEntry({ ports }: AdminContext, kind: ResourceKind, input: EntryInput, tenant: Tenant): ReadEntry {
  const { name, options, document } = input;
  const errors: UserError[] = [];
  const bytes = Buffer.byteLength(JSON.stringify(options ?? null));
  if (bytes > MOST_OPTION_BYTES)
    errors.push({
      code: 'INVALID',
      path: ['options'],
      message: `has ${bytes} bytes, and may have ${MOST_OPTION_BYTES}`,
    });
  else errors.push(...ports.checkEntry(kind, name, options));
  let kept: ReadEntry['document'];
  if (document !== undefined && document !== null) {
    const { name: file, text } = document;
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(file))
      errors.push({
        code: 'INVALID',
        path: ['document', 'name'],
        message: 'must be a plain file name, e.g. openapi.yaml',
      });
    if (Buffer.byteLength(text) > MOST_DOCUMENT_BYTES)
      errors.push({
        code: 'INVALID',
        path: ['document', 'text'],
        message: `may have ${MOST_DOCUMENT_BYTES} bytes at the most`,
      });
    const hash = sha256(text);
    kept = { id: `doc_${sha256(`${tenant._id}\n${file}\n${hash}`).slice(0, 40)}`, name: file, text, hash };
  }
  if (errors.length > 0) throw new UserErrors(errors);
  return { published: { options, ...(kept === undefined ? {} : { document: kept.id }) }, document: kept };
}

/** Documents never change, so that one that is there stays. */
export async function keepDocument(
  { store }: AdminContext,
  tenant: Tenant,
  { id, name, text, hash }: NonNullable<ReadEntry['document']>,
): Promise<void> {
  const scope = { all: false, tenant: tenant._id } as const;
  if ((await store.documents.get(scope, id)) !== undefined) return;
  try {
    await store.documents.insert(scope, { _id: id, tenant: tenant._id, name, hash, text });
  } catch (error) {
    if (!(error instanceof TakenError)) throw error;
  }
}

export async function documentsOf(
  { store }: AdminContext,
  state: ConfigurationState,
): Promise<readonly StoredDocument[]> {
  const ids = Object.values(state).flatMap((entries) =>
    Object.values(entries).flatMap(({ document }) => document ?? []),
  );
  return store.documents.all({ all: true }, { _id: { $in: ids } });
}

export function isKind(kind: string): kind is ResourceKind {
  return (RESOURCE_KINDS as readonly string[]).includes(kind);
}

function find({ store, actor }: AdminContext, tenant: Tenant, kind: ResourceKind, name: string) {
  return store.resources.find(scopeOf(actor), { tenant: tenant._id, kind, name });
}

/** Who changes an entry must have seen it as it is. */
export function seen(known: Resource | undefined, { version }: EntryInput, kind: ResourceKind): void {
  const exists = known !== undefined && known.archivedAt === null;
  if (exists && version !== known.version) throw stale(known, version === null || version === undefined);
  if (!exists && version !== null && version !== undefined) throw notFound(kind.slice(0, -1), ['name']);
}

function stale({ version, name }: Resource, isUnseen = false): UserErrors {
  return isUnseen
    ? userError('TAKEN', ['name'], `There is a "${name}" already. To change it, give its version, ${version}.`)
    : userError(
        'STALE',
        ['version'],
        `"${name}" was changed by somebody else since. It has version ${version} now. Read it again.`,
      );
}

async function put(
  context: AdminContext,
  tenant: Tenant,
  kind: ResourceKind,
  name: string,
  { options, document = null as string | null }: { options: unknown; document?: string | null },
  known: Resource | undefined,
  action: string,
): Promise<Resource> {
  const fields = { options: canonicalJson(options), document };
  if (known !== undefined) return update(context, tenant, known, action, { ...fields, archivedAt: null });
  const record = { tenant: tenant._id, kind, name, ...fields };
  const told = { action: `${kind}.${action}`, tenant: tenant._id, entity: '', entityName: name };
  return change(context, { ...told, after: record }, () =>
    context.store.resources.insert({ all: false, tenant: tenant._id }, record),
  );
}

function update(
  context: AdminContext,
  tenant: Tenant,
  known: Resource,
  action: string,
  changes: Partial<Pick<Resource, 'options' | 'document' | 'archivedAt'>>,
): Promise<Resource> {
  const { kind, name, options, document } = known;
  const told = { action: `${kind}.${action}`, tenant: tenant._id, entity: known._id, entityName: name };
  return change(context, { ...told, before: { options, document }, after: changes }, async () => {
    const scope = { all: false, tenant: tenant._id } as const;
    const written = await context.store.resources.update(scope, known._id, known.version, changes);
    if (written === undefined) throw stale(known);
    return written;
  });
}
