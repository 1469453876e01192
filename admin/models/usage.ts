import { Schema, type SchemaDefinition } from 'mongoose';
import { json, moment, text } from './record.ts';

/**
 * How a call of a model ended. `schemaFailed`: a whole answer came, and does not fit the output type. `aborted`: the client
 * went away. `cached`: no model was asked.
 */
export const USAGE_OUTCOMES = ['finished', 'failed', 'schemaFailed', 'aborted', 'cached'] as const;
export type UsageOutcome = (typeof USAGE_OUTCOMES)[number];

/** Who was asked in one call, one after the other. */
export interface UsageAttempt {
  readonly model: string;
  readonly provider: string;
  /** `ok`, or the code of the error. */
  readonly outcome: string;
  readonly upstreamStatus: number | null;
  readonly latencyMs: number;
}

/** Through what of another tenant a call was made: ids, null in calls of what is the caller's own. */
export interface UsageOrigin {
  /** Whose product it is: the tenant that the models are of. */
  readonly owner: string | null;
  /** Null beside an owner: nobody can tell by which of its products. */
  readonly product: string | null;
  readonly grant: string | null;
}

/** By what usage is told apart, and added up in hours. Ids of the tenant, app and key; names of the rest. */
export interface UsageKey extends UsageOrigin {
  readonly tenant: string;
  readonly app: string | null;
  /** Of a key of skein.yaml: `config:` and its name. */
  readonly key: string | null;
  readonly prompt: string | null;
  readonly promptVersion: string | null;
  readonly model: string;
  readonly provider: string;
}

/** What one call of a model used. What is not known is null, never 0. */
export interface UsageRecord extends UsageKey {
  readonly _id: string;
  /** When the call ended. */
  readonly at: Date;
  /** Subject of the token that it was made with. */
  readonly user: string | null;
  readonly requestId: string;
  /** What the call came through: `graphql`, `graphql-ws`, `playground` … */
  readonly door: string;
  readonly kind: 'chat' | 'embed';
  readonly promptHash: string | null;
  /** The name that was asked for: of a route or a model. */
  readonly route: string;
  /** The provider's own id of the model. */
  readonly modelId: string;
  readonly outcome: UsageOutcome;
  /**
   * What was paid for an attempt that came to nothing, and that another one of the same call followed: it is in sums of tokens
   * and money, and in no number of calls. Not there in records from before there were such.
   */
  readonly isFollowed?: boolean;
  /** Code of the error of a call that did not end well. */
  readonly errorCode: string | null;
  /** All that was read: cache reads and writes are part of it. */
  readonly inputTokens: number | null;
  readonly cachedInputTokens: number | null;
  readonly cacheWriteTokens: number | null;
  /** All that was written: reasoning is part of it. */
  readonly outputTokens: number | null;
  readonly reasoningTokens: number | null;
  /** Reckoned from characters: the provider has not told all of them. */
  readonly isEstimated: boolean;
  /** What the provider said of the tokens, as JSON. */
  readonly rawUsage: string | null;
  readonly costNanoUsd: bigint | null;
  /** Of a kept answer: what it had cost when it was made. */
  readonly savedNanoUsd: bigint | null;
  /** JSON: nano-USD for a million tokens of each class, as they were applied. */
  readonly price: string | null;
  readonly latencyMs: number;
  readonly firstTokenMs: number | null;
  /** How many were asked. */
  readonly attemptCount: number;
  /** JSON: `UsageAttempt[]`, as far as kept; the last is the one that the record is of. */
  readonly attempts: string;
}

/** What is added up of the calls of an hour. */
export const USAGE_COUNTERS = [
  'calls',
  'finished',
  'failed',
  'schemaFailed',
  'aborted',
  'cached',
  /** Models that were asked beside the one of the record: retries and fallbacks. */
  'furtherAttempts',
  'inputTokens',
  'cachedInputTokens',
  'cacheWriteTokens',
  'outputTokens',
  'reasoningTokens',
  /** Calls of which nobody knows the tokens, or the cost; and those whose tokens are reckoned. */
  'uncounted',
  'unpriced',
  'estimated',
  'costNanoUsd',
  'savedNanoUsd',
  'latencyMs',
  /** Of those calls that a model has answered whole: `finished` and `schemaFailed`. */
  'answeredMs',
  'firstTokenMs',
  /** Calls that had a first token: what `firstTokenMs` is divided by. */
  'firstTokens',
] as const;
export type UsageCounter = (typeof USAGE_COUNTERS)[number];
export const MONEY_COUNTERS = ['costNanoUsd', 'savedNanoUsd'] as const satisfies readonly UsageCounter[];
export type MoneyCounter = (typeof MONEY_COUNTERS)[number];

