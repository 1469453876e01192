import type { Model, QueryFilter, UpdateQuery } from 'mongoose';
import type { Scope } from '../actor.ts';
import { newId } from '../ids.ts';
import type { StoredRecord } from '../models/record.ts';
import { type After, afterFilter, type Page, type PageRequest } from './page.ts';

/** What is given of a record; the rest is the collection's. */
export type NewRecord<T extends StoredRecord> = Omit<
  T,
  'version' | 'seq' | 'createdAt' | 'updatedAt' | 'archivedAt' | '_id'
> & {
  readonly _id?: string;
};
export type Changes<T extends StoredRecord> = {
  readonly [Field in Exclude<keyof T, '_id' | 'tenant' | 'version' | 'seq' | 'createdAt' | 'updatedAt'>]?:
    | T[Field]
    | undefined;
};
export type Filter<T> = QueryFilter<T>;

/** A unique name is taken. */
export class TakenError extends Error {
  override readonly name = 'TakenError';
  readonly fields: readonly string[];
  constructor(fields: readonly string[]) {
    super(`There is one with the same ${fields.join(' and ')} already.`);
    this.fields = fields;
  }
}

/**
 * The records of one collection, as far as a scope reaches: no query leaves here that does not say whose records it is
 * about. Records of other tenants are not there.
 */
export interface Collection<T extends StoredRecord> {
  /** An id for a record that is about to be made. */
  newId(): string;
  get(scope: Scope, id: string): Promise<T | undefined>;
  /** The first that fits. */
  find(scope: Scope, filter: Filter<T>): Promise<T | undefined>;
  /** All that fit, in the order of their ids; more than `most` is an error, never a silent end. */
  all(scope: Scope, filter: Filter<T>, most?: number): Promise<readonly T[]>;
  page(scope: Scope, filter: Filter<T>, request: PageRequest): Promise<Page<T>>;
  count(scope: Scope, filter: Filter<T>): Promise<number>;
  /** @throws TakenError */
  insert(scope: Scope, record: NewRecord<T>): Promise<T>;
  /**
   * Changes the record if it is still at that version; undefined if it is not, or not there.
   * @throws TakenError
   */
  update(scope: Scope, id: string, version: number, changes: Changes<T>): Promise<T | undefined>;
  /** Without counting a version or telling instances: for what nobody decides by, such as when a key was used. */
  touch(id: string, changes: Changes<T>): Promise<void>;
  remove(scope: Scope, id: string): Promise<boolean>;
}

export interface CollectionDeps<T extends StoredRecord> {
  readonly model: Model<T>;
  readonly prefix: string;
  /** Fields that hold the tenants who may see a record. */
  readonly tenantFields?: readonly string[];
  nextSeq(): Promise<number>;
  now(): number;
}

const DUPLICATE = 11000;
/** Whose write took longer, may have a number from further back than others look. */
const SLOW_MS = 200;
const MOST_RENUMBERED = 10;
const MOST = 20_000;

