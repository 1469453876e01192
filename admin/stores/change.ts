import { UserErrors } from '../errors.ts';
import type { StoredRecord } from '../models/record.ts';
import { TakenError } from '../store/collection.ts';
import type { AdminContext } from './context.ts';

export interface Change {
  /** e.g. `app.create`. */
  readonly action: string;
  readonly tenant: string;
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
export async function change<T>({ store, actor }: AdminContext, told: Change, write: () => Promise<T>): Promise<T> {
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
  });
  let result: T;
  try {
    result = await write();
  } catch (error) {
    await store.audit.touch(entry._id, { outcome: 'refused' });
    if (error instanceof TakenError) throw taken(error);
    throw error;
  }
  await store.audit.touch(entry._id, { outcome: 'done' });
  await store.feed.signal();
  return result;
}

function taken({ fields, message }: TakenError): UserErrors {
  return new UserErrors([{ code: 'TAKEN', path: fields.slice(-1), message }]);
}

const SECRET_FIELDS =
  /^(hash|content|api_?key|authorization|password|passphrase|secret|token|client_?secret|x-api-key)$/i;
const REFERENCE = /^(bearer |basic )?\$\{[^}]*\}$/i;
const KEPT_OUT: ReadonlySet<string> = new Set<keyof StoredRecord>(['seq', 'updatedAt', 'createdAt', 'version']);

/** Without secrets, and without what changes by itself. */
export function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => {
      if (KEPT_OUT.has(key)) return [];
      if (SECRET_FIELDS.test(key) && typeof inner === 'string' && inner !== '' && !REFERENCE.test(inner))
        return [[key, '***']];
      // A resource has its options as text.
      if (key === 'options' && typeof inner === 'string') return [[key, masked(fromJson(inner))]];
      return [[key, masked(inner)]];
    }),
  );
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
