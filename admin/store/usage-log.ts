import type { Connection, Model } from 'mongoose';
import { momentId } from '../ids.ts';
import type { Feedback } from '../models/feedback.ts';
import {
  FEEDBACK_COUNTERS,
  type FeedbackCounter,
  isMoney,
  type MoneyCounter,
  STEP_COUNTERS,
  type StepCounter,
  USAGE_COUNTERS,
  type UsageCounter,
  type UsageHour,
  type UsageKey,
  type UsageRecord,
  usageHourSchema,
  usageSchema,
} from '../models/usage.ts';
import { type After, afterFilter, type Page, type PageRequest } from './page.ts';
import { STEP_NAMES } from './usage-steps.ts';
import { addSum, HOUR_MS, hourOf, incrementsOf, sumUp, type UsageHourKey, type UsageSum } from './usage-sums.ts';

export const USAGE_PREFIX = 'use';

/** Records that are written together. A batch may be written again as a whole: what is there already stays as it is. */
export interface UsageBatch {
  /** Who writes: letters and digits, another one for every process and start. */
  readonly writer: string;
  /** Counts the batches of a writer, which writes them one after the other. */
  readonly number: number;
  readonly records: readonly UsageRecord[];
}

/** What somebody has said of a call, as it changes the sums of the call's hour. */
export interface FeedbackChange {
  readonly _id: string;
  /** Of the sum. */
  readonly hourId: string;
  readonly key: UsageHourKey;
  readonly counters: Readonly<Record<FeedbackCounter, number>>;
}

/** Changes that are written together, by the same rules as records. */
export interface FeedbackBatch {
  readonly writer: string;
  readonly number: number;
  readonly records: readonly FeedbackChange[];
}

/** The store takes these records never. */
export class UsageRefusedError extends Error {
  override readonly name = 'UsageRefusedError';
  readonly ids: ReadonlySet<string>;
  constructor(ids: ReadonlySet<string>, cause: unknown) {
    super(`The store refuses ${ids.size} usage records.`, { cause });
    this.ids = ids;
  }
}

export const DIMENSIONS = [
  'tenant',
  'app',
  'key',
  'prompt',
  'promptVersion',
  'model',
  'provider',
  'product',
  'grant',
  'day',
  'hour',
] as const;
export type UsageDimension = (typeof DIMENSIONS)[number];

export interface UsageQuestion {
  /** Undefined: all tenants. */
  readonly tenant: string | undefined;
  /** Whole hours: from this one on, and before that one. */
  readonly from: Date;
  readonly until: Date;
  readonly by: readonly UsageDimension[];
  readonly where: Readonly<Partial<Record<Exclude<keyof UsageKey, 'tenant'>, string>>>;
  /** The most rows. */
  readonly most: number;
  /** Whether times by steps are added up as well. */
  readonly steps?: boolean | undefined;
}

export type UsageTotals = Readonly<Record<Exclude<UsageCounter, MoneyCounter> | FeedbackCounter, number>> &
  Readonly<Record<MoneyCounter, bigint>>;

export interface UsageRow {
  readonly group: Readonly<Partial<Record<UsageDimension, string | Date | null>>>;
  readonly totals: UsageTotals;
  /** How many calls are in each step; all 0 where they were not asked for. */
  readonly steps: Readonly<Record<StepCounter, readonly number[]>>;
}

/** Usage records and their sums by hour. */
export interface UsageLog {
  /**
   * Writes the records, then adds them to the sums of their hours. Where the process ends in between, records are there
   * that are in no sum: `recount` puts that right.
   *
   * @throws UsageRefusedError for records that the store does not take, and whatever the driver throws; the batch may be
   *   given again then
   */
  write(batch: UsageBatch): Promise<void>;
  /** Adds what was said of calls to the sums of their hours. A batch may be given again as a whole. */
  addFeedback(batch: FeedbackBatch): Promise<void>;
  /** Sets what was said of the calls of an hour, where the sum says otherwise. Whether it did. */
  setFeedback(hourId: string, counters: Readonly<Record<FeedbackCounter, number>>): Promise<boolean>;
  /** The sums of hours, by dimensions; undefined where there are more than `most` rows. */
  sums(question: UsageQuestion): Promise<readonly UsageRow[] | undefined>;
  get(id: string): Promise<UsageRecord | undefined>;
  page(filter: object, request: PageRequest): Promise<Page<UsageRecord>>;
  count(filter: object): Promise<number>;
  /**
   * Raises the sums of hours that are over to what the records say, where they say more. Resolves with how many were
   * raised.
   */
  recount(from: Date, until: Date): Promise<number>;
  /** Deletes records with what was said of them, or sums, of before the moment; resolves with how many. */
  deleteRecords(before: Date): Promise<number>;
  deleteHours(before: Date): Promise<number>;
}

const DUPLICATE = 11000;
const PORTION = 500;