export function isMoney(counter: UsageCounter): counter is MoneyCounter {
  return (MONEY_COUNTERS as readonly UsageCounter[]).includes(counter);
}

/** Times are counted by steps, so that what half of the calls took can be told of many hours together. */
export const STEP_COUNTERS = ['answeredSteps', 'firstTokenSteps'] as const;
export type StepCounter = (typeof STEP_COUNTERS)[number];

/** What callers have said of the calls of an hour, whenever they said it. Scores are in thousandths. */
export const FEEDBACK_COUNTERS = ['feedbacks', 'score', 'scoreSquares'] as const;
export type FeedbackCounter = (typeof FEEDBACK_COUNTERS)[number];

/** An hour's calls of one kind. */
export interface UsageHour
  extends Omit<UsageKey, keyof UsageOrigin>,
    // Sums of what is the caller's own have none, as those from before there were products.
    Readonly<Partial<Record<keyof UsageOrigin, string>>>,
    Readonly<Record<Exclude<UsageCounter, MoneyCounter> | FeedbackCounter, number>>,
    Readonly<Record<MoneyCounter, bigint>>,
    Readonly<Record<StepCounter, Readonly<Record<string, number>>>> {
  /** Made of the key and the hour, so that a sum is there once. */
  readonly _id: string;
  readonly hour: Date;
  /** The day that the hour is of, in UTC. */
  readonly day: Date;
  /** Writer → the last of its batches that is in the sums: a batch that is written twice counts once. */
  readonly batches: Readonly<Record<string, number>>;
}

const name = { type: String, default: null } as const;
const count = { type: Number, default: null } as const;

const keyFields = {
  tenant: text,
  app: name,
  key: name,
  prompt: name,
  promptVersion: name,
  model: text,
  provider: text,
  owner: name,
  product: name,
  grant: name,
} as const;

function usageCollection(fields: SchemaDefinition): Schema {
  return new Schema(
    { _id: text, ...keyFields, ...fields },
    { strict: 'throw', strictQuery: 'throw', minimize: false, versionKey: false, autoIndex: false, autoCreate: false },
  );
}

/** Ids sort by time: a span of time is a span of ids. */
export const usageSchema = usageCollection({
  at: moment,
  user: name,
  requestId: text,
  door: text,
  kind: text,
  promptHash: name,
  route: text,
  modelId: text,
  outcome: text,
  isFollowed: { type: Boolean, default: false },
  errorCode: name,
  inputTokens: count,
  cachedInputTokens: count,
  cacheWriteTokens: count,
  outputTokens: count,
  reasoningTokens: count,
  isEstimated: { type: Boolean, required: true },
  rawUsage: name,
  costNanoUsd: { type: Schema.Types.BigInt, default: null },
  savedNanoUsd: { type: Schema.Types.BigInt, default: null },
  price: name,
  latencyMs: { type: Number, required: true },
  firstTokenMs: count,
  attemptCount: { type: Number, required: true },
  attempts: json,
}).index({ tenant: 1, _id: 1 });

export const usageHourSchema = usageCollection({
  hour: { type: Date, required: true },
  day: { type: Date, required: true },
  ...Object.fromEntries([...USAGE_COUNTERS, ...FEEDBACK_COUNTERS].map((name) => [name, { type: Number, default: 0 }])),
  ...Object.fromEntries(MONEY_COUNTERS.map((counter) => [counter, { type: Schema.Types.BigInt, default: 0n }])),
  ...Object.fromEntries(STEP_COUNTERS.map((counter) => [counter, { type: Schema.Types.Mixed, default: {} }])),
  batches: { type: Schema.Types.Mixed, default: {} },
})
  .index({ tenant: 1, hour: 1 })
  .index({ owner: 1, hour: 1 })
  .index({ hour: 1 });
