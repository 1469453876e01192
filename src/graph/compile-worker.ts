import { Worker } from 'node:worker_threads';
import { describeError } from '../../kernel/errors.ts';
import { ProblemsError } from '../../kernel/problem.ts';
import { type JobArguments, type JobName, type JobResult, runJob, weighJob } from './compile-jobs.ts';
import { addPiece, cutInPieces } from './compile-pieces.ts';
import type { FromThread, ToThread } from './compile-worker-thread.ts';

/** Compiles documents and composes graphs beside the event loop that serves. */
export interface CompileWorker {
  /**
   * Runs one job; large ones in a thread, one after the other. An ArrayBuffer among what is given is the thread's from
   * then on, and empty here.
   * @throws ProblemsError when the job fails, runs out of memory or takes too long: what it compiles is at fault
   */
  run<Name extends JobName>(name: Name, ...given: JobArguments<Name>): Promise<JobResult<Name>>;
  /** Ends the thread; jobs under way are rejected. */
  dispose(): Promise<void>;
}

export interface CompileWorkerOptions {
  /** The thread's module; undefined where there is none, and all is done here. */
  readonly thread?: URL | undefined;
  /** Jobs with less text are done here: to hand them over would take longer. */
  readonly smallCharacters?: number;
  readonly timeoutMs?: number;
  readonly maxHeapMb?: number;
  /** How long the thread stays without a job. */
  readonly idleMs?: number;
}

interface Pending {
  readonly name: JobName;
  readonly given: JobArguments<JobName>;
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** A thread loads JavaScript: run from its sources, the gateway does everything itself. */
const BUILT_THREAD = import.meta.url.endsWith('.js')
  ? new URL('./compile-worker-thread.js', import.meta.url)
  : undefined;

const STOPPED = 'The gateway stops.';

export function createCompileWorker({
  thread = BUILT_THREAD,
  smallCharacters = 16_384,
  timeoutMs = 120_000,
  maxHeapMb = 2_048,
  idleMs = 10_000,
}: CompileWorkerOptions = {}): CompileWorker {
  const queue: Pending[] = [];
  let worker: Worker | undefined;
  let running: Pending | undefined;
  let timer: NodeJS.Timeout | undefined;
  let disposed = false;

  const end = async () => {
    clearTimeout(timer);
    const ended = worker;
    worker = undefined;
    ended?.removeAllListeners('exit');
    await ended?.terminate();
  };
  const finish = (settle: (job: Pending) => void) => {
    const job = running;
    running = undefined;
    clearTimeout(timer);
    if (job !== undefined) settle(job);
    next();
  };
  /** The thread is of no more use: the job is at fault, and the next one gets a new thread. */
  const fail = (message: string) => {
    void end();
    finish(({ reject }) => reject(new ProblemsError([{ message }])));
  };
  const start = (file: URL) => {
    const started = new Worker(file, { resourceLimits: { maxOldGenerationSizeMb: maxHeapMb } });
    let rest: unknown;
    let missing = 0;
    started.on('message', (message: FromThread) => {
      if (started !== worker) return;
      if ('error' in message) {
        finish(({ reject }) => reject(new ProblemsError([{ message: message.error }])));
        return;
      }
      if ('piece' in message) {
        rest = addPiece(rest, message.piece);
        missing -= 1;
      } else {
        rest = message.rest;
        missing = message.pieces;
      }
      if (missing === 0) finish(({ resolve }) => resolve(rest));
      // Messages that wait are all read before the event loop turns: the next one comes when this turn is over.
      else setImmediate(() => post(started, 'next'));
    });
    started.on('error', (error: NodeJS.ErrnoException) => {
      if (started !== worker) return;
      if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') fail(`It takes more than ${maxHeapMb} MB of memory to compile.`);
      else fail(`It cannot be compiled: ${describeError(error)}`);
    });
    started.on('exit', () => {
      if (started === worker) fail('It cannot be compiled: the thread ended.');
    });
    return started;
  };
  /** One piece in each turn: to hand over much at one go takes long. */
  const handOver = ({ name, given }: Pending, to: Worker) => {
    const { rest, pieces } = cutInPieces(given);
    post(to, { name, given: rest as JobArguments<JobName>, pieces: pieces.length }, rest);
    let sent = 0;
    const sendNext = () => {
      const piece = pieces[sent];
      if (piece === undefined || to !== worker) return;
      sent += 1;
      try {
        post(to, { piece }, piece.added);
        setImmediate(sendNext);
      } catch (error) {
        fail(`It cannot be compiled: ${describeError(error)}`);
      }
    };
    if (pieces.length > 0) setImmediate(sendNext);
  };
  const next = () => {
    if (running !== undefined || disposed) return;
    running = queue.shift();
    if (running === undefined) {
      worker?.unref();
      timer = setTimeout(() => void end(), idleMs).unref();
      return;
    }
    const job = running;
    worker ??= thread === undefined ? undefined : start(thread);
    worker?.ref();
    clearTimeout(timer);
    timer = setTimeout(() => fail(`It takes longer than ${timeoutMs / 1_000} s to compile.`), timeoutMs);
    try {
      if (worker !== undefined) handOver(job, worker);
    } catch (error) {
      fail(`It cannot be compiled: ${describeError(error)}`);
    }
  };

  return {
    async run<Name extends JobName>(name: Name, ...given: JobArguments<Name>): Promise<JobResult<Name>> {
      if (thread === undefined || weighJob(given) < smallCharacters) return runJob(name, given);
      // A large text was just decoded, perhaps; to hand it over takes as long again.
      await new Promise((resolve) => setImmediate(resolve));
      if (disposed) throw new Error(STOPPED);
      return new Promise<JobResult<Name>>((resolve, reject) => {
        queue.push({ name, given, resolve: resolve as (result: unknown) => void, reject });
        next();
      });
    },
    async dispose() {
      disposed = true;
      for (const { reject } of [...queue.splice(0), ...(running === undefined ? [] : [running])])
        reject(new Error(STOPPED));
      running = undefined;
      await end();
    },
  };
}

/** ArrayBuffers in the list `holding` are handed over, not copied. */
function post(worker: Worker, message: ToThread, holding?: unknown): void {
  const buffers = Array.isArray(holding) ? holding.filter((value) => value instanceof ArrayBuffer) : [];
  worker.postMessage(message, buffers);
}
