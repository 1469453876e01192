import type { Store } from '../../admin/store/store.ts';
import type { Log } from '../../kernel/ports.ts';

export interface UsedTimes {
  note(collection: 'keys' | 'tokens', id: string, at: number): void;
  flush(): Promise<void>;
  stop(): Promise<void>;
}

const EVERY_MS = 30_000;
const MOST = 100_000;

/** When keys and tokens were last used: kept here, and written now and then. Losing some is no loss. */
export function createUsedTimes(store: Store, log: Log): UsedTimes {
  let noted = new Map<string, { readonly collection: 'keys' | 'tokens'; readonly at: number }>();
  const flush = async () => {
    const taken = noted;
    noted = new Map();
    try {
      for (const [id, { collection, at }] of taken) await store[collection].touch(id, { lastUsedAt: new Date(at) });
    } catch (error) {
      log.warn({ err: error }, 'when keys were last used could not be written');
    }
  };
  const timer = setInterval(() => void flush(), EVERY_MS).unref();
  return {
    note(collection, id, at) {
      if (noted.size < MOST || noted.has(id)) noted.set(id, { collection, at });
    },
    flush,
    async stop() {
      clearInterval(timer);
      await flush();
    },
  };
}
