import { scopeOf } from '../actor.ts';
import { type UserError, UserErrors } from '../errors.ts';
import { toMoment } from '../ids.ts';
import type { AuditEntry } from '../models/audit.ts';
import { PLATFORM } from '../models/record.ts';
import type { Tenant } from '../models/tenant.ts';
import { demand } from '../permissions.ts';
import { auditLog } from './audit.ts';
import { EXPORT_FORMATS, type ExportFormat } from './audit-lines.ts';
import { change } from './change.ts';
import { type AdminContext, tenantFor } from './context.ts';

/** As in the admin schema: `AuditEntryFilter`. */
export const AUDIT_FILTERS = ['actor', 'entity', 'action', 'from', 'until'] as const;
type AuditFilter = (typeof AUDIT_FILTERS)[number];

export interface AuditExportRequest {
  /** Id or name of a tenant, for platform administrators. Undefined: all they may see. */
  readonly tenant: string | undefined;
  readonly where: { readonly [Name in AuditFilter]?: string | Date };
  /** Undefined: nothing is said of it. */
  readonly format: ExportFormat | undefined;
}

/** Pages of entries, the oldest first. */
export type AuditPages = AsyncIterable<readonly AuditEntry[]>;

/** An entry may have two megabytes: pages begin small, and grow as long as what is in them is. */
const FIRST_PAGE = 20;
const MOST_PAGE = 200;
const LARGE_PAGE = 4 * 1_048_576;

/** What is asked for by names and texts. @throws UserErrors for all that cannot be taken at once */
export function readExportRequest(given: Iterable<readonly [string, string]>): AuditExportRequest {
  const errors: UserError[] = [];
  const wrong = (name: string, message: string) => errors.push({ code: 'INVALID', path: [name], message });
  const values = new Map<string, string | Date>();
  for (const [name, text] of given) {
    const value = MOMENTS.has(name) ? toMoment(text) : text;
    if (!KNOWN.includes(name)) wrong(name, `is not known. There are ${KNOWN.join(', ')}.`);
    else if (values.has(name)) wrong(name, 'must not be there twice.');
    else if (value === undefined) wrong(name, 'must be a moment with its zone, e.g. 2030-01-31T12:00:00Z.');
    else if (name === 'format' && !isFormat(text)) wrong(name, `must be ${EXPORT_FORMATS.join(' or ')}.`);
    else values.set(name, value);
  }
  if (errors.length > 0) throw new UserErrors(errors);
  const { tenant, format, ...where } = Object.fromEntries(values);
  return { tenant: tenant as string | undefined, where, format: format as ExportFormat | undefined };
}

const KNOWN: readonly string[] = ['tenant', ...AUDIT_FILTERS, 'format'];
const MOMENTS: ReadonlySet<string> = new Set(['from', 'until']);

function isFormat(text: string): text is ExportFormat {
  return (EXPORT_FORMATS as readonly string[]).includes(text);
}

/**
 * Hands the entries of the audit log that were asked for to `work`, as they were when it began: its own, which says who
 * exported what, is not among them. That one gets its outcome when `work` is done; where it broke off, it has none.
 *
 * @throws UserErrors for who may not read the log, or a tenant that is not there; what `work` throws
 */
export async function exportAudit<T>(
  context: AdminContext,
  { tenant, where }: Omit<AuditExportRequest, 'format'>,
  format: ExportFormat,
  work: (pages: AuditPages, of: Tenant | undefined) => Promise<T>,
): Promise<T> {
  const { actor } = context;
  demand(actor, 'audit');
  const isOfAll = scopeOf(actor).all && tenant === undefined;
  const of = isOfAll ? undefined : await tenantFor(context, tenant);
  const told = {
    ...{ action: 'audit.export', tenant: of?._id ?? PLATFORM, entity: '', entityName: 'the audit log' },
    after: { ...where, format },
  };
  return change(context, told, ({ _id }) => work(pagesOf(context, { tenant: of?._id, where }, _id), of));
}

/** Each page is a question of its own that begins behind the last entry: nothing is open in the store between two. */
async function* pagesOf(
  context: AdminContext,
  { tenant, where }: Omit<AuditExportRequest, 'format'>,
  before: string,
): AuditPages {
  let first = FIRST_PAGE;
  for (let after: string | undefined; ; ) {
    const { records, hasMore } = await auditLog.listAfter(context, { tenant, where, first }, { after, before });
    if (records.length > 0) yield records;
    after = records.at(-1)?._id;
    if (!hasMore || after === undefined) return;
    const size = records.reduce((sum, entry) => sum + entry.before.length + entry.after.length, 0);
    first = size > LARGE_PAGE ? FIRST_PAGE : Math.min(first * 2, MOST_PAGE);
  }
}
