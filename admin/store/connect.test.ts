import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import { connectStore, embeddedUri, redact } from './connect.ts';
import { createStore } from './store.ts';

const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

test('without a server the store is a file in the data folder, that only its owner may enter', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'skein-connect-'));
  folders.push(folder);
  const uri = embeddedUri(join(folder, 'data'));
  expect(uri).toBe(`embedded:${resolve(folder, 'data', 'skein.db')}`);
  const clock = { now: () => 0 };
  const first = await createStore(await connectStore({ uri, log: silentLog }), { clock });
  await first.feed.signal();
  await first.close();
  expect((await stat(join(folder, 'data'))).mode & 0o777).toBe(0o700);
  const second = await createStore(await connectStore({ uri, log: silentLog }), { clock });
  expect(await second.feed.signals()).toBe(1);
  await second.close();
});

test('a server that does not answer is told of in a line without credentials, and waited for until the gateway stops', async () => {
  const stop = new AbortController();
  const lines: [object, string][] = [];
  const log = {
    ...silentLog,
    warn(fields: object, message: string) {
      lines.push([fields, message]);
      stop.abort();
    },
  };
  const uri = 'mongodb://root:hush@127.0.0.1:1/skein?authSource=admin';
  await expect(connectStore({ uri, log, signal: stop.signal })).rejects.toThrow(
    'stopped before the store could be reached',
  );
  expect(lines).toEqual([
    [
      { store: 'mongodb://127.0.0.1:1/skein', reason: expect.stringContaining('ECONNREFUSED'), retryInMs: 500 },
      'the store cannot be reached',
    ],
  ]);
});

test('an address that cannot be read is an error at once', async () => {
  await expect(connectStore({ uri: 'mongodb://', log: silentLog })).rejects.toThrow();
  await expect(connectStore({ uri: 'postgres://host/db', log: silentLog })).rejects.toThrow();
});

test('addresses lose their credentials and options', () => {
  expect(redact('mongodb+srv://me:hush@a.example,b.example/db?x=hush')).toBe('mongodb+srv://a.example,b.example/db');
  expect(redact('mongodb://me:hu%40sh@a.example')).toBe('mongodb://a.example');
  expect(redact('mongodb://me:hu@sh@a.example/')).not.toMatch(/hu|sh/);
});
