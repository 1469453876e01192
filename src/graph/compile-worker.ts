import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describeError } from '../../kernel/errors.ts';
import { ProblemsError } from '../../kernel/problem.ts';
import { type JobArguments, type JobName, type JobResult, runJob, weighJob } from './compile-jobs.ts';
import { addPiece, cutInPieces } from './compile-pieces.ts';
import type { FromProcess, ToProcess } from './compile-worker-process.ts';

/** Compiles documents and composes graphs beside the process that serves: see docs/decisions/0022. */
export interface CompileWorker {
  /**
   * Runs one job; large ones in a process that lets all others go first, one after the other.
   * @throws ProblemsError when the job fails, runs out of memory or takes too long: what it compiles is at fault
   */
  run<Name extends JobName>(name: Name, ...given: JobArguments<Name>): Promise<JobResult<Name>>;
  /** Ends the process; jobs under way are rejected. */
  dispose(): Promise<void>;
}

export interface CompileWorkerOptions {
  /** What the process runs; undefined where there is none, and all is done here. */
  readonly module?: URL | undefined;
  /** Jobs with less text are done here: to hand them over would take longer. */
  readonly smallCharacters?: number;
  readonly timeoutMs?: number;
  /** After how long it is looked whether a job gets on; one that hardly does is begun anew, and waits less for others. */
  readonly patienceMs?: number;
  /** How much processor time a process has used so far. Default: as Linux tells it. */
  readonly processorMs?: (pid: number | undefined) => number | Promise<number>;
  readonly maxHeapMb?: number;
  /** How long the process stays without a job. */
  readonly idleMs?: number;
}

