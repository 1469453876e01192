import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

const REPORT_CPU = fileURLToPath(new URL('./report-cpu.js', import.meta.url));
const START_TIMEOUT_MS = 60_000;

/** Whether processes can be held to a core each: then a gateway has one, and load and upstream share the other. */
export const canPin =
  availableParallelism() >= 2 && spawnSync('taskset', ['-c', '0', 'true'], { stdio: 'ignore' }).status === 0;

const GATEWAY_CORE = '0';
const LOAD_CORE = '1';

export function pinLoad() {
  if (canPin) spawnSync('taskset', ['-a', '-p', '-c', LOAD_CORE, String(process.pid)], { stdio: 'ignore' });
}

/**
 * Starts a Node process. Resolves when `waitFor` answers, with its URL and a way to ask for the CPU time it has used.
 * `core` is `gateway` or `load`.
 */
export async function start({ name, script, args = [], env, core, url, cwd }) {
  const node = ['--import', REPORT_CPU, script, ...args];
  const pinned = canPin
    ? ['taskset', '-c', core === 'gateway' ? GATEWAY_CORE : LOAD_CORE, process.execPath]
    : [process.execPath];
  const [command, ...rest] = [...pinned, ...node];
  const child = spawn(command, rest, {
    cwd,
    env: { ...process.env, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  const keep = (chunk) => {
    output = (output + chunk).slice(-20_000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);

  const deadline = Date.now() + START_TIMEOUT_MS;
  let address = url;
  for (;;) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`${name} did not start:\n${output}`);
    }
    address ??= /https?:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0];
    if (address !== undefined && (await answers(address))) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    name,
    url: address,
    async usage() {
      child.send('cpu');
      const [usage] = await once(child, 'message');
      return usage;
    },
    async stop() {
      if (child.exitCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 3_000);
      await exited;
      clearTimeout(timer);
    },
    output: () => output,
  };
}

async function answers(url) {
  try {
    await fetch(url, { signal: AbortSignal.timeout(1_000) }).then((response) => response.arrayBuffer());
    return true;
  } catch {
    return false;
  }
}

export function packageVersion(name) {
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')).version;
}
