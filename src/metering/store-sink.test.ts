import { describe, expect, it } from 'vitest';
import { type UsageBatch, UsageRefusedError } from '../../admin/store/usage-log.ts';
import { type Log, silentLog } from '../../kernel/ports.ts';
import { deferred } from '../../test/utils/deferred.ts';
import { usageRecord } from '../../test/utils/usage-record.ts';
import { createStoreSink } from './store-sink.ts';

const AT = new Date('2030-05-06T07:08:09Z');
const NEVER_MS = 1_000_000;

function recorder() {
  const lines: { level: string; message: string; fields: Record<string, unknown> }[] = [];
  const at = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, message, fields: fields as Record<string, unknown> });
  const log: Log = { ...silentLog, info: at('info'), warn: at('warn'), error: at('error') };
  return { lines, log };
}

/** A store that does with each batch what the test says, one after the other, and then takes everything. */
function storeOf(...answers: ((batch: UsageBatch) => Promise<void> | void)[]) {
  const batches: UsageBatch[] = [];
  return {
    batches,
    async write(batch: UsageBatch) {
      await answers.shift()?.(batch);
      batches.push(batch);
    },
  };
}

const fail = () => {
  throw new Error('the store is away');
};

describe('a sink into the store', () => {
  it('writes what was gathered in one batch, and numbers its batches', async () => {
    const store = storeOf();
    const sink = createStoreSink({ store, log: silentLog, everyMs: NEVER_MS });
    for (let index = 0; index < 3; index += 1) sink.add(usageRecord(AT));
    expect(sink.state()).toEqual({ written: 0, waiting: 3, lost: 0 });
    await sink.flush();
    sink.add(usageRecord(AT));
    await sink.stop();
    expect(store.batches.map(({ number, records }) => [number, records.length])).toEqual([
      [1, 3],
      [2, 1],
    ]);
    expect(new Set(store.batches.map(({ writer }) => writer)).size).toBe(1);
    expect(sink.state()).toEqual({ written: 4, waiting: 0, lost: 0 });
  });

  it('writes after a while by itself, and at once when a batch is full', async () => {
    const first = deferred<void>();
    const slow = createStoreSink({ store: storeOf(() => first.resolve()), log: silentLog, everyMs: 1 });
    slow.add(usageRecord(AT));
    await first.promise;
    const full = deferred<void>();
    const store = storeOf(() => full.resolve());
    const sink = createStoreSink({ store, log: silentLog, everyMs: NEVER_MS });
    for (let index = 0; index < 500; index += 1) sink.add(usageRecord(AT));
    await full.promise;
    await sink.flush();
    expect(store.batches.map(({ records }) => records.length)).toEqual([500]);
    await slow.stop();
    await sink.stop();
  });

  it('gives a batch again as it was until the store has it, and says so once', async () => {
    const { log, lines } = recorder();
    const again = deferred<void>();
    const store = storeOf(fail, fail, fail, () => again.resolve());
    const sink = createStoreSink({ store, log, everyMs: 1 });
    const record = usageRecord(AT);
    sink.add(record);
    await sink.flush();
    sink.add(usageRecord(AT));
    await again.promise;
    await sink.stop();
    expect(store.batches[0]).toMatchObject({ number: 1, records: [record] });
    expect(store.batches.map(({ number }) => number)).toEqual([1, 2]);
    expect(lines.map(({ level }) => level)).toEqual(['warn', 'info']);
    expect(sink.state()).toEqual({ written: 2, waiting: 0, lost: 0 });
  });

  it('keeps so many while the store is away, and tells of each that is lost beyond that', async () => {
    const { log, lines } = recorder();
    const store = storeOf(fail);
    const sink = createStoreSink({ store, log, mostWaiting: 10, everyMs: NEVER_MS });
    for (let index = 0; index < 4; index += 1) sink.add(usageRecord(AT));
    await sink.flush();
    for (let index = 0; index < 12; index += 1) sink.add(usageRecord(AT));
    expect(sink.state()).toEqual({ written: 0, waiting: 10, lost: 6 });
    await sink.stop();
    expect(sink.state()).toEqual({ written: 10, waiting: 0, lost: 6 });
    const told = lines.filter(({ level }) => level === 'error');
    expect(told.reduce((sum, { fields }) => sum + Number(fields.records), 0)).toBe(6);
    expect(told.at(-1)?.fields.lostSinceStart).toBe(6);
  });

  it('lets go of a record that the store never takes, and keeps the others', async () => {
    const { log, lines } = recorder();
    const bad = usageRecord(AT);
    const refuse = ({ records }: UsageBatch) => {
      if (records.includes(bad)) throw new UsageRefusedError(new Set([bad._id]), new Error('too large'));
    };
    const store = storeOf(refuse, refuse, refuse, refuse);
    const sink = createStoreSink({ store, log, everyMs: NEVER_MS });
    sink.add(usageRecord(AT));
    sink.add(bad);
    sink.add(usageRecord(AT));
    for (let tries = 0; tries < 4; tries += 1) await sink.flush();
    expect(sink.state()).toEqual({ written: 2, waiting: 0, lost: 1 });
    expect(lines.find(({ level }) => level === 'error')?.fields).toMatchObject({ records: 1, reason: 'too large' });
    await sink.stop();
  });

  it('takes what is told while it stops, and tells what it could not write', async () => {
    const { log, lines } = recorder();
    const store = storeOf();
    const sink = createStoreSink({ store, log, everyMs: NEVER_MS });
    sink.add(usageRecord(AT));
    const stopping = sink.stop();
    queueMicrotask(() => sink.add(usageRecord(AT)));
    await stopping;
    expect(sink.state()).toEqual({ written: 2, waiting: 0, lost: 0 });
    sink.add(usageRecord(AT));
    expect(sink.state().lost).toBe(1);

    const away = createStoreSink({ store: { write: async () => fail() }, log, everyMs: 1, stopWithinMs: 20 });
    away.add(usageRecord(AT));
    await away.stop();
    expect(away.state()).toEqual({ written: 0, waiting: 0, lost: 1 });
    expect(lines.at(-1)).toMatchObject({ level: 'error', fields: { records: 1 } });
    const silent = createStoreSink({ store: { write: () => new Promise(() => {}) }, log, stopWithinMs: 20 });
    silent.add(usageRecord(AT));
    await silent.stop();
    expect(silent.state().lost).toBe(1);
  });
});
