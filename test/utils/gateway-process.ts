import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { deferred } from './deferred.ts';
import { createEventReader, type EventReader } from './event-reader.ts';
import type { Result } from './fault-answers.ts';
import { MOODY_DOCUMENTS } from './moody-kinds.ts';

export interface Memory {
  /** What the process has in memory, as the system counts it, after what is garbage was collected. */
  readonly nowBytes: number;
  /** The most that it had since it was asked before. */
  readonly mostBytes: number;
  /** On the heap and outside of it. */
  readonly keptBytes: number;
}

/** A gateway in a process of its own, whose memory is its alone. */
export interface GatewayProcess {
  ask(query: string): Promise<Result>;
  open(query: string): Promise<EventReader>;
  memory(): Promise<Memory>;
  stop(): Promise<void>;
}

const KEY = 'memory-key';
const REPORTER = resolve('test/utils/report-memory.js');

/** Of what is built: `npm test` builds first. */
export async function startGatewayProcess(config: object): Promise<GatewayProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'skein-memory-'));
  for (const [name, text] of Object.entries(MOODY_DOCUMENTS)) await writeFile(join(folder, name), text);
  const file = join(folder, 'skein.yaml');
  await writeFile(file, JSON.stringify({ keys: [{ name: 'test', key: KEY }], ...config }));
  const env = {
    PATH: process.env.PATH ?? '',
    PORT: '0',
    SKEIN_DATA: ':memory:',
    SKEIN_CONFIG: file,
    LOG_LEVEL: 'silent',
  };
  const child = spawn(process.execPath, ['--expose-gc', '--import', REPORTER, 'dist/src/cli/main.js', 'start'], {
    env,
    stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
  });
  const listening = deferred<string>();
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += String(chunk);
    const match = /GraphQL +(\S+)/.exec(output);
    if (match !== null) listening.resolve(match[1] as string);
  });
  child.once('exit', () => listening.reject(new Error(output)));
  const url = await listening.promise;
  const post = (query: string, accept: string) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}`, accept },
      body: JSON.stringify({ query }),
    });
  return {
    ask: async (query) => (await (await post(query, 'application/json')).json()) as Result,
    open: async (query) => createEventReader(await post(query, 'text/event-stream')),
    async memory() {
      const answered = once(child, 'message');
      child.send('memory');
      const [memory] = await answered;
      return memory as Memory;
    },
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      await rm(folder, { recursive: true });
    },
  };
}
