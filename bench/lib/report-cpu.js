// Preloaded into every measured process: answers with the CPU time used so far, user and system, in microseconds.

if (process.send !== undefined) {
  process.on('message', (message) => {
    if (message !== 'cpu') return;
    const { user, system } = process.cpuUsage();
    process.send({ cpuUs: user + system, rssBytes: process.memoryUsage.rss() });
  });
  // A runner that is gone leaves nothing running.
  process.on('disconnect', () => process.exit(0));
  // The channel alone must not hold the process.
  process.channel.unref();
}
