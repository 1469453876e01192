/** Things that are to be done, each once however often it is asked for, one after the other. */
export interface WorkQueue {
  add(names: Iterable<string>): void;
  /** Before all that wait. */
  addFirst(name: string): void;
  /** Resolves when there is nothing to do, but for what is tried again later. */
  whenSettled(): Promise<void>;
  /** Lets what is under way end, and does nothing more. */
  stop(): Promise<void>;
}

const RETRY_MS = 15_000;

/** `work` says whether it is done; what is not is tried again later. */
export function createWorkQueue(work: (name: string) => Promise<boolean>, retryMs = RETRY_MS): WorkQueue {
  let waiting = new Set<string>();
  const failed = new Set<string>();
  let working: Promise<void> | undefined;
  let retry: NodeJS.Timeout | undefined;
  let isStopped = false;

  const workAll = async () => {
    for (;;) {
      const [name] = waiting;
      if (name === undefined || isStopped) return;
      waiting.delete(name);
      if (await work(name)) failed.delete(name);
      else failLater(name);
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
  const start = () => {
    if (waiting.size === 0 || isStopped) return;
    working ??= workAll().finally(() => {
      working = undefined;
      start();
    });
  };
  const add = (names: Iterable<string>) => {
    for (const name of names) waiting.add(name);
    start();
  };
  return {
    add,
    addFirst(name) {
      waiting = new Set([name, ...waiting]);
      start();
    },
    async whenSettled() {
      while (working !== undefined) await working;
    },
    async stop() {
      isStopped = true;
      clearTimeout(retry);
      await working;
    },
  };
}
