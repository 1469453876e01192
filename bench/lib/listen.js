// The side of a started process: tells the runner its address, and its CPU time whenever it is asked.

/** Listens on any free port of this machine. */
export function listen(server) {
  server.keepAliveTimeout = 65_000;
  server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
    process.stdout.write(`listening on http://127.0.0.1:${server.address().port}\n`);
  });
  process.on('SIGTERM', () => process.exit(0));
}
