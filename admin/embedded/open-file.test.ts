import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import mongoose from 'mongoose';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openEmbedded } from '../../test/utils/embedded-writer.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skein-embedded-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

test('the directory and the file are made for their owner alone', async () => {
  const path = join(directory, 'deep', 'er', 'store.db');
  const connection = await openEmbedded(path);
  await connection.db?.collection('a').insertOne({ n: 1 });
  const mode = async (name: string) => ((await stat(name)).mode & 0o777).toString(8);
  expect(await mode(join(directory, 'deep', 'er'))).toBe('700');
  expect(await mode(path)).toBe('600');
  expect(await mode(`${path}-wal`)).toBe('600');
  await connection.close();
  const again = await openEmbedded(path);
  expect(await again.db?.collection('a').countDocuments()).toBe(1);
  await again.close();
});

test('what is not a database is refused, and left as it is', async () => {
  const path = join(directory, 'notes.txt');
  const text = 'These are notes, not a database.\n'.repeat(100);
  await writeFile(path, text);
  await expect(openEmbedded(path)).rejects.toThrow(
    `The embedded store ${path} cannot be opened: it is not a database. Move it away or choose another path.`,
  );
  expect(await readFile(path, 'utf8')).toBe(text);
});

test('a database of something else is refused, and left as it is', async () => {
  const path = join(directory, 'other.db');
  const other = new Database(path);
  other.exec('CREATE TABLE users (id INTEGER)');
  other.close();
  const before = await readFile(path);
  await expect(openEmbedded(path)).rejects.toThrow('it is a SQLite database of something else.');
  expect((await readFile(path)).equals(before)).toBe(true);
});

test('a store of a later format is refused', async () => {
  const path = join(directory, 'store.db');
  await (await openEmbedded(path)).close();
  const database = new Database(path);
  database.exec('UPDATE store SET format = 2');
  database.close();
  await expect(openEmbedded(path)).rejects.toThrow('it has format 2, this version reads 1.');
});

test('a path that cannot be is named with the reason', async () => {
  const file = join(directory, 'file');
  await writeFile(file, '');
  await expect(openEmbedded(join(file, 'store.db'))).rejects.toMatchObject({
    name: 'EmbeddedOpenError',
    path: join(file, 'store.db'),
    message: expect.stringContaining('a part of the path is a file, not a directory.'),
  });
  await expect(openEmbedded(directory)).rejects.toThrow('it is a directory, a file is needed.');
  await expect(openEmbedded('')).rejects.toThrow('the address names no file.');
});

test('a directory that may not be written is named with the way out', async () => {
  const locked = join(directory, 'locked');
  await mkdir(locked, { mode: 0o500 });
  if (process.getuid?.() !== 0) {
    await expect(openEmbedded(join(locked, 'store.db'))).rejects.toThrow('this user may not write there.');
  } else {
    // Root may write everywhere but here.
    await expect(openEmbedded('/proc/skein/store.db')).rejects.toThrow(/cannot be opened: .+ cannot be created/);
  }
  await chmod(locked, 0o700);
});

test('after it is closed nothing can be done with it, and it can be opened anew', async () => {
  const path = join(directory, 'store.db');
  const connection = await openEmbedded(path);
  const collection = connection.db?.collection('a');
  await connection.close();
  await expect(collection?.insertOne({})).rejects.toThrow('The embedded store is closed.');
  await connection.openUri(`embedded:${path}`);
  await connection.db?.collection('a').insertOne({});
  await connection.close();
});

test('an address of MongoDB goes to MongoDB', async () => {
  const unreachable = mongoose.createConnection('mongodb://127.0.0.1:1/', { serverSelectionTimeoutMS: 50 });
  await expect(unreachable.asPromise()).rejects.toMatchObject({ name: 'MongooseServerSelectionError' });
  await unreachable.destroy();
});
