import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

export interface RedisServer {
  readonly url: string;
  /** SIGSTOP: sockets stay open and nothing is answered. Only of one that was started here. */
  freeze?(): void;
  thaw?(): void;
  stop(): Promise<void>;
}

/** The Redis of SKEIN_TEST_REDIS_URL, or one of this machine; undefined, and told, where there is neither. */
export async function startRedis(): Promise<RedisServer | undefined> {
  const url = process.env.SKEIN_TEST_REDIS_URL;
  if (url !== undefined && url !== '') return { url, stop: async () => {} };
  return startOwnRedis();
}

/** A Redis of this machine, on a port of its own. */
export async function startOwnRedis(port?: number): Promise<Required<RedisServer> | undefined> {
  const own = port ?? (await freePort());
  const child = spawn('redis-server', [
    '--port',
    String(own),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
  ]);
  const failed = once(child, 'error').then(() => false);
  const lines = createInterface({ input: child.stdout });
  const ready = new Promise<boolean>((resolve) => {
    lines.on('line', (line) => {
      if (line.includes('Ready to accept connections')) resolve(true);
    });
    lines.on('close', () => resolve(false));
  });
  if (!(await Promise.race([failed, ready]))) {
    console.warn('Tests with Redis do not run: there is no redis-server, and SKEIN_TEST_REDIS_URL is not set.');
    return undefined;
  }
  return {
    url: `redis://127.0.0.1:${own}`,
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    async stop() {
      if (child.exitCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
