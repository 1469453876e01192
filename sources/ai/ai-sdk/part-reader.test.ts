import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createCallContext } from '../../../test/utils/call-context.ts';
import { PartReader } from './part-reader.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

const TIMEOUT_MS = 1_000;

function setUp() {
  let controller: ReadableStreamDefaultController<{ readonly type: string }> | undefined;
  const stream = new ReadableStream<{ readonly type: string }>({
    start(given) {
      controller = given;
    },
  });
  const { context } = createCallContext();
  const reader = new PartReader(stream, { context, operation: 'mine', timeoutMs: TIMEOUT_MS });
  return { reader, tell: (type: string) => controller?.enqueue({ type }) };
}

test('a stream of a package is not silent because nobody reads it', async () => {
  const { reader, tell } = setUp();
  for (const type of ['text-delta', 'finish']) {
    tell(type);
    expect(await reader.next()).toEqual({ done: false, value: { type } });
    vi.advanceTimersByTime(3 * TIMEOUT_MS);
  }
  const waiting = reader.next();
  vi.advanceTimersByTime(TIMEOUT_MS - 1);
  tell('raw');
  expect(await waiting).toMatchObject({ value: { type: 'raw' } });
});

test('a stream of a package is silent where somebody waits for it in vain', async () => {
  const { reader, tell } = setUp();
  tell('text-delta');
  await reader.next();
  vi.advanceTimersByTime(TIMEOUT_MS / 2);
  const waiting = reader.next();
  const failed = expect(waiting).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT' });
  vi.advanceTimersByTime(TIMEOUT_MS);
  await failed;
  expect(await reader.next()).toEqual({ done: true, value: undefined });
  expect(vi.getTimerCount()).toBe(0);
});
