import { expect, it } from 'vitest';
import { deferred } from '../../test/utils/deferred.ts';
import type { CompileWorker } from '../graph/compile-worker.ts';
import { compilerOf } from './compile-turns.ts';

/** A worker that takes one job after the other, and ends each when the test says so. */
function createStub() {
  const asked: { readonly name: string; readonly end: (error?: Error) => void }[] = [];
  const worker = {
    run: (_name: string, text: string) => {
      const { promise, resolve, reject } = deferred<string>();
      asked.push({ name: text, end: (error) => (error === undefined ? resolve(text) : reject(error)) });
      return promise;
    },
    dispose: async () => {},
  } as unknown as CompileWorker;
  return { asked, worker };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('takes tenants in turn, however many documents one of them has', async () => {
  const { asked, worker } = createStub();
  const run = (tenant: string, text: string) => compilerOf(worker, tenant).run('openapi', text as never, '', '');
  const heavy = ['a1', 'a2', 'a3'].map((text) => run('a', text));
  const light = run('b', 'b1');
  await turn();
  expect(asked.map(({ name }) => name)).toEqual(['a1', 'b1']);
  asked[0]?.end();
  await turn();
  expect(asked.map(({ name }) => name)).toEqual(['a1', 'b1', 'a2']);
  const later = run('c', 'c1');
  asked[1]?.end();
  // What fails is told, and the next one comes all the same.
  asked[2]?.end(new Error('too large'));
  await expect(heavy[1]).rejects.toThrow('too large');
  await turn();
  expect(asked.map(({ name }) => name)).toEqual(['a1', 'b1', 'a2', 'c1', 'a3']);
  for (const { end } of asked) end();
  expect(await Promise.all([heavy[0], heavy[2], light, later])).toEqual(['a1', 'a3', 'b1', 'c1']);
});
