import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GuideStep, insertBelow, readGuide, replaceSections } from '../utils/guide.ts';

const SECTIONS = readGuide(await readFile('docs/guides/first-graph.md', 'utf8'));

/** The repository's own backends take any free port and tell it, when the one who starts them listens. */
const OWN_BACKENDS: Readonly<Record<string, string>> = { reviews: '4103', 'stand-in': '4104' };

interface Terminal {
  readonly shell: ChildProcess;
  readonly ended: Promise<unknown>;
}

describe('the guide to a first graph, followed to the letter', () => {
  const terminals = new Map<string, Terminal>();
  const ports = new Map<string, string>();
  let folder: string;
  let prelude = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'skein-guide-'));
    for (const port of ['4000', '5101']) ports.set(port, await freePort());
  });
  afterAll(async () => {
    for (const name of terminals.keys()) await interrupt(name);
    await rm(folder, { recursive: true });
  });

  /** The guide's text as it is on this machine: its ports, and where the clone is. */
  function local(text: string): string {
    const withPorts = [...ports].reduce((result, [said, free]) => result.replaceAll(said, free), text);
    return withPorts.replaceAll('~/skein', resolve('.'));
  }

  /** What a command printed, as the guide would have it. */
  function told(text: string): string {
    const withPorts = [...ports].reduce((result, [said, free]) => result.replaceAll(free, said), text);
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
    const ownPort = OWN_BACKENDS[name];
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
      setTimeout(() => fail(new Error(`"${name}" does not show what the guide says:\n${screen}`)), 15_000).unref();
    });
  }

  /** Ctrl+C: it reaches everything in the terminal. */
  async function interrupt(name: string): Promise<void> {
    const terminal = terminals.get(name);
    if (terminal?.shell.pid === undefined) return;
    terminals.delete(name);
    // Backends that are launched leave Ctrl+C to their launcher, which is this test.
    process.kill(-terminal.shell.pid, name in OWN_BACKENDS ? 'SIGKILL' : 'SIGINT');
    await terminal.ended;
  }

  async function change(file: string, update: (text: string) => string): Promise<void> {
    const path = join(folder, file);
    await writeFile(path, local(update(told(await readFile(path, 'utf8')))));
  }

  async function follow(step: GuideStep): Promise<void> {
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
        // Nobody is asked for a real answer here; the configuration at least is right.
        expect(await run('skein validate', { OPENAI_API_KEY: 'k' })).toBe('No mistakes.\n');
        return;
      case 'start':
        return start(step);
      case 'run': {
        const printed = await run(step.text);
        if (step.output.trimStart().startsWith('{')) expect(JSON.parse(printed)).toEqual(JSON.parse(step.output));
        else expect(printed).toMatch(patternOf(step.output));
      }
    }
  }

  it.each(SECTIONS)('gives what it shows: $title', async ({ steps }) => {
    for (const step of steps) await follow(step);
  });

  it('has its marked blocks in every part, and says the same of the ports throughout', () => {
    expect(SECTIONS.map(({ steps }) => steps.map((step) => step.do).join(' '))).toEqual([
      'prepare',
      'write start',
      'write',
      'write run run start run run',
      'start insert append start run',
      'start append insert start run run replace',
    ]);
    expect([...ports.keys()].sort()).toEqual(['4000', '4103', '4104', '5101']);
  });
});

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
