/** A build of the newest state; undefined when it was overtaken and came to nothing. */
export type Build<T> = (isNewest: () => boolean) => Promise<T | undefined>;

interface Wanted<T> {
  resolve(result: T): void;
  reject(error: unknown): void;
}

/**
 * Makes builds one after the other, never two at once. Those asked for while one runs become one, of the newest state;
 * who asked for an overtaken one gets the result of that.
 */
export function createBuildQueue<T>(build: Build<T>): () => Promise<T> {
  let wanted: Wanted<T>[] = [];
  let isRunning = false;
  const run = async () => {
    isRunning = true;
    while (wanted.length > 0) {
      const served = wanted;
      wanted = [];
      try {
        const result = await build(() => wanted.length === 0);
        if (result === undefined) wanted = [...served, ...wanted];
        else for (const { resolve } of served) resolve(result);
      } catch (error) {
        for (const { reject } of served) reject(error);
      }
    }
    isRunning = false;
  };
  return () =>
    new Promise((resolve, reject) => {
      wanted.push({ resolve, reject });
      if (!isRunning) void run();
    });
}