export function createCollection<T extends StoredRecord>({
  model,
  prefix,
  tenantFields = ['tenant'],
  nextSeq,
  now,
}: CollectionDeps<T>): Collection<T> {
  /** The one place where a query is held to a tenant. */
  const within = (scope: Scope, filter: Filter<T>): Filter<T> => {
    if (scope.all) return filter;
    const [only, ...others] = tenantFields.map((field) => ({ [field]: scope.tenant }));
    const own = others.length === 0 ? only : { $or: [only, ...others] };
    return { ...own, $and: [filter] } as Filter<T>;
  };
  const mayWrite = (scope: Scope, tenant: string) => {
    if (!scope.all && scope.tenant !== tenant) throw new Error('A record of another tenant cannot be written.');
  };
  const orTaken = async <R>(write: () => Promise<R>, wanted: () => Promise<Partial<T>>): Promise<R> => {
    try {
      return await write();
    } catch (error) {
      const { code, keyPattern } = error as { code?: unknown; keyPattern?: Record<string, unknown> };
      if (code !== DUPLICATE) throw error;
      const fields = keyPattern === undefined ? await takenFields(model, await wanted()) : Object.keys(keyPattern);
      throw new TakenError(fields.filter((field) => field !== 'tenant'));
    }
  };
  /** A number for a record, and another one where it came long before the record was there. */
  const numbered = async <R extends T | null>(write: (seq: number) => Promise<R>): Promise<R> => {
    let at = now();
    const record = await write(await nextSeq());
    if (record === null) return record;
    let { seq } = record;
    for (let count = 0; now() - at > SLOW_MS && count < MOST_RENUMBERED; count += 1) {
      at = now();
      const next = await nextSeq();
      // Who has changed it meanwhile has given it a later one.
      await model.updateOne(
        { _id: record._id, seq } as Filter<T>,
        { $set: { seq: next } } as unknown as UpdateQuery<T>,
      );
      seq = next;
    }
    return { ...record, seq };
  };
  return {
    newId: () => newId(prefix, now()),
    async get(scope, id) {
      return (await model.findOne(within(scope, { _id: id } as Filter<T>)).lean<T>()) ?? undefined;
    },
    async find(scope, filter) {
      return (await model.findOne(within(scope, filter)).lean<T>()) ?? undefined;
    },
    async all(scope, filter, most = MOST) {
      const found = await model
        .find(within(scope, filter))
        .sort({ _id: 1 })
        .limit(most + 1)
        .lean<T[]>();
      if (found.length > most) throw new Error(`There are more than ${most}.`);
      return found;
    },
    async page(scope, filter, request) {
      const { first, after, sort } = request;
      const direction = sort.descending ? -1 : 1;
      const rest = after === undefined ? filter : ({ $and: [filter, afterFilter(after as After, sort)] } as Filter<T>);
      const found = await model
        .find(within(scope, rest))
        .sort({ [sort.field]: direction })
        .limit(first + 1)
        .lean<T[]>();
      return { records: found.slice(0, first), hasMore: found.length > first };
    },
    count: (scope, filter) => model.countDocuments(within(scope, filter)),
    async insert(scope, record) {
      mayWrite(scope, record.tenant);
      const at = new Date(now());
      const fields = {
        _id: newId(prefix, now()),
        ...record,
        version: 1,
        createdAt: at,
        updatedAt: at,
        archivedAt: null,
      };
      return numbered(async (seq) => {
        const whole = { ...fields, seq } as unknown as T;
        const made = await orTaken(
          () => model.create(whole),
          async () => whole,
        );
        return made.toObject() as T;
      });
    },
    async update(scope, id, version, changes) {
      const filter = within(scope, { _id: id, version } as Filter<T>);
      const options = { returnDocument: 'after', lean: true } as const;
      const written = await numbered(async (seq) => {
        const $set = { ...changes, updatedAt: new Date(now()), seq };
        const update = { $set, $inc: { version: 1 } } as unknown as UpdateQuery<T>;
        const found = await orTaken(
          () => model.findOneAndUpdate(filter, update, options).exec(),
          async () => ({ ...(await model.findOne(filter).lean<T>()), ...changes }) as Partial<T>,
        );
        return found as T | null;
      });
      return written ?? undefined;
    },
    async touch(id, changes) {
      await model.updateOne({ _id: id } as Filter<T>, { $set: changes } as unknown as UpdateQuery<T>);
    },
    async remove(scope, id) {
      const { deletedCount } = await model.deleteOne(within(scope, { _id: id } as Filter<T>));
      return deletedCount > 0;
    },
  };
}

/** Not every server says which index a record met: it is the one in which another record has the same values. */
async function takenFields<T extends StoredRecord>(model: Model<T>, wanted: Partial<T>): Promise<readonly string[]> {
  const unique = model.schema
    .indexes()
    .flatMap(([fields, { unique }]) => (unique === true ? [Object.keys(fields)] : []));
  const values = wanted as Readonly<Record<string, unknown>>;
  for (const fields of [...unique, ['_id']]) {
    const same = Object.fromEntries(fields.map((field) => [field, values[field]]));
    const other = await model.findOne(same as Filter<T>, { _id: 1 }).lean<{ _id: string }>();
    if (other !== null && (fields[0] === '_id' || other._id !== values._id)) return fields;
  }
  return unique[0] ?? ['_id'];
}
