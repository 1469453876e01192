import { constants, setPriority } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { describeError } from '../../kernel/errors.ts';
import { type JobArguments, type JobName, runJob } from './compile-jobs.ts';
import { addPiece, cutInPieces, type Piece } from './compile-pieces.ts';

/** The process of `compile-worker.ts`: does one job after the other, and sends each piece when it is asked for. */
export type ToProcess = JobMessage | { readonly piece: Piece } | 'next';
export type FromProcess =
  | { readonly rest: unknown; readonly pieces: number }
  | { readonly piece: Piece }
  | { readonly error: string };

interface JobMessage {
  readonly name: JobName;
  /** Without its pieces, of which so many follow. */
  readonly given: JobArguments<JobName>;
  readonly pieces: number;
}

// Requests come first where there are fewer cores than work; the lowest priority would not get on at all there.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
// It lives for seconds: what is optimised early is paid for and hardly used. V8's default is 66 KB.
setFlagsFromString('--interrupt-budget=1000000');
// Whoever stops the gateway by its group or its terminal stops the gateway, which ends this when it has drained.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
process.on('disconnect', () => process.exit(0));
process.on('uncaughtException', (error) => send({ error: describeError(error) }));

let pending: Piece[] = [];
let job: JobMessage | undefined;
let missing = 0;
process.on('message', (message: ToProcess) => {
  if (message === 'next') {
    const piece = pending.shift();
    if (piece !== undefined) send({ piece });
    return;
  }
  if ('piece' in message) {
    addPiece(job?.given, message.piece);
    missing -= 1;
  } else {
    job = message;
    missing = message.pieces;
  }
  if (missing === 0 && job !== undefined) run(job);
});

function run({ name, given }: JobMessage): void {
  job = undefined;
  runJob(name, given).then(
    (result) => {
      const { rest, pieces } = cutInPieces(result);
      pending = [...pieces];
      send({ rest, pieces: pieces.length });
    },
    (error: unknown) => send({ error: describeError(error) }),
  );
}

function send(message: FromProcess): void {
  process.send?.(message);
}
