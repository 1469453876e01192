import { UserErrors } from '../errors.ts';
import { newId } from '../ids.ts';
import { DEFAULT_TENANT } from '../models/record.ts';
import type { ConfigurationState, PublishedEntry } from '../models/revision.ts';
import type { Secret } from '../models/secret.ts';
import type { Tenant } from '../models/tenant.ts';
import { breakingErrors } from '../stores/commit.ts';
import type { AdminContext } from '../stores/context.ts';
import { readEntry } from '../stores/entries.ts';
import { readState } from '../stores/latest.ts';
import type { SchemaChange } from '../stores/ports.ts';
import { previewState, type ReadDocument } from '../stores/preview.ts';
import { type Item, itemPath, itemsOf, type SecretValue, sectionOf } from './items.ts';
import type { Findings } from './state-error.ts';
import type { TenantPlan } from './world.ts';

export interface NextConfiguration {
  readonly next: ConfigurationState;
  readonly documents: readonly ReadDocument[];
}

/** Whether anything of what a tenant serves would change. */
export function changesConfiguration({ changes }: TenantPlan): boolean {
  return changes.some(({ before, after }) => (after ?? before)?.kind === 'entry');
}

/** What the tenant would serve. Mistakes of entries go to `report`. */
export function nextConfiguration(
  context: AdminContext,
  { current, changes }: TenantPlan,
  tenant: Tenant,
  report: (path: readonly string[], error: UserErrors['errors'][number]) => void,
): NextConfiguration {
  const sections = new Map<string, Map<string, PublishedEntry>>();
  for (const [kind, entries] of Object.entries(readState(current?.latest)))
    sections.set(kind, new Map(Object.entries(entries)));
  const documents: ReadDocument[] = [];
  for (const { before, after } of changes) {
    const item = after ?? before;
    if (item?.kind !== 'entry') continue;
    const section = sections.get(item.within) ?? new Map<string, PublishedEntry>();
    sections.set(item.within, section);
    if (after === undefined) {
      section.delete(item.name);
      continue;
    }
    const { options, document } = item.value;
    try {
      const read = readEntry(context, sectionOf(item), { name: item.name, options, document }, tenant);
      section.set(item.name, read.published);
      if (read.document !== undefined) documents.push(read.document);
    } catch (error) {
      if (!(error instanceof UserErrors)) throw error;
      for (const one of error.errors) report(placeOf(item, one.path), one);
    }
  }
  const filled = [...sections].filter(([, section]) => section.size > 0);
  return { next: Object.fromEntries(filled.map(([kind, section]) => [kind, Object.fromEntries(section)])), documents };
}

export interface BreakingChange extends SchemaChange {
  readonly tenant: string;
}

export interface ConfigurationChecks {
  readonly findings: Findings;
  readonly allowBreaking: boolean;
  readonly breaking: BreakingChange[];
}

/** Builds what a tenant would serve, beside what it serves. */
export async function checkConfiguration(
  context: AdminContext,
  plan: TenantPlan,
  { findings, allowBreaking, breaking }: ConfigurationChecks,
): Promise<void> {
  if (!changesConfiguration(plan)) return;
  const tenant = tenantAfter(context, plan);
  let hasMistakes = false;
  const { next, documents } = nextConfiguration(context, plan, tenant, (path, error) => {
    hasMistakes = true;
    findings.add(path, error);
  });
  if (hasMistakes) return;
  const { ports } = context;
  const secrets = itemsOf(plan.wanted, 'secret').map(({ name, value }) => ({ name, ...keptSecret(value) }));
  const withSecrets = {
    ...ports,
    validate: (request: Parameters<typeof ports.validate>[0]) => ports.validate({ ...request, secrets }),
  };
  const before = readState(plan.current?.latest);
  const preview = await previewState({ ...context, ports: withSecrets }, tenant, before, next, documents);
  const at = ['tenants', plan.name];
  for (const error of preview.errors) findings.add([...at, ...error.path], error);
  breaking.push(...preview.changes.breaking.map((change) => ({ ...change, tenant: plan.name })));
  if (preview.changes.breaking.length > 0 && !allowBreaking)
    for (const error of breakingErrors(preview.changes.breaking, preview.users))
      findings.add([...at, ...error.path], error);
}

/** The tenant as it would be; one that is not there yet has an id that nobody has. */
function tenantAfter({ clock }: AdminContext, { name, current, wanted }: TenantPlan): Tenant {
  const value = itemsOf(wanted, 'tenant')[0]?.value ?? { title: '', description: '', network: 'public', rates: [] };
  if (current !== undefined) return { ...current.tenant, ...value };
  const isDefault = name === DEFAULT_TENANT;
  const _id = isDefault ? DEFAULT_TENANT : newId('ten');
  const at = new Date(clock.now());
  const record = { version: 0, seq: 0, createdAt: at, updatedAt: at, archivedAt: null };
  return { ...record, _id, tenant: _id, name, trusted: isDefault, ...value };
}

export function keptSecret({
  encrypted,
  environment,
  file,
  lastFour,
}: SecretValue): Pick<Secret, 'place' | 'content' | 'lastFour'> {
  if (encrypted !== null) return { place: 'value', content: encrypted, lastFour };
  if (environment !== null) return { place: 'environment', content: environment, lastFour: '' };
  return { place: 'file', content: file ?? '', lastFour: '' };
}

/** Where in the file a mistake of an entry is. */
function placeOf(item: Item<'entry'>, [first, ...rest]: readonly string[]): readonly string[] {
  if (first === 'options') return [...itemPath(item), ...rest];
  if (first === 'document') {
    const file = item.value.document?.name ?? '';
    return ['tenants', item.tenant, 'documents', item.within, item.name, file];
  }
  return itemPath(item);
}