interface Pending {
  readonly name: JobName;
  readonly given: JobArguments<JobName>;
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** A process loads JavaScript: run from its sources, the gateway does everything itself. */
const BUILT = import.meta.url.endsWith('.js') ? new URL('./compile-worker-process.js', import.meta.url) : undefined;

const STOPPED = 'The gateway stops.';
const PAUSE_MS = 2;

export function createCompileWorker({
  module = BUILT,
  smallCharacters = 16_384,
  timeoutMs = 120_000,
  patienceMs = 3_000,
  processorMs = toldByLinux,
  maxHeapMb = 2_048,
  idleMs = 10_000,
}: CompileWorkerOptions = {}): CompileWorker {
  const queue: Pending[] = [];
  let worker: ChildProcess | undefined;
  let running: Pending | undefined;
  let timer: NodeJS.Timeout | undefined;
  /** Whether the process works only when no other needs the processor. */
  let isPatient = CAN_WAIT;
  /** Messages to and from the process: while they go on, it does not wait for a processor but for us. */
  let messages = 0;
  let disposed = false;

  const end = async () => {
    clearTimeout(timer);
    const ended = worker;
    worker = undefined;
    // One that could not be started has no number, and no end.
    if (ended?.pid === undefined || ended.exitCode !== null || ended.signalCode !== null) return;
    const exited = once(ended, 'exit');
    // An idle one holds nothing up; its end is waited for.
    ended.ref();
    ended.kill('SIGKILL');
    await exited;
  };
  const finish = (settle: (job: Pending) => void) => {
    const job = running;
    running = undefined;
    clearTimeout(timer);
    if (job !== undefined) settle(job);
    next();
  };
  /** The process is of no more use: the job is at fault, and the next one gets a new process. */
  const fail = (message: string) => {
    void end();
    finish(({ reject }) => reject(new ProblemsError([{ message }])));
  };
  const start = (file: URL, isPatient: boolean) => {
    const started = fork(file, [], {
      // Helpers that collect its garbage and optimise its code would take the other cores from requests.
      ...nodeCommand(isPatient, ['--single-threaded', `--max-old-space-size=${maxHeapMb}`]),
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      // It reads other people's documents, and needs none of our secrets.
      env: {},
    });
    let rest: unknown;
    let missing = 0;
    started.on('message', (message: FromProcess) => {
      if (started !== worker) return;
      messages += 1;
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
    started.on('error', (error) => {
      if (started === worker) fail(`It cannot be compiled: ${describeError(error)}`);
    });
    started.on('exit', (code, signal) => {
      if (started === worker) fail(tellEnd(code, signal, maxHeapMb));
    });
    return started;
  };
  /** One piece in each turn: to hand over much at one go takes long. */
  const handOver = ({ name, given }: Pending, to: ChildProcess) => {
    const { rest, pieces } = cutInPieces(given);
    post(to, { name, given: rest as JobArguments<JobName>, pieces: pieces.length });
    let sent = 0;
    const sendNext = () => {
      const piece = pieces[sent];
      if (piece === undefined || to !== worker) return;
      sent += 1;
      messages += 1;
      try {
        post(to, { piece });
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
      hold(worker, false);
      timer = setTimeout(() => void end(), idleMs).unref();
      return;
    }
    if (worker === undefined) isPatient = CAN_WAIT;
    begin(running);
  };
  const begin = (job: Pending) => {
    if (module === undefined) return;
    worker ??= start(module, isPatient);
    hold(worker, true);
    clearTimeout(timer);
    timer = setTimeout(() => fail(`It takes longer than ${timeoutMs / 1_000} s to compile.`), timeoutMs);
    if (isPatient) watch(job, worker);
    try {
      handOver(job, worker);
    } catch (error) {
      fail(`It cannot be compiled: ${describeError(error)}`);
    }
  };
  const watch = (job: Pending, by: ChildProcess) => {
    const before = messages;
    const isOver = () => job !== running || by !== worker;
    const atFirst = processorMs(by.pid);
    const look = async () => {
      if (isOver()) return;
      const usedMs = (await processorMs(by.pid)) - (await atFirst);
      if (isOver()) return;
      if (messages > before || usedMs > patienceMs / 4) return watch(job, by);
      void end();
      isPatient = false;
      begin(job);
    };
    setTimeout(() => void look(), patienceMs).unref();
  };

  return {
    async run<Name extends JobName>(name: Name, ...given: JobArguments<Name>): Promise<JobResult<Name>> {
      if (module === undefined || weighJob(given) < smallCharacters) return runJob(name, given);
      // A large text was just decoded, perhaps; to hand it over takes as long again, and requests come between.
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
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

/** Linux has a policy for what works while no other process needs the processor. */
const CAN_WAIT = process.platform === 'linux' && existsSync('/bin/sh');

/**
 * A process of that policy gives way at once to any other that wakes up; a low priority alone, which it has in any case,
 * lets others wait for some milliseconds.
 */
function nodeCommand(isPatient: boolean, execArgv: string[]): { execPath?: string; execArgv: string[] } {
  if (!isPatient) return { execArgv };
  const script = 'chrt -i -p 0 $$ >/dev/null 2>&1; exec "$0" "$@"';
  return { execPath: '/bin/sh', execArgv: ['-c', script, process.execPath, ...execArgv] };
}

/**
 * What it has used so far, of all processors; proc(5), fields 14 and 15, in hundredths of a second. The system may let who
 * reads it wait for the process, which waits for everybody: for tens of milliseconds, seen here.
 */
async function toldByLinux(pid: number | undefined): Promise<number> {
  try {
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
    return 10 * (Number(fields[11]) + Number(fields[12]));
  } catch {
    // It has ended, which is told elsewhere.
    return 0;
  }
}

/** While it has a job, this process waits for it. */
function hold(worker: ChildProcess | undefined, held: boolean): void {
  const how = held ? 'ref' : 'unref';
  worker?.[how]();
  worker?.channel?.[how]();
}

function post(worker: ChildProcess, message: ToProcess): void {
  worker.send(message, () => {
    // That it is gone is told by its end.
  });
}

function tellEnd(code: number | null, signal: NodeJS.Signals | null, maxHeapMb: number): string {
  // What V8 does without memory; 134 is the same where there are no signals.
  if (signal === 'SIGABRT' || code === 134) return `It takes more than ${maxHeapMb} MB of memory to compile.`;
  if (signal === 'SIGKILL') return 'It cannot be compiled: the system ended the process, perhaps for want of memory.';
  return `It cannot be compiled: the process ended with ${signal ?? `exit code ${code}`}.`;
}
