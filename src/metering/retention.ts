import type { UsageLog } from '../../admin/store/usage-log.ts';
import { describeError } from '../../kernel/errors.ts';
import type { Clock, Log } from '../../kernel/ports.ts';
import type { UsageOptions } from './options.ts';

export interface RetentionDeps {
  readonly store: Pick<UsageLog, 'deleteRecords' | 'deleteHours'>;
  readonly options: () => UsageOptions;
  readonly clock: Clock;
  readonly log: Log;
  readonly everyMs?: number | undefined;
}

export interface Retention {
  /** Deletes what is too old now. */
  run(): Promise<void>;
  stop(): Promise<void>;
}

const EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Deletes usage that is too old, every hour. Several instances that do are not in each other's way. */
export function createRetention({ store, options, clock, log, everyMs = EVERY_MS }: RetentionDeps): Retention {
  let working: Promise<void> | undefined;
  const work = async () => {
    const { recordDays, hourDays } = options();
    const ago = (days: number) => new Date(clock.now() - days * DAY_MS);
    try {
      const records = await store.deleteRecords(ago(recordDays));
      const hours = await store.deleteHours(ago(hourDays));
      if (records + hours > 0) log.info({ records, hours }, 'usage that is too old was deleted');
    } catch (error) {
      log.warn({ reason: describeError(error) }, 'usage that is too old could not be deleted: it is tried again');
    }
  };
  const run = () => {
    working ??= work().finally(() => {
      working = undefined;
    });
    return working;
  };
  const timer = setInterval(() => void run(), everyMs).unref();
  return {
    run,
    async stop() {
      clearInterval(timer);
      await working;
    },
  };
}
