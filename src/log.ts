import { pino } from 'pino';
import type { Log } from '../kernel/ports.ts';

/** JSON lines on stderr, so that stdout stays for people. Written asynchronously: a log never holds a request. */
export function createLog(level: string): Log {
  return pino(
    {
      level,
      base: null,
      redact: { paths: ['*.authorization', '*.apiKey', 'authorization', 'apiKey'], censor: '[redacted]' },
    },
    pino.destination({ dest: 2, sync: false }),
  );
}
