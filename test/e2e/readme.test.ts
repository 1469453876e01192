import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);

/** The code blocks that follow `<!-- request: name -->` in the README: the command, and what it prints. */
async function readmeRequest(name: string): Promise<{ command: string; output: string }> {
  const readme = await readFile('README.md', 'utf8');
  const match = new RegExp(
    `<!-- request: ${name} -->\\n\`\`\`sh\\n([\\s\\S]*?)\`\`\`\\s*\`\`\`\\w+\\n([\\s\\S]*?)\`\`\``,
  ).exec(readme);
  if (match === null) throw new Error(`README.md has no request "${name}"`);
  return { command: match[1] as string, output: match[2] as string };
}

/** What a clone would hold: the files git knows or would take, nothing built, nothing installed. */
async function cleanCopy(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'skein-clone-'));
  const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    maxBuffer: 64e6,
  });
  for (const file of stdout.split('\0').filter((name) => name !== '')) {
    await mkdir(join(folder, dirname(file)), { recursive: true });
    await cp(file, join(folder, file)).catch((error: NodeJS.ErrnoException) => {
      // Deleted in the work tree, not yet in the index.
      if (error.code !== 'ENOENT') throw error;
    });
  }
  return folder;
}

/** The README says 4000; where that is taken, the commands are run with a free port in its place. */
async function choosePort(): Promise<number> {
  for (const wanted of [4000, 0]) {
    const probe = createServer();
    const listening = once(probe, 'listening').then(
      () => true,
      () => false,
    );
    probe.listen(wanted, '127.0.0.1');
    if (!(await listening)) continue;
    const { port } = probe.address() as { port: number };
    probe.close();
    await once(probe, 'close');
    if (wanted === 0) console.warn(`Port 4000 is taken: the README's requests are run on port ${port}.`);
    return port;
  }
  throw new Error('no free port');
}

describe('the README, followed in a clean clone', () => {
  let folder: string;
  let port: number;
  let terminal = '';
  let ended: Promise<number | null>;
  let npm: ReturnType<typeof spawn>;
  const env: NodeJS.ProcessEnv = { ...process.env };

  beforeAll(async () => {
    for (const name of ['SKEIN_API_KEY', 'SKEIN_CONFIG', 'OPENAI_API_KEY', 'ANTHROPIC_API_KEY', 'NODE_ENV', 'VITEST'])
      delete env[name];
    folder = await cleanCopy();
    port = await choosePort();
    npm = spawn('sh', ['-c', 'npm ci --no-audit --no-fund && exec npm start'], {
      cwd: folder,
      env: { ...env, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    ended = once(npm, 'exit').then(([code]) => code as number | null);
    await new Promise<void>((resolve, reject) => {
      const onData = (chunk: Buffer) => {
        terminal += chunk;
        if (terminal.includes("}'\n")) resolve();
      };
      npm.stdout?.on('data', onData);
      npm.stderr?.on('data', onData);
      ended.then(() => reject(new Error(`npm ci && npm start ended:\n${terminal}`)), reject);
    });
    env.SKEIN_API_KEY = /API key +(\S+)/.exec(terminal)?.[1] ?? '';
  }, 300_000);

  afterAll(async () => {
    npm.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  const follow = async (command: string) =>
    (await run('sh', ['-c', command.replaceAll('127.0.0.1:4000', `127.0.0.1:${port}`)], { env })).stdout;

  it('starts with `npm ci && npm start` and says what is there', () => {
    for (const line of [
      /catalog +openapi +\d+ fields/,
      /inventory +grpc/,
      /reviews +graphql/,
      /models +stand-in/,
      /prompts +summarize/,
      /GraphiQL +http/,
    ]) {
      expect(terminal).toMatch(line);
    }
  });

  it.each(['join', 'prompt'])('gives what it shows for the %s request', async (name) => {
    const { command, output } = await readmeRequest(name);
    // `…` stands for any text.
    const anyText = (_key: string, value: unknown) => (value === '…' ? expect.any(String) : value);
    expect(JSON.parse(await follow(command))).toEqual(JSON.parse(output, anyText));
  });

  it('streams what it shows for the stream request', async () => {
    const { command, output } = await readmeRequest('stream');
    const [head, tail] = output.split('…');
    const printed = await follow(command);
    expect(printed.replace(/^:\n\n/, '').startsWith((head as string).trimEnd())).toBe(true);
    expect(printed.trimEnd().endsWith((tail as string).trim())).toBe(true);
  });

  it('runs the request that the terminal shows', async () => {
    const pasted = /curl http[\s\S]*?\}'$/m.exec(terminal)?.[0] ?? '';
    expect(JSON.parse((await run('sh', ['-c', `${pasted} -s`], { env })).stdout)).toMatchObject({
      data: { products: [{ stock: { quantity: expect.any(Number) } }, {}, {}] },
    });
  });

  it('stops with SIGTERM, leaving nothing that listens', async () => {
    npm.kill('SIGTERM');
    await ended;
    // npm may be gone before what it started has drained.
    const listens = () =>
      new Promise<boolean>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => {
          socket.destroy();
          resolve(true);
        });
        socket.on('error', () => resolve(false));
      });
    await expect.poll(listens, { timeout: 15_000, interval: 100 }).toBe(false);
  });
});
