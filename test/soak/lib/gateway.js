import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const KEY = 'soak-key';
const INSPECT = fileURLToPath(new URL('inspect.js', import.meta.url));
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const MOST_LINES = 1_000;

/** A folder with the configuration, and `skein start` on it, in a process of its own that can be looked into. */
export async function createGatewayProcess(root = ROOT) {
  const folder = await mkdtemp(join(tmpdir(), 'skein-soak-'));
  let child;
  let url;
  /** What the gateway has logged, the last of it. */
  const log = [];
  const file = (name) => join(folder, name);
  const get = async (path) => (await fetch(new URL(path, url), { signal: AbortSignal.timeout(10_000) })).json();

  return {
    folder,
    log,
    get url() {
      return url;
    },
    get pid() {
      return child.pid;
    },
    /** Puts a file in place at one go. */
    async write(name, value) {
      await writeFile(file(`.${name}`), typeof value === 'string' ? value : JSON.stringify(value));
      await rename(file(`.${name}`), file(name));
    },
    async start(more = []) {
      child = spawn(
        process.execPath,
        [...more, '--expose-gc', '--import', INSPECT, join(root, 'dist/src/cli/main.js'), 'start'],
        {
          env: {
            PATH: process.env.PATH,
            NODE_ENV: 'production',
            PORT: '0',
            SKEIN_DATA: ':memory:',
            SKEIN_CONFIG: file('skein.yaml'),
          },
          stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        },
      );
      let output = '';
      let rest = '';
      child.stderr.on('data', (chunk) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop();
        log.push(...lines);
        log.splice(0, log.length - MOST_LINES);
      });
      const exited = once(child, 'exit').then(() =>
        Promise.reject(new Error(`It ended:\n${output}\n${log.join('\n')}`)),
      );
      const listening = new Promise((resolve) => {
        child.stdout.on('data', (chunk) => {
          output = (output + chunk).slice(-10_000);
          const found = /GraphQL +(\S+)/.exec(output);
          if (found !== null) resolve(found[1]);
        });
      });
      exited.catch(() => {});
      url = await Promise.race([listening, exited]);
    },
    signal: (name) => child.kill(name),
    async generation() {
      return (await get('/readyz')).generation;
    },
    /** Waits until a later generation serves, and gives its number. */
    async swapped(after, timeoutMs = 30_000) {
      const deadline = Date.now() + timeoutMs;
      for (;;) {
        const { generation } = await get('/readyz');
        if (generation > after) return generation;
        if (Date.now() > deadline) throw new Error(`Generation ${after} is not replaced:\n${log.slice(-5).join('\n')}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    /** What it holds after a garbage collection; `count` walks the heap for schemas and timers, too. */
    async inspect(what = 'read') {
      child.send(what);
      return (await once(child, 'message'))[0];
    },
    /** The exit code. */
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      return (await exited)[0];
    },
    async remove() {
      if (child !== undefined && child.exitCode === null) child.kill('SIGKILL');
      await rm(folder, { recursive: true });
    },
  };
}
