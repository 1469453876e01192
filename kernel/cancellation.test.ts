import { expect, test } from 'vitest';
import { CancellationSource } from './cancellation.ts';
import { SkeinError } from './errors.ts';

test('a cancellation aborts what watches, once, with its first reason', () => {
  const cancellation = new CancellationSource();
  const aborted: string[] = [];
  const call = (name: string) => ({ abort: () => void aborted.push(name) });
  const gone = call('gone');
  cancellation.watch(call('a'));
  cancellation.watch(gone);
  cancellation.watch(call('b'));
  cancellation.unwatch(gone);
  const { signal } = cancellation;
  expect([cancellation.reason, signal.aborted]).toEqual([undefined, false]);

  const reason = new SkeinError('SHUTTING_DOWN');
  cancellation.cancel(reason);
  cancellation.cancel(new SkeinError('DEADLINE_EXCEEDED'));
  expect(aborted).toEqual(['a', 'b']);
  expect([cancellation.reason, signal.aborted, signal.reason]).toEqual([reason, true, reason]);
});

test('a signal that is asked for after the cancellation is aborted already', () => {
  const cancellation = new CancellationSource();
  cancellation.cancel(new SkeinError('SHUTTING_DOWN'));
  expect(cancellation.signal.reason).toBe(cancellation.reason);
});

test('a call that ends others while it is aborted does not disturb the rest', () => {
  const cancellation = new CancellationSource();
  const aborted: string[] = [];
  const second = { abort: () => void aborted.push('second') };
  cancellation.watch({
    abort: () => {
      aborted.push('first');
      cancellation.unwatch(second);
    },
  });
  cancellation.watch(second);
  cancellation.cancel(new SkeinError('CLIENT_CLOSED_REQUEST'));
  expect(aborted).toEqual(['first', 'second']);
});
