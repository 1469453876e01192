import type { Actor } from '../../admin/actor.ts';
import { PLATFORM } from '../../admin/models/record.ts';
import { RESOURCE_KINDS } from '../../admin/models/resource.ts';
import type { ConfigurationState, PublishedEntry, Revision } from '../../admin/models/revision.ts';
import type { Tenant } from '../../admin/models/tenant.ts';
import type { Store } from '../../admin/store/store.ts';
import { change } from '../../admin/stores/change.ts';
import type { AdminContext } from '../../admin/stores/context.ts';
import { sha256 } from '../../admin/stores/sha256.ts';
import { canonicalJson } from '../../kernel/canonical-json.ts';

/** Who publishes what skein.yaml says. */
export const FILE_ACTOR: Actor = {
  id: 'skein.yaml',
  name: 'skein.yaml',
  tenant: PLATFORM,
  roles: ['platform'],
  address: '',
  requestId: '',
};

/** The sections of skein.yaml as a state. */
export function stateOfFile(sections: Readonly<Record<string, unknown>>): ConfigurationState {
  const state: Record<string, Record<string, PublishedEntry>> = {};
  for (const [kind, entries] of Object.entries(sections)) {
    if (!(RESOURCE_KINDS as readonly string[]).includes(kind)) continue;
    const read = Object.entries(entries as Record<string, unknown>).map(
      ([name, options]) => [name, { options: options ?? {} }] as const,
    );
    if (read.length > 0) state[kind] = Object.fromEntries(read);
  }
  return state;
}

/**
 * What becomes of the published state by a file that has changed: entries that it says otherwise than before are as it
 * says, all others stay as they were published. So what was changed by administrators lasts, until the file speaks of it.
 */
export function mergeFile(
  before: ConfigurationState,
  file: ConfigurationState,
  published: ConfigurationState,
): ConfigurationState {
  const merged: Record<string, Record<string, PublishedEntry>> = {};
  for (const kind of new Set([...Object.keys(before), ...Object.keys(file), ...Object.keys(published)])) {
    const names = new Set([before, file, published].flatMap((state) => Object.keys(state[kind] ?? {})));
    for (const name of names) {
      const [old, now, serving] = [before[kind]?.[name], file[kind]?.[name], published[kind]?.[name]];
      const isSame = canonicalJson(old ?? null) === canonicalJson(now ?? null);
      const entry = isSame ? serving : now;
      if (entry === undefined) continue;
      merged[kind] ??= {};
      merged[kind][name] = entry;
    }
  }
  return merged;
}

/** What the file said when it was last published. */
export async function lastFileState(store: Store, tenant: string): Promise<ConfigurationState> {
  const request = { first: 1, sort: { field: 'number', descending: true } };
  const { records } = await store.revisions.page({ all: false, tenant }, { tenant, file: { $ne: null } }, request);
  const file = records[0]?.file;
  return file === undefined || file === null ? {} : (JSON.parse(file) as ConfigurationState);
}

/** Writes a revision of what is known to work, because it serves already. The working copy is to follow it. */
export async function publishFile(
  context: AdminContext,
  tenant: Tenant,
  { latest, state, file }: { latest: Revision | undefined; state: ConfigurationState; file: ConfigurationState },
): Promise<Revision> {
  const number = (latest?.number ?? 0) + 1;
  const text = canonicalJson(state);
  const message = latest === undefined ? 'Seeded from skein.yaml' : 'skein.yaml has changed';
  const record = {
    ...{ tenant: tenant._id, number, author: FILE_ACTOR.id, message, restores: null },
    ...{ state: text, hash: sha256(text), file: canonicalJson(file) },
  };
  const told = { action: 'configuration.publish', tenant: tenant._id, entity: '', entityName: `revision ${number}` };
  return change(context, { ...told, after: { number, message } }, () =>
    context.store.revisions.insert({ all: false, tenant: tenant._id }, record),
  );
}
