// Preloaded into a measured process, with --expose-gc: answers with the CPU time used so far, in milliseconds, and with
// its memory after what is garbage was collected.

if (process.send !== undefined) {
  process.on('message', (message) => {
    if (message === 'cpu') {
      const { user, system } = process.cpuUsage();
      process.send({ cpuMs: (user + system) / 1e3 });
    }
    if (message !== 'memory') return;
    const { user, system } = process.cpuUsage();
    for (let times = 0; times < 3; times += 1) globalThis.gc();
    const { rss, heapUsed, external } = process.memoryUsage();
    process.send({ cpuMs: (user + system) / 1e3, rssBytes: rss, keptBytes: heapUsed + external });
  });
  // A runner that is gone leaves nothing running.
  process.on('disconnect', () => process.exit(0));
  // The channel alone must not hold the process.
  process.channel.unref();
}