/** Makes the indexes that are not there yet. */
export async function createUsageLog(connection: Connection): Promise<UsageLog> {
  const records = connection.model('usage', usageSchema, 'usage') as unknown as Model<UsageRecord>;
  const hours = connection.model('usageHours', usageHourSchema, 'usageHours') as unknown as Model<UsageHour>;
  const said = connection.model('feedback') as unknown as Model<Feedback>;
  await records.createIndexes();
  await hours.createIndexes();

  const raise = async (operations: readonly HourUpdate[]): Promise<number> => {
    let raised = 0;
    for (let start = 0; start < operations.length; start += PORTION) {
      const portion = operations.slice(start, start + PORTION);
      const first = await tryUpdates(hours, portion);
      // Another process made the sum at the same moment, or it has the batch already: the second time tells.
      const second = first.taken.length === 0 ? undefined : await tryUpdates(hours, first.taken);
      raised += first.done + (second?.done ?? 0);
    }
    return raised;
  };

  return {
    async write({ writer, number, records: batch }) {
      if (batch.length === 0) return;
      await insertNew(records, batch);
      const place = `batches.${writer}`;
      await raise(
        sumUp(batch).map(({ _id, key, ...sum }) => ({
          updateOne: {
            filter: { _id, [place]: { $not: { $gte: number } } },
            update: { $setOnInsert: key, $inc: incrementsOf(sum), $set: { [place]: number } },
            upsert: true,
          },
        })),
      );
    },
    async addFeedback({ writer, number, records: changes }) {
      const place = `batches.${writer}`;
      await raise(
        byHour(changes).map(({ hourId, key, counters }) => ({
          updateOne: {
            filter: { _id: hourId, [place]: { $not: { $gte: number } } },
            // A recount finds sums that have fewer calls than there are.
            update: { $setOnInsert: { ...key, calls: 0 }, $inc: counters, $set: { [place]: number } },
            upsert: true,
          },
        })),
      );
    },
    async setFeedback(hourId, counters) {
      const differs = FEEDBACK_COUNTERS.map((name) => ({ [name]: { $ne: counters[name] } }));
      const { modifiedCount } = await hours.collection.updateOne(
        { _id: hourId, $or: differs } as never,
        { $set: counters } as never,
      );
      return modifiedCount > 0;
    },
    async sums({ tenant, from, until, by, where, most, steps = false }) {
      const filter = { ...(tenant === undefined ? {} : { tenant }), hour: { $gte: from, $lt: until }, ...where };
      const _id = by.length === 0 ? null : Object.fromEntries(by.map((name) => [name, `$${name}`]));
      const counters = Object.fromEntries(
        [...USAGE_COUNTERS, ...FEEDBACK_COUNTERS].map((name) => [name, { $sum: `$${name}` }]),
      );
      if (steps)
        for (const name of STEP_COUNTERS)
          for (const step of STEP_NAMES) counters[`${name}_${step}`] = { $sum: `$${name}.${step}` };
      const found = await hours.collection
        .aggregate<StoredRow>([{ $match: filter }, { $group: { _id, ...counters } }, { $limit: most + 1 }])
        .toArray();
      return found.length > most ? undefined : found.map(toRow);
    },
    async get(id) {
      const found = await records.findOne({ _id: id }).lean<UsageRecord>();
      return found === null ? undefined : toRecord(found);
    },
    async page(filter, { first, after, sort }) {
      const rest = after === undefined ? filter : { $and: [filter, afterFilter(after as After, sort)] };
      const found = await records
        .find(rest)
        .sort({ [sort.field]: sort.descending ? -1 : 1 })
        .limit(first + 1)
        .lean<UsageRecord[]>();
      return { records: found.slice(0, first).map(toRecord), hasMore: found.length > first };
    },
    count: (filter) => records.countDocuments(filter),
    async recount(from, until) {
      let raised = 0;
      const end = hourOf(until).getTime();
      for (let hour = hourOf(from).getTime(); hour < end; hour += HOUR_MS) {
        const sums = await sumsOfHour(records, new Date(hour));
        raised += await raise(
          sums.map(({ _id, key, ...sum }) => ({
            updateOne: {
              filter: { _id, $or: fewerThan(sum) },
              update: { $set: { ...key, ...incrementsOf(sum) } },
              upsert: true,
            },
          })),
        );
      }
      return raised;
    },
    async deleteRecords(before) {
      const id = momentId(USAGE_PREFIX, before);
      await deleteBefore(said, 'call', id);
      return deleteBefore(records, '_id', id);
    },
    deleteHours: (before) => deleteBefore(hours, 'hour', before),
  };
}

/** Sums that lack something of these: what was paid for attempts that others followed is in no number of calls. */
function fewerThan({ counters: { calls, inputTokens } }: Pick<UsageSum, 'counters'>): readonly object[] {
  return [{ calls: { $lt: calls } }, { calls, inputTokens: { $lt: inputTokens } }];
}

