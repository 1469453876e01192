import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'vitest';
import { type GuideStep, insertBelow, readGuide, replaceSections } from './guide.ts';

interface Terminal {
  readonly shell: ChildProcess;
  readonly ended: Promise<unknown>;
}

export interface GuideOptions {
  /** Below docs. */
  readonly file: string;
  /** Ports that the guide names; others are free in their place. */
  readonly ports: readonly string[];
  /** The repository's own backends, by terminal: they take any free port and tell it to the one who starts them. */
  readonly ownBackends?: Readonly<Record<string, string>>;
  /** What variables hold that only `instead of` steps need. */
  readonly env?: Readonly<Record<string, string>>;
  /** What every terminal has to begin with. */
  readonly prelude?: string;
}

/** Somebody who does what a guide says, in an empty folder, and compares what is printed. */
export async function createGuideReader({
  file,
  ports: said,
  ownBackends = {},
  env: more = {},
  prelude: given = '',
}: GuideOptions) {
  const sections = readGuide(await readFile(join('docs', file), 'utf8'));
  const folder = await mkdtemp(join(tmpdir(), 'skein-guide-'));
  const terminals = new Map<string, Terminal>();
  const ports = new Map<string, string>();
  for (const port of said) ports.set(port, await freePort());
  let prelude = given;

  /** The guide's text as it is on this machine: its ports, and where the clone is. */
  function local(text: string): string {
    const withPorts = [...ports].reduce((result, [port, free]) => result.replaceAll(port, free), text);
    return withPorts.replaceAll('~/skein', resolve('.'));
  }

  /** What a command printed, as the guide would have it. */
  function told(text: string): string {
    const withPorts = [...ports].reduce((result, [port, free]) => result.replaceAll(free, port), text);
    return withPorts.replace(/ready in \d+ ms/, 'ready in … ms').replace(/^:\n\n/, '');
  }

  function run(command: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
    return new Promise((done) => {
      const options = { cwd: folder, env: { PATH: process.env.PATH, ...env } };
      execFile('sh', ['-c', `{ ${local(prelude + command)}\n} 2>&1`], options, (_error, stdout) => done(told(stdout)));
    });
  }

  async function start({ name, text, output }: Extract<GuideStep, { do: 'start' }>): Promise<void> {
    await interrupt(name);
    const ownPort = ownBackends[name];
    const shell = spawn('sh', ['-c', local(prelude + text)], {
      cwd: folder,
      env: { PATH: process.env.PATH, PORT: ports.get('4000') },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', ...(ownPort === undefined ? [] : (['ipc'] as const))],
    });
    const ended = once(shell, 'exit');
    terminals.set(name, { shell, ended });
    if (ownPort !== undefined) {
      const [{ port }] = (await once(shell, 'message')) as [{ port: number }];
      ports.set(ownPort, String(port));
      return;
    }
    const pattern = patternOf(output);
    let screen = '';
    await new Promise<void>((done, fail) => {
      const onData = (chunk: Buffer) => {
        screen += chunk;
        if (pattern.test(told(screen))) done();
      };
      shell.stdout?.on('data', onData);
      shell.stderr?.on('data', onData);
      ended.then(() => fail(new Error(`"${name}" ended:\n${screen}`)));
      setTimeout(() => fail(new Error(`"${name}" does not show what the guide says:\n${screen}`)), 60_000).unref();
    });
  }

  /** Ctrl+C: it reaches everything in the terminal. */
  async function interrupt(name: string): Promise<void> {
    const terminal = terminals.get(name);
    if (terminal?.shell.pid === undefined) return;
    terminals.delete(name);
    // Backends that are launched leave Ctrl+C to their launcher, which is this test.
    process.kill(-terminal.shell.pid, name in ownBackends ? 'SIGKILL' : 'SIGINT');
    await terminal.ended;
  }

  async function change(name: string, update: (text: string) => string): Promise<void> {
    const path = join(folder, name);
    await writeFile(path, local(update(told(await readFile(path, 'utf8')))));
  }

  return {
    sections,
    /** The ports that the guide has named so far. */
    ports: () => [...ports.keys()].sort(),
    async follow(step: GuideStep): Promise<void> {
      switch (step.do) {
        case 'prepare':
          prelude += step.text;
          return;
        case 'write':
          return writeFile(join(folder, step.file), local(step.text));
        case 'append':
          return change(step.file, (text) => text + step.text);
        case 'insert':
          return change(step.file, (text) => insertBelow(text, step.sections[0] ?? '', step.text));
        case 'replace':
          await change(step.file, (text) => replaceSections(text, step.sections, step.text));
          expect(await run('skein validate', more)).toMatch(/^No mistakes\.$/m);
          return;
        case 'start':
          return start(step);
        case 'stop':
          return interrupt(step.name);
        case 'run': {
          const printed = await run(step.text);
          if (step.output.trimStart().startsWith('{'))
            expect(JSON.parse(printed)).toEqual(JSON.parse(step.output, anyText));
          else expect(printed).toMatch(patternOf(step.output));
        }
      }
    },
    async end(): Promise<void> {
      for (const name of terminals.keys()) await interrupt(name);
      await rm(folder, { recursive: true });
    },
  };
}

/** In JSON, `"…"` stands for any text. */
function anyText(_key: string, value: unknown): unknown {
  return value === '…' ? expect.any(String) : value;
}

/** The text itself; a line `…` stands for any lines, and a time for any time. */
function patternOf(output: string): RegExp {
  const escaped = output
    .trim()
    .replace(/ready in \d+ ms/, 'ready in … ms')
    .split(/\n*^…$\n*/m)
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('[\\s\\S]*');
  return new RegExp(`^${escaped}${output.trimEnd().endsWith('…') ? '' : '\\s*$'}`);
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return String(port);
}
