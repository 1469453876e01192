import { canonicalJson } from '../../kernel/canonical-json.ts';
import { scopeOf } from '../actor.ts';
import { notFound, UserErrors, userError } from '../errors.ts';
import type { Resource, ResourceKind } from '../models/resource.ts';
import type { ConfigurationState, PublishedEntry } from '../models/revision.ts';
import type { Tenant } from '../models/tenant.ts';
import { demand } from '../permissions.ts';
import { change } from './change.ts';
import { type AdminContext, tenantFor } from './context.ts';
import { type EntryInput, keepDocument, readEntry } from './entries.ts';

export { isKind } from '../models/resource.ts';
export {
  documentsOf,
  type EntryInput,
  keepDocument,
  MOST_DOCUMENT_BYTES,
  type ReadEntry,
  readEntry,
} from './entries.ts';
export { MOST_OPTION_BYTES } from './read-options.ts';

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
    return context.store.resources.find(scopeOf(context.actor), {
      tenant: of._id,
      kind,
      name,
      archivedAt: null,
    });
  },
  async all(context: AdminContext, tenant: Tenant): Promise<readonly Resource[]> {
    return context.store.resources.all({ all: false, tenant: tenant._id }, { archivedAt: null });
  },
  /** Makes the entry, or changes the one that was seen. It does not serve yet. */
  async save(context: AdminContext, kind: ResourceKind, input: EntryInput, tenant?: string | null): Promise<Resource> {
    demand(context.actor, 'configuration');
    const of = await tenantFor(context, tenant);
    const known = await findResource(context, of, kind, input.name);
    seen(known, input, kind);
    const entry = readEntry(context, kind, input, of, known);
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
    const known = await findResource(context, of, kind, name);
    if (known === undefined || known.archivedAt !== null) throw notFound(kind.slice(0, -1), ['name']);
    if (known.version !== version) throw stale(known);
    return update(context, of, known, 'remove', { archivedAt: new Date(context.clock.now()) });
  },
  /** Puts an entry that was taken out back into the working copy, as it was. */
  async restore(
    context: AdminContext,
    kind: ResourceKind,
    name: string,
    version: number,
    tenant?: string | null,
  ): Promise<Resource> {
    demand(context.actor, 'configuration');
    const of = await tenantFor(context, tenant);
    const known = await findResource(context, of, kind, name);
    if (known === undefined) throw notFound(kind.slice(0, -1), ['name']);
    if (known.version !== version) throw stale(known);
    return update(context, of, known, 'restore', { archivedAt: null });
  },
  /** Makes the working copy what a state says, but for what is changed by somebody at the same time. */
  async follow(context: AdminContext, of: Tenant, state: ConfigurationState): Promise<void> {
    const current = await context.store.resources.all({ all: false, tenant: of._id }, {});
    for (const resource of current) {
      const isThere = Object.hasOwn(state[resource.kind] ?? {}, resource.name);
      if (!isThere && resource.archivedAt === null)
        await orLeave(() => update(context, of, resource, 'remove', { archivedAt: new Date(context.clock.now()) }));
    }
    const known = new Map(current.map((resource) => [`${resource.kind}.${resource.name}`, resource]));
    for (const [kind, entries] of Object.entries(state))
      for (const [name, entry] of Object.entries(entries)) {
        const resource = known.get(`${kind}.${name}`);
        if (resource === undefined || !isSame(resource, entry))
          await orLeave(() => put(context, of, kind as ResourceKind, name, entry, resource, 'save'));
      }
  },
};

/** Whether an entry of the working copy is what is published. */
export function isSame({ options, document, archivedAt }: Resource, entry: PublishedEntry | undefined): boolean {
  if (entry === undefined || archivedAt !== null) return entry === undefined && archivedAt !== null;
  return options === canonicalJson(entry.options) && (document ?? undefined) === entry.document;
}

/** Their change stays in the working copy: it is published, or not, by whoever made it. */
async function orLeave(write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!(error instanceof UserErrors)) throw error;
  }
}

/** The working copy as a state that could be published. */
export function stateOf(list: readonly Resource[]): ConfigurationState {
  const state: Record<string, Record<string, PublishedEntry>> = {};
  for (const { kind, name, options, document } of list) {
    state[kind] ??= {};
    state[kind][name] = { options: JSON.parse(options), ...(document === null ? {} : { document }) };
  }
  return state;
}

/** An entry of the working copy, also one that was taken out of it. */
export function findResource(
  { store }: AdminContext,
  tenant: Tenant,
  kind: ResourceKind,
  name: string,
): Promise<Resource | undefined> {
  return store.resources.find({ all: false, tenant: tenant._id }, { kind, name });
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

export async function put(
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

export function update(
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
    if (written === undefined)
      throw userError('STALE', ['version'], `"${name}" was changed by somebody else just now. Read it again.`);
    return written;
  });
}
