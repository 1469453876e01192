import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../soak/swaps.js', import.meta.url));
/** By itself the script has the full size: 200 swaps and 1,000 streams. */
const SIZE = ['--swaps', '60', '--warmUp', '8', '--streams', '200', '--clients', '10', '--quiet'];

interface Kept {
  readonly heapMb: number;
  readonly schemas: number;
  readonly timers: number;
  readonly upstreamSockets: number;
  readonly upstreamStreams: number;
}

interface Swaps {
  readonly streams: number;
  readonly leftStreams: number;
  readonly requests: number;
  readonly events: number;
  readonly lostStreams: number;
  readonly failures: number;
  readonly firstFailures: readonly string[];
  readonly before: Kept;
  readonly after: Kept;
  readonly closed: Kept;
  readonly exitCode: number;
}

describe('a gateway whose graph is swapped sixty times under load, with streams open', () => {
  let swaps: Swaps;

  beforeAll(async () => {
    const running = promisify(execFile)(process.execPath, [SCRIPT, ...SIZE]);
    // It ends with 1 when something is wrong: the tests say what.
    const { stdout, stderr } = await running.catch(
      (error: { readonly stdout: string; readonly stderr: string }) => error,
    );
    if (!stdout.startsWith('{')) throw new Error(`The script has no result: ${stderr}`);
    swaps = JSON.parse(stdout) as Swaps;
  }, 420_000);

  it('fails no request, cuts no stream, and brings every event in order', () => {
    expect(swaps.firstFailures).toEqual([]);
    expect(swaps).toMatchObject({ failures: 0, lostStreams: 0, streams: 220, exitCode: 0 });
    expect(swaps.requests).toBeGreaterThan(60);
    expect(swaps.leftStreams).toBeGreaterThan(5);
    expect(swaps.events).toBeGreaterThan(220);
  });

  it('keeps no generation that nothing runs on, and no timer or memory of one', () => {
    const { before, after } = swaps;
    // A generation has several; each that stays would count sixty times.
    expect(after.schemas - before.schemas).toBeLessThan(20);
    expect(after.timers - before.timers).toBeLessThan(60);
    // What one kept generation takes, sixty times, is more.
    expect(after.heapMb - before.heapMb).toBeLessThan(6);
  });

  it('closes the sockets of sources that are replaced, but none that a stream is on', () => {
    const { before, after } = swaps;
    expect(before.upstreamStreams).toBe(220);
    expect(after.upstreamStreams).toBe(220);
    expect(after.upstreamSockets - before.upstreamSockets).toBeLessThan(60);
  });

  it('lets go of the first generations when their streams end', () => {
    const { after, closed } = swaps;
    expect(closed.upstreamStreams).toBe(0);
    expect(closed.schemas).toBeLessThan(after.schemas);
    expect(closed.timers).toBeLessThan(after.timers - 200);
  });
});
