import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { launch } from './launch.ts';

let folder: string;
let lines: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quickstart-'));
  lines = [];
});
afterEach(() => rm(folder, { recursive: true }));

async function start(source: string) {
  const file = join(folder, 'backend.mjs');
  await writeFile(file, source);
  return launch('catalog', pathToFileURL(file), (line) => lines.push(line));
}

test('a backend is ready when it says so, and stops when it is told to', async () => {
  const backend = await start(`
    process.send({ ready: true, port: 4711 });
    process.on('message', (message) => message.stop && process.exit(0));
  `);
  expect(backend.port).toBe(4711);
  await backend.stop();
  expect(lines).toEqual([]);
});

test('a backend that does not stop is killed', async () => {
  const backend = await start(`process.send({ ready: true, port: 1 }); process.on('message', () => {});`);
  await backend.stop();
  expect(lines).toEqual([]);
});

test('a backend that cannot listen gives its reason', async () => {
  const starting = start(`process.send({ ready: false, reason: 'no port' }); setInterval(() => {}, 1000);`);
  await expect(starting).rejects.toThrow('The catalog backend did not start: no port.');
});

test('a backend that ends before it is ready is told', async () => {
  await expect(start('process.exit(3);')).rejects.toThrow('The catalog backend did not start: exit code 3.');
});

test('a backend that dies later is told, and can still be stopped', async () => {
  const backend = await start(`process.send({ ready: true, port: 1 }, () => process.exit(7));`);
  await expect
    .poll(() => lines)
    .toEqual(['The catalog backend has stopped (exit code 7); the rest goes on without it.']);
  await backend.stop();
});
