import { type Connection, type Model, Schema } from 'mongoose';
import type { CollectionName, Models, Records } from '../models/index.ts';

/** Counts what is given out, and what was written. */
interface Counter {
  readonly _id: string;
  readonly value: number;
}

const counterSchema = new Schema(
  { _id: String, value: Number },
  { versionKey: false, autoIndex: false, autoCreate: false },
);
/**
 * A writer takes its number before it writes: one with a lower number may come later. Who reads looks back so many
 * numbers, and knows what it has seen by id and version.
 */
const LOOKS_BACK = 1_000;
const PAGE = 5_000;

/** What is told of changes of records: numbers that count up, and a signal that something was written. */
export interface Feed {
  /** A number for a record that is about to be written. */
  next(): Promise<number>;
  /** Says that it is written. */
  signal(): Promise<void>;
  /** Counts signals: as long as it is the same, there is nothing new. */
  signals(): Promise<number>;
  /** Told of every signal of this process, at once. */
  onSignal(listener: () => void): () => void;
  /** All records that may have changed after the number, archived ones too, in pages. */
  since<Name extends CollectionName>(
    name: Name,
    seq: number,
    without?: readonly (keyof Records[Name] & string)[],
  ): AsyncIterable<Records[Name]>;
}

export function createFeed(connection: Connection, models: Models): Feed {
  const counters = connection.model('counters', counterSchema, 'counters') as unknown as Model<Counter>;
  const listeners = new Set<() => void>();
  const add = async (id: string): Promise<number> => {
    const options = { upsert: true, returnDocument: 'after', lean: true } as const;
    for (let isRetried = false; ; isRetried = true) {
      try {
        const counter = await counters.findOneAndUpdate({ _id: id }, { $inc: { value: 1 } }, options);
        return counter?.value ?? 0;
      } catch (error) {
        // Two made the first one at once.
        if (isRetried || (error as { code?: unknown }).code !== 11000) throw error;
      }
    }
  };
  return {
    next: () => add('changes'),
    async signal() {
      await add('signals');
      for (const listener of listeners) listener();
    },
    async signals() {
      const counter = await counters.findOne({ _id: 'signals' }).lean<Counter>();
      return counter?.value ?? 0;
    },
    onSignal(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async *since(name, seq, without = []) {
      let after = seq - LOOKS_BACK;
      const model = models[name] as unknown as Model<Records[CollectionName]>;
      for (;;) {
        const page = await model
          .find({ seq: { $gt: after } }, Object.fromEntries(without.map((field) => [field, 0])))
          .sort({ seq: 1 })
          .limit(PAGE)
          .lean<Records[typeof name][]>();
        yield* page;
        const last = page.at(-1);
        if (last === undefined || page.length < PAGE) return;
        after = last.seq;
      }
    },
  };
}
