import type { Resource, ResourceKind } from '../models/resource.ts';
import type { ConfigurationState, PublishedEntry } from '../models/revision.ts';
import type { Tenant } from '../models/tenant.ts';
import type { AdminContext } from './context.ts';
import { isSame, put, update } from './resources.ts';

/**
 * The working copy has the entry before it is published: where the process ends in between, somebody's work is saved
 * and not served, and never the other way round.
 */
export async function saveFirst(
  context: AdminContext,
  of: Tenant,
  kind: ResourceKind,
  name: string,
  entry: PublishedEntry,
  known: Resource | undefined,
): Promise<() => Promise<void>> {
  if (known !== undefined && isSame(known, entry)) return async () => {};
  const saved = await put(context, of, kind, name, entry, known, 'save');
  return async () => {
    const { options, document, archivedAt } = known ?? { ...saved, archivedAt: new Date(context.clock.now()) };
    await update(context, of, saved, 'takeBack', { options, document, archivedAt });
  };
}

export function withEntry(
  state: ConfigurationState,
  kind: ResourceKind,
  name: string,
  entry: PublishedEntry,
): ConfigurationState {
  return { ...state, [kind]: { ...state[kind], [name]: entry } };
}
