import { mkdir, mkdtemp, rename, rm, symlink, unlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileWatcher, type FileWatcher } from './watch-files.ts';

/** Longer than any test: turns are made by hand. */
const NEVER_MS = 2 ** 30;

describe('a watcher of files', () => {
  let folder: string;
  let watched: string[];
  let told: string[][];
  let watcher: FileWatcher;
  let readAt: number;

  const path = (name: string) => join(folder, name);
  const start = async () => {
    watcher = createFileWatcher({
      files: () => watched,
      everyMs: NEVER_MS,
      readAt: () => readAt,
      onChange: (changed) => void told.push([...changed].sort()),
    });
    await settle();
  };
  const settle = async () => {
    await watcher.look();
    await watcher.look();
    await watcher.look();
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'skein-watch-'));
    told = [];
    readAt = Number.POSITIVE_INFINITY;
    await writeFile(path('a'), 'one');
    await writeFile(path('b'), 'one');
    watched = [path('a'), path('b')];
    await start();
  });

  afterEach(async () => {
    watcher.stop();
    await rm(folder, { recursive: true });
  });

  it('tells nothing as long as nothing changes', async () => {
    await settle();
    expect(told).toEqual([]);
  });

  it('tells a change once, when a turn has passed without another', async () => {
    await writeFile(path('a'), 'longer');
    await watcher.look();
    expect(told).toEqual([]);
    await watcher.look();
    expect(told).toEqual([[path('a')]]);
    await settle();
    expect(told).toHaveLength(1);
  });

  it('tells all files together that are written one after the other', async () => {
    await writeFile(path('a'), 'longer');
    await watcher.look();
    await writeFile(path('b'), 'longer');
    await watcher.look();
    expect(told).toEqual([]);
    await watcher.look();
    expect(told).toEqual([[path('a'), path('b')]]);
  });

  it('sees a file that is replaced by another of the same size and time', async () => {
    const at = new Date(1_000_000_000_000);
    await utimes(path('a'), at, at);
    await settle();
    told.length = 0;
    await writeFile(path('new'), 'two');
    await utimes(path('new'), at, at);
    await rename(path('new'), path('a'));
    await settle();
    expect(told).toEqual([[path('a')]]);
  });

  it('sees a folder behind a link turned to another, as mounted configuration is', async () => {
    for (const name of ['first', 'second']) {
      await mkdir(path(name));
      await writeFile(join(path(name), 'skein.yaml'), 'same');
    }
    await symlink(path('first'), path('now'));
    watched = [join(path('now'), 'skein.yaml')];
    await settle();
    told.length = 0;
    await symlink(path('second'), path('next'));
    await rename(path('next'), path('now'));
    await settle();
    expect(told).toEqual([[join(path('now'), 'skein.yaml')]]);
  });

  it('tells a file that goes, and one that comes back', async () => {
    await unlink(path('a'));
    await settle();
    await writeFile(path('a'), 'one');
    await settle();
    expect(told).toEqual([[path('a')], [path('a')]]);
  });

  it('tells a file that is new to watch if it was written after it was read, perhaps', async () => {
    await writeFile(path('new'), 'one');
    watched = [...watched, path('new')];
    await settle();
    expect(told).toEqual([]);
    readAt = Date.now();
    await writeFile(path('newer'), 'one');
    watched = [...watched, path('newer')];
    await settle();
    expect(told).toEqual([[path('newer')]]);
  });

  it('forgets what it need not watch any more', async () => {
    watched = [path('b')];
    await settle();
    await writeFile(path('a'), 'longer');
    await settle();
    expect(told).toEqual([]);
  });

  it('tells nothing after it was stopped', async () => {
    await writeFile(path('a'), 'longer');
    await watcher.look();
    watcher.stop();
    await watcher.look();
    expect(told).toEqual([]);
  });
});
