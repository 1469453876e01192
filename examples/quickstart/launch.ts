import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ReadyMessage, StopMessage } from './backend.ts';

const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 2_000;

export interface RunningBackend {
  readonly name: string;
  readonly port: number;
  /** Asks the process to stop, and kills it when it does not. */
  stop(): Promise<void>;
}

/**
 * Runs the module as a process of its own and waits until it listens. Rejects with a reason in one line when it does
 * not. A process that dies later is told to `tell`, in one line too.
 */
export async function launch(name: string, module: URL, tell: (line: string) => void): Promise<RunningBackend> {
  const child = fork(fileURLToPath(module), { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const gone = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`));
  });
  const port = await firstWord(child, gone).catch((error: Error) => {
    child.kill('SIGKILL');
    throw new Error(`The ${name} backend did not start: ${error.message}.`);
  });

  let stopping = false;
  void gone.then((how) => {
    if (!stopping) tell(`The ${name} backend has stopped (${how}); the rest goes on without it.`);
  });
  return {
    name,
    port,
    stop: async () => {
      stopping = true;
      const message: StopMessage = { stop: true };
      // A process that is gone cannot be told, and needs not be.
      if (child.connected) child.send(message, () => {});
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await gone;
      clearTimeout(timer);
    },
  };
}

async function firstWord(child: ChildProcess, gone: Promise<string>): Promise<number> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), START_TIMEOUT_MS);
  try {
    const word = await Promise.race([once(child, 'message', { signal: patience.signal }), gone]);
    if (typeof word === 'string') throw new Error(word);
    const [message] = word as [ReadyMessage];
    if (!message.ready) throw new Error(message.reason);
    return message.port;
  } catch (error) {
    if (patience.signal.aborted) throw new Error(`it was not ready after ${START_TIMEOUT_MS / 1000} s`);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
