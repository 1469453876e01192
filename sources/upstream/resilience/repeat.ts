/**
 * Does `task` at once, and again about `everyMs` after each time it has ended: never twice at a time, up to a tenth
 * earlier or later, so that many instances do not keep step. Keeps no process alive. Ends, and aborts the signal, when
 * the function it returns is called. The task must not reject.
 */
export function repeat(everyMs: number, task: (signal: AbortSignal) => Promise<void>): () => void {
  const ending = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const run = async () => {
    await task(ending.signal);
    if (!ending.signal.aborted) timer = setTimeout(run, everyMs * (0.9 + Math.random() * 0.2)).unref();
  };
  void run();
  return () => {
    clearTimeout(timer);
    ending.abort();
  };
}
