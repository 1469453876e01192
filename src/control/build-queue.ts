/** Things that are to be done, each once however often it is asked for, in turn and some of them at a time. */
export interface WorkQueue {
  add(names: Iterable<string>): void;
  /** Before all that wait. */
  addFirst(name: string): void;
  /** Resolves when there is nothing to do for it, but for what is tried again later. It comes before all that wait. */
  whenDone(name: string): Promise<void>;
  /** Resolves when there is nothing to do, but for what is tried again later. */
  whenSettled(): Promise<void>;
  /** Lets what is under way end, and does nothing more. */
  stop(): Promise<void>;
}

export interface WorkQueueOptions {
  /** After how long what came to nothing is tried again. Default: 15 s. */
  readonly retryMs?: number;
  /** Done at the same time. Default: 4. */
  readonly most?: number;
  /** What takes longer makes room for another. Default: 2 s. */
  readonly longMs?: number;
  /** For as many of these at the most. Default: 28. */
  readonly mostLong?: number;
}

interface Running {
  readonly done: Promise<void>;
  readonly timer: NodeJS.Timeout;
  isLong: boolean;
}

/**
 * `work` says whether it is done; what is not is tried again later. It is never done twice at the same time for one name,
 * and what takes long holds up none of the others.
 */
export function createWorkQueue(
  work: (name: string) => Promise<boolean>,
  { retryMs = 15_000, most = 4, longMs = 2_000, mostLong = 28 }: WorkQueueOptions = {},
): WorkQueue {
  let waiting = new Set<string>();
  const running = new Map<string, Running>();
  const failed = new Set<string>();
  const listeners = new Set<() => void>();
  let retry: NodeJS.Timeout | undefined;
  let isStopped = false;

  const hasRoom = () => {
    const long = [...running.values()].filter(({ isLong }) => isLong).length;
    return running.size - Math.min(long, mostLong) < most;
  };
  const workOn = async (name: string) => {
    if (await work(name)) failed.delete(name);
    else failLater(name);
  };
  const begin = (name: string) => {
    waiting.delete(name);
    const timer = setTimeout(() => {
      one.isLong = true;
      start();
    }, longMs).unref();
    const done = workOn(name).finally(() => {
      clearTimeout(timer);
      running.delete(name);
      start();
      for (const listener of listeners) listener();
    });
    const one: Running = { done, timer, isLong: false };
    running.set(name, one);
  };
  const start = () => {
    if (isStopped) return;
    for (const name of waiting) {
      if (!hasRoom()) return;
      if (!running.has(name)) begin(name);
    }
  };
  const failLater = (name: string) => {
    failed.add(name);
    if (isStopped) return;
    retry ??= setTimeout(() => {
      retry = undefined;
      add(failed);
    }, retryMs).unref();
  };
  const add = (names: Iterable<string>) => {
    for (const name of names) waiting.add(name);
    start();
  };
  const addFirst = (name: string) => {
    waiting = new Set([name, ...waiting]);
    start();
  };
  const until = async (isSo: () => boolean) => {
    if (isSo()) return;
    await new Promise<void>((resolve) => {
      const listener = () => {
        if (!isSo()) return;
        listeners.delete(listener);
        resolve();
      };
      listeners.add(listener);
    });
  };
  return {
    add,
    addFirst,
    whenDone(name) {
      if (waiting.has(name)) addFirst(name);
      return until(() => !running.has(name) && (isStopped || !waiting.has(name)));
    },
    whenSettled: () => until(() => running.size === 0 && (isStopped || waiting.size === 0)),
    async stop() {
      isStopped = true;
      clearTimeout(retry);
      await Promise.all([...running.values()].map(({ done }) => done));
      for (const listener of listeners) listener();
    },
  };
}
