#!/usr/bin/env node
import { skein } from './skein.ts';

// `skein print | head` closes the pipe early: nobody reads on, and that is no mistake.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

process.exitCode = await skein(process.argv.slice(2), process.env, {
  out: (text) => void process.stdout.write(text),
  async drained() {
    const { stdout } = process;
    if (stdout.writableNeedDrain && !stdout.destroyed)
      await new Promise<void>((resolve) => {
        const go = () => {
          stdout.off('drain', go).off('close', go);
          resolve();
        };
        stdout.on('drain', go).on('close', go);
      });
    return !stdout.destroyed;
  },
  err: (text) => void process.stderr.write(text),
  color: process.stderr.isTTY,
});
