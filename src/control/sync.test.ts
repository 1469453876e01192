import { expect, onTestFinished, test } from 'vitest';
import type { Feed } from '../../admin/store/feed.ts';
import { silentLog, systemClock } from '../../kernel/ports.ts';
import { followStore } from './sync.ts';

test('whoever asks for what is new is told of all of it, at whatever moment of another look', async () => {
  let asked = 0;
  const feed: Partial<Feed> = {
    async signals() {
      asked += 1;
      return 1;
    },
    async *since() {},
    onSignal: () => () => {},
  };
  const deps = { clock: systemClock, log: silentLog, take() {}, onLook() {} };
  const sync = await followStore({ feed: feed as Feed, ...deps });
  onTestFinished(() => sync.stop());
  for (let moment = 0; moment < 20; moment += 1) {
    const other = sync.now();
    for (let tick = 0; tick < moment; tick += 1) await Promise.resolve();
    const before = asked;
    await sync.now();
    expect(asked, `${moment} ticks after`).toBe(before + 1);
    await other;
  }
});
