import { canonicalJson } from '../../kernel/canonical-json.ts';
import type { UserError } from '../errors.ts';
import type { PublishedEntry } from '../models/revision.ts';
import type { Tenant } from '../models/tenant.ts';
import type { AdminContext } from './context.ts';
import { readState } from './latest.ts';
import type { EntryChange } from './preview.ts';

const PAGE = 25;

/**
 * Versions of prompts that were published never change, in whichever revision that was: one that was taken out comes
 * back as it was, or not at all.
 */
export async function changedVersions(
  { store }: AdminContext,
  of: Tenant,
  entries: readonly EntryChange[],
): Promise<UserError[]> {
  const errors: UserError[] = [];
  const added = new Map<string, Record<string, unknown>>();
  for (const { kind, name, before, after } of entries) {
    if (kind !== 'prompts' || after === undefined) continue;
    const fresh = { ...versionsOf(after) };
    for (const [version, content] of Object.entries(versionsOf(before))) {
      if (fresh[version] !== undefined && isOther(fresh[version], content)) errors.push(changed(name, version));
      delete fresh[version];
    }
    if (Object.keys(fresh).length > 0) added.set(name, fresh);
  }
  let last: number | undefined;
  while (added.size > 0) {
    const filter = last === undefined ? {} : { number: { $lt: last } };
    const sort = { field: 'number', descending: true };
    const page = await store.revisions.page({ all: false, tenant: of._id }, filter, { first: PAGE, sort });
    for (const revision of page.records) {
      last = revision.number;
      const { prompts = {} } = readState(revision);
      for (const [name, fresh] of added) {
        for (const [version, content] of Object.entries(versionsOf(prompts[name]))) {
          if (fresh[version] === undefined) continue;
          if (isOther(fresh[version], content)) errors.push(changed(name, version));
          delete fresh[version];
        }
        if (Object.keys(fresh).length === 0) added.delete(name);
      }
    }
    if (!page.hasMore) break;
  }
  return errors;
}

export function versionsOf(entry: Pick<PublishedEntry, 'options'> | undefined): Record<string, unknown> {
  const versions = (entry?.options as { versions?: unknown } | null | undefined)?.versions;
  return typeof versions === 'object' && versions !== null ? (versions as Record<string, unknown>) : {};
}

function isOther(one: unknown, other: unknown): boolean {
  return canonicalJson(one) !== canonicalJson(other);
}

function changed(name: string, version: string): UserError {
  return {
    code: 'INVALID',
    path: ['prompts', name, 'versions', version],
    message: `The version "${version}" was published and never changes: add another one.`,
  };
}
