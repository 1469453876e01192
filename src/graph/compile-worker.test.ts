import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { ProblemsError } from '../../kernel/problem.ts';
import { openapiOptions } from '../../sources/openapi/options.ts';
import { deferred } from '../../test/utils/deferred.ts';
import { type CompileWorker, type CompileWorkerOptions, createCompileWorker } from './compile-worker.ts';

const OPTIONS = openapiOptions.parse({ kind: 'openapi', document: 'shop.yaml', endpoint: 'http://127.0.0.1:1' });
const BUILT = pathToFileURL(resolve('dist/src/graph/compile-worker-process.js')).href;
/** Linux, sched.h: SCHED_IDLE is 5. Without util-linux or busybox the priority has to do. */
const CAN_BE_IDLE = process.platform === 'linux' && spawnSync('chrt', ['-m']).status === 0;
/** How long it may take on a machine whose processors are all taken. */
const BUSY_MS = 60_000;
const made: CompileWorker[] = [];
const folder = mkdtempSync(join(tmpdir(), 'skein-compile-'));
let modules = 0;

afterEach(async () => {
  await Promise.all(made.splice(0).map((worker) => worker.dispose()));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A process that runs this code, and for which no document is too small. */
function createWorker(code: string, options: CompileWorkerOptions = {}): CompileWorker {
  modules += 1;
  const file = join(folder, `${modules}.mjs`);
  writeFileSync(file, code);
  const worker = createCompileWorker({ module: pathToFileURL(file), smallCharacters: 0, ...options });
  made.push(worker);
  return worker;
}

const compile = (worker: CompileWorker, text = 'text') => worker.run('openapi', OPTIONS, text, 'shop.yaml');
const problemsOf = async (result: Promise<unknown>) => {
  const error = await result.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof ProblemsError ? error.problems.map(({ message }) => message) : error;
};
const ECHO = `process.on('message', (message) => {
  if (message !== 'next') process.send({ rest: { echo: message.given[1] }, pieces: 0 });
});`;

describe('a process that compiles', { timeout: BUSY_MS }, () => {
  it('does one job after the other', async () => {
    const worker = createWorker(ECHO);
    const all = await Promise.all(['a', 'b', 'c'].map((text) => compile(worker, text)));
    expect(all).toEqual([{ echo: 'a' }, { echo: 'b' }, { echo: 'c' }]);
  });

  it('gives long results piece by piece', async () => {
    const worker = createWorker(`
      const pieces = [[['a', 1]], [['b', 2]]].map((added) => ({ path: ['plans'], added }));
      process.on('message', (message) => process.send(
        message === 'next' ? { piece: pieces.shift() } : { rest: { plans: new Map() }, pieces: 2 },
      ));`);
    expect(await compile(worker)).toEqual({ plans: new Map([...'ab'].map((name, i) => [name, i + 1])) });
  });

  it('is given long texts and bytes piece by piece', async () => {
    const worker = createWorker(`
      let left, got;
      process.on('message', ({ given, pieces, piece }) => {
        if (given !== undefined) [left, got] = [pieces, given.map((value) => value.byteLength)];
        else [left, got] = [left - 1, [...got, piece.added.length]];
        if (left === 0) process.send({ rest: got, pieces: 0 });
      });`);
    // First the list of what is given.
    expect(await compile(worker, 'x'.repeat(300_000))).toEqual([3, 131_072, 131_072, 37_856]);
    const bytes = new TextEncoder().encode('x'.repeat(300_000)).buffer;
    const given = await worker.run('openapi', OPTIONS, bytes, 'shop.yaml');
    expect(given).toEqual([3, 131_072, 131_072, 37_856]);
  });

  it(
    'works when no other process needs the processor, and sees none of our environment',
    async () => {
      const worker = createWorker(
        `import { readFileSync } from 'node:fs';
      import { getPriority } from 'node:os';
      await import(${JSON.stringify(BUILT)});
      const policy = process.platform === 'linux' ? readFileSync('/proc/self/stat', 'utf8').split(' ')[40] : 'none';
      process.removeAllListeners('message');
      process.on('message', () => process.send({ rest: [getPriority(), policy, process.env], pieces: 0 }));`,
        { patienceMs: BUSY_MS },
      );
      const [priority, policy, environment] = (await compile(worker)) as unknown as [number, string, object];
      expect(priority).toBe(constants.priority.PRIORITY_BELOW_NORMAL);
      expect(policy).toBe(process.platform !== 'linux' ? 'none' : CAN_BE_IDLE ? '5' : '0');
      for (const name of ['HOME', 'PATH', 'NODE_CHANNEL_SERIALIZATION_MODE'])
        expect(environment).not.toHaveProperty(name);
    },
    BUSY_MS,
  );

  it.runIf(CAN_BE_IDLE)('is begun anew with more say where it gets no processor', async () => {
    // Where all are busy, one that waits may not even come to begin.
    const worker = createWorker(
      `import { readFileSync } from 'node:fs';
      const policy = readFileSync('/proc/self/stat', 'utf8').split(' ')[40];
      process.on('message', ({ given }) => {
        if (policy !== '5') process.send({ rest: [given[1], policy], pieces: 0 });
      });`,
      { patienceMs: 500, processorMs: () => 0 },
    );
    expect(await Promise.all([compile(worker, 'a'), compile(worker, 'b')])).toEqual([
      ['a', '0'],
      ['b', '0'],
    ]);
  });

  it.runIf(process.platform === 'linux')('goes on as long as it gets on', async () => {
    const looked = deferred();
    let usedMs = 0;
    const processorMs = () => {
      usedMs += 50;
      if (usedMs === 250) looked.resolve();
      return usedMs;
    };
    const go = join(folder, 'go');
    const worker = createWorker(
      `import { existsSync } from 'node:fs';
      process.on('message', () => {
        const timer = setInterval(() => {
          if (!existsSync(${JSON.stringify(go)})) return;
          clearInterval(timer);
          process.send({ rest: process.pid, pieces: 0 });
        }, 5);
      });`,
      { patienceMs: 20, processorMs },
    );
    const first = compile(worker, 'a');
    await looked.promise;
    writeFileSync(go, '');
    expect(await compile(worker, 'b')).toBe(await first);
  });

  it.runIf(process.platform === 'linux')('goes on as long as there are messages', async () => {
    const worker = createWorker(
      `process.on('message', (message) => {
        if (message !== 'next') process.send({ rest: { list: [] }, pieces: 40 });
        else setTimeout(() => process.send({ piece: { path: ['list'], added: [process.pid] } }), 20);
      });`,
      { patienceMs: 500, processorMs: () => 0 },
    );
    const { list } = (await compile(worker)) as unknown as { list: number[] };
    expect([list.length, new Set(list).size]).toEqual([40, 1]);
    expect(((await compile(worker)) as unknown as { list: number[] }).list[0]).toBe(list[0]);
  });

  it('is started anew when it ends, and only the job under way fails', async () => {
    const worker = createWorker(`process.on('message', ({ given }) => {
      if (given[1] === 'deadly') process.exit(1);
      process.send({ rest: given[1], pieces: 0 });
    });`);
    const [deadly, next] = await Promise.all([problemsOf(compile(worker, 'deadly')), compile(worker, 'next')]);
    expect(deadly).toEqual(['It cannot be compiled: the process ended with exit code 1.']);
    expect(next).toBe('next');
  });

  it('may take so much memory and no more', async () => {
    const worker = createWorker(
      "const kept = []; process.on('message', () => { for (;;) kept.push(new Array(100_000).fill({})); });",
      { maxHeapMb: 32 },
    );
    expect(await problemsOf(compile(worker))).toEqual(['It takes more than 32 MB of memory to compile.']);
  });

  it('may take so much time and no more', async () => {
    const worker = createWorker("process.on('message', () => { for (;;); });", { timeoutMs: 50 });
    expect(await problemsOf(compile(worker))).toEqual(['It takes longer than 0.05 s to compile.']);
  });

  it('tells what it threw', async () => {
    const worker = createWorker("process.on('message', () => process.send({ error: 'no such thing' }));");
    expect(await problemsOf(compile(worker))).toEqual(['no such thing']);
    const silent = createWorker("process.on('message', () => { throw new Error('no such thing'); });");
    expect(await problemsOf(compile(silent))).toEqual(['It cannot be compiled: the process ended with exit code 1.']);
  });

  it('is told to end by nobody but us', async () => {
    const worker = createWorker(`
      await import(${JSON.stringify(BUILT)});
      process.removeAllListeners('message');
      process.on('message', () => {
        for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.kill(process.pid, signal);
        setImmediate(() => process.send({ rest: 'here', pieces: 0 }));
      });`);
    expect(await compile(worker)).toBe('here');
    const killed = createWorker("process.on('message', () => process.kill(process.pid, 'SIGKILL'));");
    expect(await problemsOf(compile(killed))).toEqual([
      'It cannot be compiled: the system ended the process, perhaps for want of memory.',
    ]);
  });

  it('refuses what cannot be handed over, and goes on', async () => {
    const worker = createWorker(ECHO);
    const options = { ...OPTIONS, headers: { a: (() => {}) as never } };
    expect(await problemsOf(worker.run('openapi', options, 'text', 'a'))).toEqual([
      expect.stringMatching(/^It cannot be compiled: .*could not be cloned/),
    ]);
    expect(await compile(worker, 'next')).toEqual({ echo: 'next' });
  });

  it('rejects its jobs when it is disposed of', async () => {
    const worker = createWorker("process.on('message', () => {});");
    const rejected = expect(compile(worker)).rejects.toThrow('The gateway stops.');
    await worker.dispose();
    await rejected;
    await expect(compile(worker)).rejects.toThrow('The gateway stops.');
  });

  it('is not asked for small documents, nor where there is none', async () => {
    const text = JSON.stringify({
      openapi: '3.0.3',
      info: { title: 'Shop', version: '1' },
      paths: { '/a': { get: { operationId: 'a', responses: { 200: { description: 'ok' } } } } },
    });
    const small = createWorker("process.on('message', () => process.exit(1));", { smallCharacters: 100_000 });
    expect((await compile(small, text)).compiled?.sdl).toContain('a: ');
    const bytes = new TextEncoder().encode(text).buffer;
    expect((await small.run('openapi', OPTIONS, bytes, 'shop.yaml')).compiled?.sdl).toContain('a: ');
    const none = createCompileWorker({ smallCharacters: 0 });
    expect((await compile(none, text)).compiled?.sdl).toContain('a: ');
  });
});
