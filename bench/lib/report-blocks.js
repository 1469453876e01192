// Loaded into a gateway before its own code: says, when it is asked, how long its event loop was held up at most.
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  let last = performance.now();
  let longestMs = 0;
  setInterval(() => {
    const now = performance.now();
    longestMs = Math.max(longestMs, now - last - 1);
    last = now;
  }, 1).unref();
  process.on('message', (message) => {
    if (message === 'reset') {
      globalThis.gc();
      histogram.reset();
      last = performance.now();
      longestMs = 0;
    }
    const blocks = { longestMs, delayMs: histogram.max / 1e6 };
    globalThis.gc();
    process.send({
      ...blocks,
      heapMb: process.memoryUsage().heapUsed / 2 ** 20,
      rssMb: process.memoryUsage.rss() / 2 ** 20,
    });
  });
  process.channel?.unref();
}
