import { afterAll, beforeAll, expect } from 'vitest';

/** Fails the file when a rejection was left unhandled while its tests ran: in the running gateway it would end the process. */
export function expectNoUnhandledRejection(): void {
  const reasons: unknown[] = [];
  const listener = (reason: unknown) => reasons.push(reason);
  beforeAll(() => {
    process.on('unhandledRejection', listener);
  });
  afterAll(async () => {
    // Rejections are told after the microtasks of the turn.
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', listener);
    expect(reasons).toEqual([]);
  });
}
