// Loaded into a gateway before its own code: says, when it is asked, how long its event loop was held up at most.
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay, PerformanceObserver, performance } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  let last = performance.now();
  let lastCpu = mainThreadCpuMs();
  let longestMs = 0;
  let longestCpuMs = 0;
  /** When the block was that the thread worked longest in. */
  let block = [0, 0];
  /** Garbage collections as [begin, end], which are told some turns later. */
  const collections = [];
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries())
      if (duration > 2) collections.push([startTime, startTime + duration]);
  }).observe({ entryTypes: ['gc'] });
  setInterval(() => {
    const now = performance.now();
    const cpu = mainThreadCpuMs();
    longestMs = Math.max(longestMs, now - last - 1);
    if (cpu - lastCpu > longestCpuMs) {
      longestCpuMs = cpu - lastCpu;
      block = [last, now];
    }
    last = now;
    lastCpu = cpu;
  }, 1).unref();
  process.on('message', (message) => {
    const collectedMs = collections
      .map(([begin, end]) => Math.min(end, block[1]) - Math.max(begin, block[0]))
      .reduce((sum, ms) => sum + Math.max(0, ms), 0);
    const blocks = { longestMs, longestCpuMs, collectedMs, delayMs: histogram.max / 1e6 };
    globalThis.gc();
    if (message === 'reset') {
      // What collecting takes here is no block of the gateway's.
      histogram.reset();
      last = performance.now();
      longestMs = 0;
      longestCpuMs = 0;
      block = [0, 0];
      collections.length = 0;
      lastCpu = mainThreadCpuMs();
    }
    process.send({
      ...blocks,
      heapMb: process.memoryUsage().heapUsed / 2 ** 20,
      rssMb: process.memoryUsage.rss() / 2 ** 20,
    });
  });
  process.channel?.unref();
}

/** What the thread itself has worked: without the times when others had its core. Linux tells it; elsewhere 0. */
function mainThreadCpuMs() {
  if (process.platform !== 'linux') return 0;
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
}
