import { randomBytes } from 'node:crypto';
import type { UsageRecord } from '../../admin/models/usage.ts';
import { UsageRefusedError } from '../../admin/store/usage-log.ts';
import { describeError } from '../../kernel/errors.ts';
import type { Log } from '../../kernel/ports.ts';
import type { Sink } from './usage-sink.ts';

export interface StoreSinkDeps<T> {
  readonly store: {
    write(batch: { readonly writer: string; readonly number: number; readonly records: readonly T[] }): Promise<void>;
  };
  /** What is written, and what it means when some are lost: for the log. */
  readonly words?: { readonly records: string; readonly loss: string } | undefined;
  readonly log: Log;
  /** How many records are kept at the most while the store is away. */
  readonly mostWaiting?: number | undefined;
  /** Records in a batch. A store in this process holds everything else up while it writes one. */
  readonly batchSize?: number | undefined;
  /** How long records are gathered. */
  readonly everyMs?: number | undefined;
  /** How long the end waits for the store. */
  readonly stopWithinMs?: number | undefined;
}

const USAGE = { records: 'usage records', loss: 'calls are not accounted for' };
const EVERY_MS = 250;
const BATCH = 500;
const MOST_WAITING = 50_000;
const MOST_PAUSE_MS = 10_000;
const STOP_WITHIN_MS = 5_000;
/** Losing goes on being told, but not with every record. */
const TELL_EVERY_MS = 10_000;
/** A record that the store refuses so often is let go of, so that it does not hold up the others. */
const MOST_REFUSALS = 3;

/**
 * Gathers records in memory and writes them to the store in batches, one after the other and in their order. A batch that
 * fails is tried again until the store has it; records that come beyond `mostWaiting` are lost, counted, and told of.
 */
export function createStoreSink<T extends { readonly _id: string } = UsageRecord>({
  store,
  log,
  words = USAGE,
  mostWaiting = MOST_WAITING,
  batchSize = BATCH,
  everyMs = EVERY_MS,
  stopWithinMs = STOP_WITHIN_MS,
}: StoreSinkDeps<T>): Sink<T> {
  const writer = `w${randomBytes(8).toString('hex')}`;
  let waiting: T[] = [];
  let batch: readonly T[] = [];
  let number = 0;
  let written = 0;
  let lost = 0;
  let lostUntold = 0;
  let toldAt = Number.NEGATIVE_INFINITY;
  let failures = 0;
  let refusals = 0;
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> | undefined;
  let isStopped = false;

  const lose = (count: number, reason: string) => {
    lost += count;
    lostUntold += count;
    const now = performance.now();
    if (now - toldAt < TELL_EVERY_MS) return;
    toldAt = now;
    log.error({ records: lostUntold, lostSinceStart: lost, reason }, `${words.records} are lost: ${words.loss}`);
    lostUntold = 0;
  };
  const schedule = (ms: number) => {
    timer ??= setTimeout(() => {
      timer = undefined;
      void work();
    }, ms);
  };
  const fail = (error: unknown) => {
    failures += 1;
    const fields = { reason: describeError(error), waiting: batch.length + waiting.length };
    if (failures === 1) log.warn(fields, `${words.records} could not be written: they wait in memory`);
    if (!(error instanceof UsageRefusedError)) return;
    refusals += 1;
    if (refusals < MOST_REFUSALS) return;
    refusals = 0;
    const kept = batch.filter(({ _id }) => !error.ids.has(_id));
    lose(batch.length - kept.length, describeError(error.cause));
    batch = kept;
  };
  /** Whether the batch is written. */
  const writeBatch = async (): Promise<boolean> => {
    if (batch.length === 0) {
      batch = waiting.slice(0, batchSize);
      waiting = waiting.slice(batchSize);
      number += 1;
    }
    try {
      await store.write({ writer, number, records: batch });
    } catch (error) {
      fail(error);
      return false;
    }
    if (failures > 0) log.info({ records: batch.length + waiting.length }, `${words.records} are written again`);
    failures = 0;
    refusals = 0;
    written += batch.length;
    batch = [];
    return true;
  };
  const run = async () => {
    while (batch.length + waiting.length > 0) {
      if (await writeBatch()) {
        // Requests come in between.
        await new Promise((resolve) => setImmediate(resolve));
        continue;
      }
      if (!isStopped) schedule(Math.min(everyMs * 2 ** failures, MOST_PAUSE_MS));
      return;
    }
  };
  const work = (): Promise<void> => {
    working ??= run().finally(() => {
      working = undefined;
      // What came while the last batch ended.
      if (waiting.length > 0 && failures === 0 && !isStopped) schedule(everyMs);
    });
    return working;
  };

  return {
    add(record) {
      if (isStopped) return lose(1, 'the gateway has stopped');
      if (batch.length + waiting.length >= mostWaiting) return lose(1, 'too many wait for the store');
      waiting.push(record);
      if (working !== undefined || failures > 0) return;
      if (waiting.length >= batchSize) void work();
      else schedule(everyMs);
    },
    async flush() {
      await working;
      await work();
    },
    state: () => ({ written, waiting: batch.length + waiting.length, lost }),
    async stop() {
      const deadline = performance.now() + stopWithinMs;
      // Calls that were cut a moment ago are about to be told of.
      await new Promise((resolve) => setImmediate(resolve));
      isStopped = true;
      clearTimeout(timer);
      timer = undefined;
      const late = new Promise<void>((resolve) => setTimeout(resolve, stopWithinMs).unref());
      do {
        await Promise.race([working ?? work(), late]);
        if (batch.length + waiting.length === 0) break;
        await new Promise((resolve) => setTimeout(resolve, Math.min(everyMs, stopWithinMs)));
      } while (performance.now() < deadline);
      toldAt = Number.NEGATIVE_INFINITY;
      const left = batch.length + waiting.length;
      if (left > 0 || lostUntold > 0) lose(left, 'the gateway stops, and the store does not answer');
      batch = [];
      waiting = [];
    },
  };
}
