// Loaded into a gateway before it starts, with --expose-gc: tells its parent, on each message, what memory it takes.
import { isMainThread, Worker } from 'node:worker_threads';

if (isMainThread && process.channel !== undefined) {
  const shared = new SharedArrayBuffer(8);
  const most = new Float64Array(shared);
  // A thread of its own, which looks while the others are busy.
  const look = `
    const most = new Float64Array(require('node:worker_threads').workerData);
    setInterval(() => { most[0] = Math.max(most[0], process.memoryUsage.rss()); }, 2);`;
  new Worker(look, { eval: true, workerData: shared, execArgv: [] }).unref();
  process.on('message', () => {
    const mostBytes = most[0];
    globalThis.gc();
    const { rss, heapUsed, external } = process.memoryUsage();
    most[0] = rss;
    process.send({ nowBytes: rss, mostBytes, keptBytes: heapUsed + external });
  });
  // It ends as it would without a parent that may ask.
  process.channel.unref();
}
