import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { silentLog, systemClock } from '../../kernel/ports.ts';
import { createLifetimes } from '../lifetimes.ts';
import type { Caller } from './caller.ts';
import { configuredCaller } from './key-callers.ts';
import { createRevocations } from './revocations.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('looks once a second, once for each caller, and only while there are streams', () => {
  const lifetimes = createLifetimes({ clock: systemClock, ids: { next: () => 'id' }, log: silentLog });
  const [ann, bob] = ['ann', 'bob'].map((name) => configuredCaller(name, false)) as [Caller, Caller];
  const asked: string[] = [];
  const current = new Set([ann, bob]);
  const isCurrent = (caller: Caller) => {
    asked.push(caller.name);
    return current.has(caller);
  };
  const revocations = createRevocations({ lifetimes, keyring: { isCurrent } });
  const open = (caller: Caller | undefined, isStream: boolean) =>
    lifetimes.open({ timeoutMs: 60_000, caller, isStream });
  const request = open(ann, false);
  vi.advanceTimersByTime(1_000);
  const streams = [open(ann, true), open(ann, true), open(bob, true), open(undefined, true)];
  vi.advanceTimersByTime(1_000);
  expect(asked).toEqual(['ann', 'bob']);

  current.delete(ann);
  vi.advanceTimersByTime(999);
  expect(streams.map(({ stopped }) => stopped)).toEqual(Array(4).fill(undefined));
  vi.advanceTimersByTime(1);
  const code = 'UNAUTHENTICATED';
  expect([request, ...streams].map(({ stopped }) => stopped?.code)).toEqual([
    undefined,
    code,
    code,
    undefined,
    undefined,
  ]);

  revocations.stop();
  current.clear();
  vi.advanceTimersByTime(5_000);
  expect(streams[2]?.stopped).toBeUndefined();
  for (const lifetime of [request, ...streams]) lifetime.close();
  expect(vi.getTimerCount()).toBe(0);
});
