import type { z } from 'zod';
import { scopeOf } from '../actor.ts';
import { notFound, type UserError, UserErrors, userError } from '../errors.ts';
import type { StoredRecord } from '../models/record.ts';
import type { Tenant } from '../models/tenant.ts';
import { demand, type Permission } from '../permissions.ts';
import type { Changes, Collection, Filter, NewRecord } from '../store/collection.ts';
import { type Page, readCursor, type Sort } from '../store/page.ts';
import type { Store } from '../store/store.ts';
import { change } from './change.ts';
import { type AdminContext, tenantFor } from './context.ts';

/** How a list is asked for. */
export interface ListRequest {
  /** Id or name of a tenant, for platform administrators. */
  readonly tenant?: string | null | undefined;
  /** How names begin. */
  readonly name?: string | null | undefined;
  /** Whether archived ones are in it, too. */
  readonly archived?: boolean | null | undefined;
  /** By fields that the entity can be filtered by. */
  readonly where?: Readonly<Record<string, unknown>> | null | undefined;
  readonly sort?: Sort | undefined;
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
}

/** What an entity is beside what all have. */
export interface EntityOptions<T extends StoredRecord, C, U> {
  /** In a sentence and in actions: `app`. */
  readonly name: string;
  /** What a record is called in the audit log. */
  readonly nameOf: (record: T) => string;
  readonly collection: (store: Store) => Collection<T>;
  readonly read?: Permission;
  readonly write: Permission;
  readonly create: z.ZodType<C>;
  readonly update: z.ZodType<U>;
  /** The record of what was given. @throws UserErrors */
  make(context: AdminContext, input: C, tenant: Tenant): Promise<NewRecord<T>> | NewRecord<T>;
  /** What changes. @throws UserErrors */
  revise?(context: AdminContext, input: U, record: T): Promise<Changes<T>> | Changes<T>;
  /** Which records are a tenant's. Default: those whose `tenant` it is. */
  ownedBy?(tenant: Tenant): object;
  /** Held against bringing it back out of the archive. @throws UserErrors */
  mayRestore?(context: AdminContext, record: T): Promise<void> | void;
  /** What stands in the way of archiving it. */
  inUse?(context: AdminContext, record: T): Promise<readonly UserError[]>;
}

export interface Entity<T extends StoredRecord, C, U> {
  readonly options: EntityOptions<T, C, U>;
  list(context: AdminContext, request: ListRequest): Promise<Page<T>>;
  count(context: AdminContext, request: ListRequest): Promise<number>;
  /** Undefined for what is not there, or not theirs. */
  get(context: AdminContext, id: string): Promise<T | undefined>;
  /** @throws UserErrors */
  need(context: AdminContext, id: string, path?: readonly string[]): Promise<T>;
  create(context: AdminContext, input: unknown, tenant?: string | null): Promise<T>;
  /** `version` is the one that was seen: a change made since is not lost. */
  update(context: AdminContext, id: string, version: number, input: unknown): Promise<T>;
  archive(context: AdminContext, id: string, version: number, archived: boolean): Promise<T>;
  /** Writes changes that are no input of people, by the same rules. */
  write(context: AdminContext, record: T, action: string, changes: Changes<T>): Promise<T>;
}

export const DEFAULT_SORT: Sort = { field: '_id', descending: false };
const DEFAULT_PAGE = 50;
const MOST_PAGE = 500;

