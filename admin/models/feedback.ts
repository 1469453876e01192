import { recordSchema, type StoredRecord, text, words } from './record.ts';

/** Scores are kept as whole numbers of this fraction, so that sums of them are exact: from 0 to 1,000. */
export const SCORE_UNIT = 1_000;

/** What somebody has said of an answer of a prompt: one for each call and caller. */
export interface Feedback extends StoredRecord {
  /** Id of the call's usage record. */
  readonly call: string;
  readonly callAt: Date;
  /** Id of the sum that the call is in. */
  readonly hourId: string;
  /** Who has said it: an app, a user of one, or a key of none. */
  readonly by: string;
  readonly app: string | null;
  readonly user: string | null;
  /** Those of the call. */
  readonly prompt: string;
  readonly promptVersion: string;
  readonly model: string;
  /** In thousandths. */
  readonly score: number;
  /** Empty: nothing was said. */
  readonly comment: string;
}

const name = { type: String, default: null } as const;

/** Ids of calls sort by time, so that what was said of old ones can be found. */
export const feedbackSchema = recordSchema({
  call: text,
  callAt: { type: Date, required: true },
  hourId: text,
  by: text,
  app: name,
  user: name,
  prompt: text,
  promptVersion: words,
  model: text,
  score: { type: Number, required: true },
  comment: words,
})
  .index({ call: 1, by: 1 }, { unique: true })
  .index({ tenant: 1, _id: 1 });
