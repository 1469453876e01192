import { parentPort } from 'node:worker_threads';
import { describeError } from '../../kernel/errors.ts';
import { type JobArguments, type JobName, runJob } from './compile-jobs.ts';
import { cutInPieces, type Piece } from './compile-pieces.ts';

/** The thread of `compile-worker.ts`: does one job after the other, and sends each piece when it is asked for. */
export type ToThread = { readonly name: JobName; readonly given: JobArguments<JobName> } | 'next';
export type FromThread =
  | { readonly rest: unknown; readonly pieces: number }
  | { readonly piece: Piece }
  | { readonly error: string };

const port = parentPort;
let pending: Piece[] = [];
port?.on('message', (message: ToThread) => {
  if (message === 'next') {
    const piece = pending.shift();
    if (piece !== undefined) send({ piece });
    return;
  }
  runJob(message.name, message.given).then(
    (result) => {
      const { rest, pieces } = cutInPieces(result);
      pending = [...pieces];
      send({ rest, pieces: pieces.length });
    },
    (error: unknown) => send({ error: describeError(error) }),
  );
});

function send(message: FromThread): void {
  port?.postMessage(message);
}
