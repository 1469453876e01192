import { canonicalJson } from '../../kernel/canonical-json.ts';
import { RESOURCE_KINDS, type ResourceKind } from '../models/resource.ts';
import type { ConfigurationState, PublishedEntry } from '../models/revision.ts';
import type { Tenant } from '../models/tenant.ts';
import type { AdminContext } from './context.ts';
import { documentsOf, type ReadEntry } from './entries.ts';
import type { SchemaChange, Validation } from './ports.ts';
import { changedVersions } from './prompt-versions.ts';

/** A validation, and who would notice. */
export interface Preview extends Validation {
  /** Entries that would change. */
  readonly entries: readonly EntryChange[];
  readonly users: readonly FieldUser[];
}

export interface EntryChange {
  readonly kind: ResourceKind;
  readonly name: string;
  readonly before: PublishedEntry | undefined;
  readonly after: PublishedEntry | undefined;
}

/** A product that has a field which a change removes or breaks, and how many apps have access to it. */
export interface FieldUser {
  readonly field: string;
  readonly product: string;
  readonly productName: string;
  readonly apps: number;
}

export type ReadDocument = NonNullable<ReadEntry['document']>;

/** What a state would make of the graph, beside the one that serves. Nothing changes. */
export async function previewState(
  context: AdminContext,
  of: Tenant,
  before: ConfigurationState,
  next: ConfigurationState,
  given: readonly ReadDocument[],
): Promise<Preview> {
  const entries = compareStates(before, next);
  const frozen = await changedVersions(context, of, entries);
  const stored = await documentsOf(context, next, of);
  const documents = new Map<string, Pick<ReadDocument, 'name' | 'text' | 'hash'>>([
    ...stored.map((document) => [document._id, document] as const),
    ...given.map((document) => [document.id, document] as const),
  ]);
  const validation = await context.ports.validate({ tenant: of, state: next, documents });
  const users = await usersOf(context, of, [...validation.changes.breaking]);
  return { ...validation, errors: [...frozen, ...validation.errors], entries, users };
}

export function compareStates(before: ConfigurationState, after: ConfigurationState): EntryChange[] {
  const changes: EntryChange[] = [];
  for (const kind of RESOURCE_KINDS) {
    const names = new Set([...Object.keys(before[kind] ?? {}), ...Object.keys(after[kind] ?? {})]);
    for (const name of [...names].sort()) {
      const [old, now] = [before[kind]?.[name], after[kind]?.[name]];
      if (canonicalJson(old ?? null) !== canonicalJson(now ?? null))
        changes.push({ kind, name, before: old, after: now });
    }
  }
  return changes;
}

async function usersOf({ store }: AdminContext, of: Tenant, breaking: readonly SchemaChange[]): Promise<FieldUser[]> {
  if (breaking.length === 0) return [];
  const products = await store.products.all({ all: false, tenant: of._id }, { archivedAt: null });
  const users: FieldUser[] = [];
  for (const product of products) {
    if (product.state === 'draft' || product.state === 'retired') continue;
    const hits = breaking.filter(({ path }) => product.fields.some((field) => isOf(path, field)));
    if (hits.length === 0) continue;
    const apps = await store.grants.count({ all: true }, { product: product._id, state: 'approved' });
    for (const field of new Set(hits.map(({ path }) => path)))
      users.push({ field, product: product._id, productName: product.name, apps });
  }
  return users;
}

/** Whether a change at `Type`, `Type.field` or `Type.field.argument` concerns `Type.field` or `Type.*`. */
function isOf(path: string, field: string): boolean {
  const [type, name] = field.split('.');
  const [changedType, changedField] = path.split('.');
  return type === changedType && (changedField === undefined || name === '*' || name === changedField);
}
