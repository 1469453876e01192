import type { Gateway } from './gateway.ts';

const PARENT_CHECK_MS = 250;

/** Ends what waits, at SIGTERM and SIGINT, until the gateway takes them itself. */
export interface StartSignals {
  readonly signal: AbortSignal;
  release(): void;
}

export function listenWhileStarting(): StartSignals {
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  process.on('SIGTERM', stop).on('SIGINT', stop);
  return { signal: stopping.signal, release: () => void process.off('SIGTERM', stop).off('SIGINT', stop) };
}

/** SIGTERM and SIGINT drain; a second one hurries. Resolves with the exit code. */
export function closeOnSignal(gateway: Gateway, startedByNpm: boolean, onClosing: () => void): Promise<number> {
  return new Promise((resolve, reject) => {
    let parentCheck: NodeJS.Timeout | undefined;
    const onSignal = () => {
      clearInterval(parentCheck);
      onClosing();
      gateway.close().then(() => {
        process.off('SIGTERM', onSignal);
        process.off('SIGINT', onSignal);
        resolve(0);
      }, reject);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
    if (!startedByNpm) return;
    // npm hands a signal to the shell it runs scripts in, and the shell dies of it without a word: its end is our signal.
    const parent = process.ppid;
    parentCheck = setInterval(() => {
      if (process.ppid !== parent) onSignal();
    }, PARENT_CHECK_MS).unref();
  });
}