export function defineEntity<T extends StoredRecord, C, U>(options: EntityOptions<T, C, U>): Entity<T, C, U> {
  const { name, nameOf, collection, read = 'read', write } = options;
  const ownedBy = options.ownedBy ?? (({ _id }: Tenant): object => ({ tenant: _id }));

  const queryOf = async (context: AdminContext, request: ListRequest) => {
    demand(context.actor, read);
    const { tenant, name: prefix, archived, where, sort = DEFAULT_SORT } = request;
    const scope = scopeOf(context.actor);
    const of = scope.all && (tenant === undefined || tenant === null) ? undefined : await tenantFor(context, tenant);
    if (sort.field === 'name' && of === undefined && name !== 'tenant')
      throw userError('INVALID', ['tenant'], 'A list by name is one of a tenant: name the tenant.');
    const parts: object[] = [];
    if (archived !== true) parts.push({ archivedAt: null });
    if (prefix !== undefined && prefix !== null && prefix !== '')
      parts.push({ name: { $gte: prefix, $lt: `${prefix}\uffff` } });
    for (const [field, value] of Object.entries(where ?? {}))
      if (value !== undefined && value !== null) parts.push({ [field]: Array.isArray(value) ? { $in: value } : value });
    const own = of === undefined || !scope.all ? {} : ownedBy(of);
    const filter = (parts.length === 0 ? own : { ...own, $and: parts }) as Filter<T>;
    return { scope, filter, sort };
  };
  const need = async (context: AdminContext, id: string, path?: readonly string[]): Promise<T> => {
    demand(context.actor, read);
    const record = await collection(context.store).get(scopeOf(context.actor), id);
    if (record === undefined) throw notFound(name, path);
    return record;
  };
  const writeChanges = (context: AdminContext, record: T, action: string, changes: Changes<T>): Promise<T> => {
    const told = {
      ...{ action: `${name}.${action}`, tenant: record.tenant, entity: record._id, entityName: nameOf(record) },
      otherTenant: (record as { readonly productTenant?: string }).productTenant,
    };
    return change(context, { ...told, before: pick(record, changes), after: changes }, async () => {
      const written = await collection(context.store).update(
        scopeOf(context.actor),
        record._id,
        record.version,
        changes,
      );
      if (written === undefined) throw stale(name);
      return written;
    });
  };
  const seen = (record: T, version: number) => {
    if (record.version !== version) throw stale(name, record.version);
  };

  return {
    options,
    async list(context, request) {
      const { scope, filter, sort } = await queryOf(context, request);
      const { first, after } = request;
      if (typeof first === 'number' && (first < 1 || first > MOST_PAGE))
        throw userError('INVALID', ['first'], `must be from 1 to ${MOST_PAGE}`);
      return collection(context.store).page(scope, filter, {
        first: first ?? DEFAULT_PAGE,
        sort,
        after: after === undefined || after === null ? undefined : readCursor(after, sort),
      });
    },
    async count(context, request) {
      const { scope, filter } = await queryOf(context, request);
      return collection(context.store).count(scope, filter);
    },
    async get(context, id) {
      demand(context.actor, read);
      return collection(context.store).get(scopeOf(context.actor), id);
    },
    need,
    async create(context, input, tenant) {
      demand(context.actor, write);
      const of = await tenantFor(context, tenant);
      const checked = check(options.create, input);
      const record = await options.make(context, checked, of);
      const _id = collection(context.store).newId();
      const told = {
        action: `${name}.create`,
        tenant: of._id,
        entity: _id,
        entityName: nameOf(record as unknown as T),
      };
      return change(context, { ...told, after: record }, () =>
        collection(context.store).insert(scopeOf(context.actor), { _id, ...record }),
      );
    },
    async update(context, id, version, input) {
      demand(context.actor, write);
      const record = await need(context, id);
      seen(record, version);
      const checked = given(check(options.update, input) as object) as U;
      const changes =
        options.revise === undefined ? (checked as Changes<T>) : await options.revise(context, checked, record);
      return writeChanges(context, record, 'update', changes);
    },
    async archive(context, id, version, archived) {
      demand(context.actor, write);
      const record = await need(context, id);
      seen(record, version);
      const obstacles = archived ? ((await options.inUse?.(context, record)) ?? []) : [];
      if (obstacles.length > 0) throw new UserErrors(obstacles);
      if (!archived) await options.mayRestore?.(context, record);
      const changes = { archivedAt: archived ? new Date(context.clock.now()) : null } as unknown as Changes<T>;
      return writeChanges(context, record, archived ? 'archive' : 'restore', changes);
    },
    write: writeChanges,
  };
}

/** @throws UserErrors with all mistakes of the input at once */
export function check<T>(schema: z.ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw new UserErrors(
    result.error.issues.map(({ path, message }) => ({ code: 'INVALID', path: path.map(String), message })),
  );
}

/** Without what was not given: null is no value of these fields. */
function given<T extends object>(input: T): Partial<T> {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function pick(record: object, changes: object): object {
  return Object.fromEntries(Object.keys(changes).map((key) => [key, (record as Record<string, unknown>)[key]]));
}

function stale(name: string, now?: number): UserErrors {
  const current = now === undefined ? '' : ` It has version ${now} now.`;
  return userError('STALE', ['version'], `The ${name} was changed by somebody else since.${current} Read it again.`);
}
