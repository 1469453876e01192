import { UserErrors } from '../errors.ts';
import type { AuditEntry } from '../models/audit.ts';
import { TakenError } from '../store/collection.ts';
import type { AdminContext } from './context.ts';
import { masked } from './masking.ts';

export { masked };

export interface Change {
  /** e.g. `app.create`. */
  readonly action: string;
  readonly tenant: string;
  /** Another tenant that it concerns. */
  readonly otherTenant?: string | undefined;
  readonly entity: string;
  readonly entityName: string;
  readonly before?: object | undefined;
  readonly after?: object | undefined;
}

const EVERYWHERE = { all: true } as const;

/**
 * The way of every change: an entry in the audit log, the change, its outcome in the log, a signal to all instances. The
 * entry comes first, so that no change is without one, whatever happens.
 */
export async function change<T>(
  { store, actor }: AdminContext,
  told: Change,
  write: (entry: AuditEntry) => Promise<T>,
): Promise<T> {
  const entry = await store.audit.insert(EVERYWHERE, {
    tenant: told.tenant,
    actor: actor.id,
    actorName: actor.name,
    address: actor.address,
    requestId: actor.requestId,
    action: told.action,
    entity: told.entity,
    entityName: told.entityName,
    before: told.before === undefined ? '' : JSON.stringify(masked(told.before)),
    after: told.after === undefined ? '' : JSON.stringify(masked(told.after)),
    outcome: null,
    otherTenant: told.otherTenant ?? '',
  });
  let result: T;
  try {
    result = await write(entry);
  } catch (error) {
    const told = error instanceof TakenError ? taken(error) : error;
    // Of anything else nobody knows whether it was written.
    if (told instanceof UserErrors) await store.audit.touch(entry._id, { outcome: 'refused' });
    throw told;
  }
  await store.audit.touch(entry._id, { outcome: 'done' });
  await store.feed.signal();
  return result;
}

function taken({ fields, message }: TakenError): UserErrors {
  return new UserErrors([{ code: 'TAKEN', path: fields.slice(-1), message }]);
}
