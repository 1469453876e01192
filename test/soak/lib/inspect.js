// Loaded into a gateway before its own code: says, when it is asked, what its main thread holds.
import { createRequire } from 'node:module';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapCodeStatistics, queryObjects } from 'node:v8';
import { isMainThread } from 'node:worker_threads';

if (isMainThread && process.send !== undefined) {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const timer = setTimeout(() => {}, 0);
  const Timer = timer.constructor;
  clearTimeout(timer);
  const { GraphQLSchema } = createRequire(import.meta.url)('graphql');

  process.on('message', (message) => {
    const delays = { delayP99Ms: delay.percentile(99) / 1e6 - 10, delayMostMs: delay.max / 1e6 - 10 };
    globalThis.gc();
    const { heapUsed, external, rss } = process.memoryUsage();
    const code = getHeapCodeStatistics();
    process.send({
      ...delays,
      heapMb: heapUsed / 2 ** 20,
      // Of it, what V8 has made of functions: that grows until all that run often are optimised.
      codeMb: (code.code_and_metadata_size + code.bytecode_and_metadata_size) / 2 ** 20,
      externalMb: external / 2 ** 20,
      rssMb: rss / 2 ** 20,
      sockets: process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length,
      // Counting walks the heap, which holds everybody up.
      ...(message === 'count'
        ? {
            schemas: queryObjects(GraphQLSchema, { format: 'count' }),
            timers: queryObjects(Timer, { format: 'count' }),
          }
        : {}),
    });
    delay.reset();
  });
  process.on('disconnect', () => process.exit(1));
  process.channel.unref();
}