/** What is there already is what an earlier try has written. */
async function insertNew(model: Model<UsageRecord>, records: readonly UsageRecord[]): Promise<void> {
  try {
    await model.collection.insertMany(records as never, { ordered: false });
  } catch (error) {
    const refused = writeErrorsOf(error).filter(({ code }) => code !== DUPLICATE);
    if (refused.length === 0) return;
    throw new UsageRefusedError(new Set(refused.map(({ index }) => records[index]?._id ?? '')), error);
  }
}

interface HourUpdate {
  readonly updateOne: { readonly filter: object; readonly update: object; readonly upsert: true };
}

/** `taken`: those for which there is a sum that they do not fit. */
async function tryUpdates(model: Model<UsageHour>, updates: readonly HourUpdate[]) {
  try {
    await model.collection.bulkWrite(updates as never, { ordered: false });
    return { done: updates.length, taken: [] };
  } catch (error) {
    const errors = writeErrorsOf(error);
    if (errors.some(({ code }) => code !== DUPLICATE)) throw error;
    const taken = errors.flatMap(({ index }) => updates[index] ?? []);
    return { done: updates.length - taken.length, taken };
  }
}

interface WriteError {
  readonly index: number;
  readonly code: number;
}

/** @throws error where it is none of single writes */
function writeErrorsOf(error: unknown): readonly WriteError[] {
  const { writeErrors } = error as { readonly writeErrors?: WriteError | readonly WriteError[] };
  const errors = writeErrors === undefined ? [] : [writeErrors].flat();
  if (errors.length === 0) throw error;
  return errors.map(({ index, code }) => ({ index, code: Number(code) }));
}

async function sumsOfHour(model: Model<UsageRecord>, hour: Date): Promise<readonly UsageSum[]> {
  const end = momentId(USAGE_PREFIX, new Date(hour.getTime() + HOUR_MS));
  const found = model
    .find({ _id: { $gte: momentId(USAGE_PREFIX, hour), $lt: end } })
    .sort({ _id: 1 })
    .lean<UsageRecord[]>()
    .cursor({ batchSize: PORTION });
  const sums = new Map<string, UsageSum>();
  let portion: UsageRecord[] = [];
  const take = () => {
    for (const sum of sumUp(portion)) sums.set(sum._id, merge(sums.get(sum._id), sum));
    portion = [];
  };
  for await (const record of found) {
    portion.push(toRecord(record as unknown as UsageRecord));
    if (portion.length >= PORTION) take();
  }
  take();
  return [...sums.values()];
}

function merge(one: UsageSum | undefined, other: UsageSum): UsageSum {
  if (one === undefined) return other;
  addSum(one, other);
  return one;
}

/** Several changes of one sum are one. */
function byHour(changes: readonly FeedbackChange[]): readonly FeedbackChange[] {
  const sums = new Map<string, FeedbackChange>();
  for (const change of changes) {
    const { counters } = sums.get(change.hourId) ?? { counters: { feedbacks: 0, score: 0, scoreSquares: 0 } };
    const added = FEEDBACK_COUNTERS.map((name) => [name, counters[name] + change.counters[name]]);
    sums.set(change.hourId, { ...change, counters: Object.fromEntries(added) });
  }
  return [...sums.values()];
}

/** The driver gives 64-bit integers as numbers, as long as they fit. Old records say nothing of their origin. */
function toRecord(stored: UsageRecord): UsageRecord {
  const money = (nanoUsd: bigint | null | undefined) => (nanoUsd == null ? null : BigInt(String(nanoUsd)));
  const { owner = null, product = null, grant = null, costNanoUsd, savedNanoUsd } = stored;
  return { ...stored, owner, product, grant, costNanoUsd: money(costNanoUsd), savedNanoUsd: money(savedNanoUsd) };
}

type StoredRow = { readonly _id: UsageRow['group'] | null } & Readonly<Record<string, unknown>>;

function toRow({ _id, ...counters }: StoredRow): UsageRow {
  const totals = [...USAGE_COUNTERS, ...FEEDBACK_COUNTERS].map((name) => {
    const isNanoUsd = isMoney(name as UsageCounter);
    return [name, isNanoUsd ? BigInt(String(counters[name])) : Number(counters[name])];
  });
  const steps = STEP_COUNTERS.map((name) => [name, STEP_NAMES.map((step) => Number(counters[`${name}_${step}`] ?? 0))]);
  return {
    group: _id ?? {},
    totals: Object.fromEntries(totals) as UsageTotals,
    steps: Object.fromEntries(steps) as UsageRow['steps'],
  };
}

/** In portions, so that others come in between. */
async function deleteBefore<T>(
  model: Model<T>,
  field: '_id' | 'hour' | 'call',
  before: string | Date,
): Promise<number> {
  let deleted = 0;
  for (;;) {
    const found = await model.collection
      .find({ [field]: { $lt: before } } as never, { projection: { _id: 1 } })
      .sort({ [field]: 1 })
      .limit(PORTION)
      .toArray();
    if (found.length === 0) return deleted;
    const { deletedCount } = await model.collection.deleteMany({ _id: { $in: found.map(({ _id }) => _id) } } as never);
    deleted += deletedCount;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
