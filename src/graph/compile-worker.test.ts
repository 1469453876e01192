import { afterEach, describe, expect, it } from 'vitest';
import { ProblemsError } from '../../kernel/problem.ts';
import { openapiOptions } from '../../sources/openapi/options.ts';
import { type CompileWorker, type CompileWorkerOptions, createCompileWorker } from './compile-worker.ts';

const OPTIONS = openapiOptions.parse({ kind: 'openapi', document: 'shop.yaml', endpoint: 'http://127.0.0.1:1' });
const made: CompileWorker[] = [];

afterEach(async () => {
  await Promise.all(made.splice(0).map((worker) => worker.dispose()));
});

/** A thread whose `port` answers messages by this code, and for which no document is too small. */
function createWorker(code: string, options: CompileWorkerOptions = {}): CompileWorker {
  const script = `import { parentPort as port } from 'node:worker_threads';\n${code}`;
  const thread = new URL(`data:text/javascript,${encodeURIComponent(script)}`);
  const worker = createCompileWorker({ thread, smallCharacters: 0, ...options });
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
const ECHO = `port.on('message', (message) => {
  if (message !== 'next') port.postMessage({ rest: { echo: message.given[1] }, pieces: 0 });
});`;

describe('a thread that compiles', () => {
  it('does one job after the other', async () => {
    const worker = createWorker(ECHO);
    const all = await Promise.all(['a', 'b', 'c'].map((text) => compile(worker, text)));
    expect(all).toEqual([{ echo: 'a' }, { echo: 'b' }, { echo: 'c' }]);
  });

  it('gives long results piece by piece', async () => {
    const worker = createWorker(`
      const pieces = [[['a', 1]], [['b', 2]]].map((added) => ({ path: ['plans'], added }));
      port.on('message', (message) => port.postMessage(
        message === 'next' ? { piece: pieces.shift() } : { rest: { plans: new Map() }, pieces: 2 },
      ));`);
    expect(await compile(worker)).toEqual({ plans: new Map([...'ab'].map((name, i) => [name, i + 1])) });
  });

  it('is given long texts piece by piece, and bytes as they are', async () => {
    const worker = createWorker(`
      let left, got;
      port.on('message', ({ given, pieces, piece }) => {
        if (given !== undefined) [left, got] = [pieces, given.map((value) => value.byteLength)];
        else [left, got] = [left - 1, [...got, piece.added.length]];
        if (left === 0) port.postMessage({ rest: got, pieces: 0 });
      });`);
    // First the list of what is given.
    expect(await compile(worker, 'x'.repeat(300_000))).toEqual([3, 131_072, 131_072, 37_856]);
    const bytes = new TextEncoder().encode('x'.repeat(300_000)).buffer;
    expect(await worker.run('openapi', OPTIONS, bytes, 'shop.yaml')).toEqual([undefined, 300_000, undefined]);
    expect(bytes.byteLength).toBe(0);
  });

  it('is started anew when it ends, and only the job under way fails', async () => {
    const worker = createWorker(`port.on('message', ({ given }) => {
      if (given[1] === 'deadly') process.exit(1);
      port.postMessage({ rest: given[1], pieces: 0 });
    });`);
    const [deadly, next] = await Promise.all([problemsOf(compile(worker, 'deadly')), compile(worker, 'next')]);
    expect(deadly).toEqual(['It cannot be compiled: the thread ended.']);
    expect(next).toBe('next');
  });

  it('may take so much memory and no more', async () => {
    const worker = createWorker(
      "const kept = []; port.on('message', () => { for (;;) kept.push(new Array(100_000).fill({})); });",
      { maxHeapMb: 32 },
    );
    expect(await problemsOf(compile(worker))).toEqual(['It takes more than 32 MB of memory to compile.']);
  });

  it('may take so much time and no more', async () => {
    const worker = createWorker("port.on('message', () => { for (;;); });", { timeoutMs: 50 });
    expect(await problemsOf(compile(worker))).toEqual(['It takes longer than 0.05 s to compile.']);
  });

  it('tells what it threw', async () => {
    const worker = createWorker("port.on('message', () => { throw new Error('no such thing'); });");
    expect(await problemsOf(compile(worker))).toEqual(['It cannot be compiled: no such thing']);
    const honest = createWorker("port.on('message', () => port.postMessage({ error: 'no such thing' }));");
    expect(await problemsOf(compile(honest))).toEqual(['no such thing']);
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
    const worker = createWorker("port.on('message', () => {});");
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
    const small = createWorker("port.on('message', () => process.exit(1));", { smallCharacters: 100_000 });
    expect((await compile(small, text)).compiled?.sdl).toContain('a: ');
    const bytes = new TextEncoder().encode(text).buffer;
    expect((await small.run('openapi', OPTIONS, bytes, 'shop.yaml')).compiled?.sdl).toContain('a: ');
    const none = createCompileWorker({ smallCharacters: 0 });
    expect((await compile(none, text)).compiled?.sdl).toContain('a: ');
  });
});
