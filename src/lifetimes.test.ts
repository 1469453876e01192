import { afterEach, expect, it, vi } from 'vitest';
import type { SkeinError } from '../kernel/errors.ts';
import { silentLog } from '../kernel/ports.ts';
import { configuredCaller } from './identity/key-callers.ts';
import { createLifetimes } from './lifetimes.ts';

afterEach(() => {
  vi.useRealTimers();
});

const create = () => createLifetimes({ clock: { now: () => 1_000 }, ids: { next: () => 'made' }, log: silentLog });

it('tells its listeners, then its calls, why it is stopped, and only the first time', () => {
  const lifetime = create().open({ timeoutMs: 5_000 });
  const heard: unknown[] = [];
  lifetime.onStop((reason) => heard.push(['listener', reason.code, lifetime.cancellation.signal.aborted]));
  lifetime.cancellation.signal.addEventListener('abort', () =>
    heard.push(['signal', (lifetime.cancellation.signal.reason as SkeinError).code]),
  );
  lifetime.stop('SHUTTING_DOWN');
  lifetime.stop('CLIENT_CLOSED_REQUEST');
  lifetime.onStop((reason) => heard.push(['late', reason.code]));
  expect(heard).toEqual([
    ['listener', 'SHUTTING_DOWN', false],
    ['signal', 'SHUTTING_DOWN'],
    ['late', 'SHUTTING_DOWN'],
  ]);
  expect(lifetime.deadlineAt).toBe(6_000);
  lifetime.close();
});

it('is stopped at its deadline, but not once it is closed', () => {
  vi.useFakeTimers();
  const lifetimes = create();
  const [late, closed] = [lifetimes.open({ timeoutMs: 50 }), lifetimes.open({ timeoutMs: 50 })];
  closed.close();
  vi.advanceTimersByTime(50);
  expect([late.stopped?.code, closed.stopped, closed.cancellation.signal.aborted]).toEqual([
    'DEADLINE_EXCEEDED',
    undefined,
    false,
  ]);
  late.close();
  expect(vi.getTimerCount()).toBe(0);
});

it('may be longer than the longest timer of Node', () => {
  vi.useFakeTimers();
  const lifetime = create().open({ timeoutMs: 90 * 24 * 3_600_000 });
  vi.advanceTimersByTime(24 * 24 * 3_600_000);
  expect(lifetime.stopped).toBeUndefined();
  lifetime.close();
});

it('takes the id of the client if it is fit to be one', () => {
  const lifetimes = create();
  const idFor = (requestId: string | undefined) => {
    const lifetime = lifetimes.open({ timeoutMs: 1_000, requestId });
    lifetime.close();
    return lifetime.requestId;
  };
  expect(['a-1:b/c+d=.', 'x'.repeat(128)].map(idFor)).toEqual(['a-1:b/c+d=.', 'x'.repeat(128)]);
  expect([undefined, '', 'x'.repeat(129), 'a b', 'a\nb', '"', 'ä'].map(idFor)).toEqual(Array(7).fill('made'));
});

it('shows its calls what the client sent, and is told what goes back with the answer', () => {
  const lifetimes = create();
  const returned: unknown[] = [];
  const returnHeader = (name: string, value: string) => returned.push([name, value]);
  const [told, silent] = [
    lifetimes.open({ timeoutMs: 1_000, headers: { 'x-tenant': 'acme' }, returnHeader }),
    lifetimes.open({ timeoutMs: 1_000 }),
  ];
  for (const lifetime of [told, silent]) lifetime.returnHeader('x-cost', '7');
  expect([told.headers, silent.headers, returned]).toEqual([{ 'x-tenant': 'acme' }, {}, [['x-cost', '7']]]);
  told.close();
  silent.close();
});

it('is counted until it is closed, also when it was stopped', async () => {
  const lifetimes = create();
  await lifetimes.whenIdle();
  const [a, b] = [lifetimes.open({ timeoutMs: 1_000 }), lifetimes.open({ timeoutMs: 1_000 })];
  const order: string[] = [];
  const idle = lifetimes.whenIdle().then(() => order.push('idle'));
  a.stop('CLIENT_CLOSED_REQUEST');
  expect(lifetimes.size).toBe(2);
  a.close();
  a.close();
  expect(lifetimes.size).toBe(1);
  order.push('last');
  b.close();
  await idle;
  expect(order).toEqual(['last', 'idle']);
});

it('is stopped from the beginning once all are stopped: nothing begins behind a shutdown', () => {
  const lifetimes = create();
  const before = lifetimes.open({ timeoutMs: 1_000 });
  lifetimes.stopAll('SHUTTING_DOWN');
  const after = lifetimes.open({ timeoutMs: 1_000 });
  expect([before.stopped?.code, after.stopped?.code]).toEqual(['SHUTTING_DOWN', 'SHUTTING_DOWN']);
  expect(after.cancellation.signal.aborted).toBe(true);
  before.close();
  after.close();
  expect(lifetimes.size).toBe(0);
});

it('is of a caller, whose tenant and id answers of its own are kept under', () => {
  const lifetimes = create();
  const caller = { ...configuredCaller('ann', false), tenant: 'acme' };
  const [own, nobodys] = [lifetimes.open({ timeoutMs: 1_000, caller }), lifetimes.open({ timeoutMs: 1_000 })];
  expect([own.callerScope, own.caller, nobodys.callerScope]).toEqual(['acme/config:ann', caller, '']);
  for (const lifetime of [own, nobodys]) lifetime.close();
});

it('is stopped with those that are like it, and what begins later is not', () => {
  const lifetimes = create();
  const open = (isStream: boolean) => lifetimes.open({ timeoutMs: 1_000, isStream });
  const [stream, request] = [open(true), open(false)];
  lifetimes.stopWhere(({ isStream }) => isStream, 'UNAUTHENTICATED', 'It is over.');
  const later = open(true);
  expect([stream, request, later].map(({ stopped }) => stopped?.message)).toEqual([
    'It is over.',
    undefined,
    undefined,
  ]);
  expect([stream.stopped?.code, lifetimes.streams]).toEqual(['UNAUTHENTICATED', 2]);
  for (const lifetime of [stream, request, later]) lifetime.close();
});
