import type { CacheStore } from './store.ts';

/** A store that is opened when it is first needed, and let go of if it was. */
export interface LazyStore {
  readonly store: Pick<CacheStore, 'get' | 'set'>;
  open(): Promise<unknown>;
  release(): Promise<void>;
}

export function createLazyStore(
  acquire: () => Promise<{ readonly store: CacheStore; release(): Promise<void> }>,
): LazyStore {
  let opening: ReturnType<typeof acquire> | undefined;
  let opened: CacheStore | undefined;
  const open = async (): Promise<CacheStore> => {
    opening ??= acquire();
    opened = (await opening).store;
    return opened;
  };
  return {
    store: {
      get: (key) => (opened === undefined ? open().then((store) => store.get(key)) : opened.get(key)),
      set: (key, answer, request) =>
        opened === undefined
          ? open().then((store) => store.set(key, answer, request))
          : opened.set(key, answer, request),
    },
    open,
    async release() {
      await (await opening)?.release();
    },
  };
}
