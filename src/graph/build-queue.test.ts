import { describe, expect, it } from 'vitest';
import { deferred } from '../../test/utils/deferred.ts';
import { createBuildQueue } from './build-queue.ts';

describe('builds in a queue', () => {
  it('run one at a time, and those asked for meanwhile become one of the newest state', async () => {
    let state = 0;
    let running = 0;
    const built: number[] = [];
    const gates = [deferred(), deferred(), deferred()];
    const build = createBuildQueue(async () => {
      running += 1;
      expect(running).toBe(1);
      const seen = state;
      await gates[built.length]?.promise;
      running -= 1;
      built.push(seen);
      return seen;
    });
    state = 1;
    const first = build();
    state = 2;
    const second = build();
    state = 3;
    const third = build();
    for (const gate of gates) gate.resolve();
    expect(await Promise.all([first, second, third])).toEqual([1, 3, 3]);
    expect(built).toEqual([1, 3]);
  });

  it('give who asked for an overtaken one what the newest gives', async () => {
    let state = 'old';
    const gate = deferred();
    const build = createBuildQueue(async (isNewest) => {
      const seen = state;
      await gate.promise;
      return isNewest() ? seen : undefined;
    });
    const overtaken = build();
    state = 'new';
    const newest = build();
    gate.resolve();
    expect(await Promise.all([overtaken, newest])).toEqual(['new', 'new']);
  });

  it('go on after one that failed', async () => {
    let fails = true;
    const build = createBuildQueue(async () => {
      if (fails) throw new Error('no graph');
      return 'a graph';
    });
    await expect(build()).rejects.toThrow('no graph');
    fails = false;
    expect(await build()).toBe('a graph');
  });
});
