import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fetch } from 'undici';
import { afterEach, expect, test } from 'vitest';
import { quickstartFile, type ReadyMessage } from './backend.ts';

/** These run what `npm run build` has compiled, as `npm start` does. */

let child: ChildProcess;

afterEach(() => child.kill('SIGKILL'));

async function run(name: string): Promise<number> {
  child = fork(quickstartFile(`../../dist/examples/quickstart/${name}/main.js`), { execArgv: [] });
  const [message] = (await once(child, 'message')) as [ReadyMessage];
  return message.ready ? message.port : 0;
}

test.each(['catalog', 'inventory', 'reviews', 'stand-in'])('the %s ends when its launcher is gone', async (name) => {
  expect(await run(name)).toBeGreaterThan(0);
  child.disconnect();
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test.each(['catalog', 'inventory', 'reviews', 'stand-in'])('the %s ends when it is told to', async (name) => {
  await run(name);
  child.send({ stop: true });
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('a backend goes on through Ctrl-C, for the gateway drains', async () => {
  const port = await run('catalog');
  child.kill('SIGINT');
  child.kill('SIGTERM');
  expect((await fetch(`http://127.0.0.1:${port}/products/lamp-01`)).status).toBe(200);
  expect((await fetch(`http://127.0.0.1:${port}/products/lamp-01`)).status).toBe(200);
});
