// Swaps generations of a gateway under load, with streams open all the time, and prints what came of it as JSON.
// See docs/soak.md.
import { parseArgs } from 'node:util';
import { createAsker, pause, startLoops } from './lib/clients.js';
import { changingDocument, configuration, SHOP } from './lib/documents.js';
import { createGatewayProcess } from './lib/gateway.js';
import { openSocket, openSse } from './lib/streams.js';
import { createUpstream } from './lib/upstream.js';

const { values: options } = parseArgs({
  options: {
    swaps: { type: 'string', default: '200' },
    streams: { type: 'string', default: '1000' },
    clients: { type: 'string', default: '20' },
    /** Swaps before memory is first looked at. */
    warmUp: { type: 'string', default: '20' },
    /** Another build of the gateway. */
    gateway: { type: 'string' },
    quiet: { type: 'boolean', default: false },
  },
});
const swaps = Number(options.swaps);
/** A replaced generation is kept so long in any case. */
const GRACE_MS = 10_000;
const SOCKETS = 4;
const STREAMS_PER_SOCKET = 5;
/** Every so many swaps, the source that the streams are of is replaced as well. */
const REPLACE_STREAMS_EVERY = 10;

const startedAt = performance.now();
const tell = (text) => {
  if (!options.quiet) process.stderr.write(`${((performance.now() - startedAt) / 1_000).toFixed(1)} s  ${text}\n`);
};
const upstream = await createUpstream();
const gateway = await createGatewayProcess(options.gateway);
let version = 0;
const write = async () => {
  version += 1;
  await gateway.write('changing.json', changingDocument(version));
  const ticksVersion = Math.floor(version / REPLACE_STREAMS_EVERY);
  await gateway.write('skein.yaml', configuration({ steady: upstream.address, ticksVersion, files: false }));
};

try {
  await gateway.write('shop.json', SHOP);
  await write();
  await gateway.start();
  const asker = createAsker(gateway.url);
  const { fail } = asker;
  for (const name of ['hello', 'join', 'graphql', 'stitched']) await asker.ask(name);

  const sse = await Promise.all(
    Array.from({ length: Number(options.streams) }, (_, i) => openSse(gateway.url, `stream-sse-${i}`, fail)),
  );
  const sockets = Array.from({ length: SOCKETS }, () => openSocket(gateway.url, fail));
  const overSockets = sockets.flatMap((socket, i) =>
    Array.from({ length: STREAMS_PER_SOCKET }, (_, k) => socket.subscribe(`stream-ws-${i * STREAMS_PER_SOCKET + k}`)),
  );
  const streams = [...sse, ...overSockets];
  upstream.tick();
  await Promise.all(streams.map((stream) => stream.until(1)));
  tell(`${streams.length} streams are open`);

  const swapMs = [];
  let left = 0;
  /** So many swaps, with everybody asking meanwhile. */
  const swapUnderLoad = async (count) => {
    const http = startLoops(Number(options.clients), (client, turn) =>
      asker.ask(['hello', 'join', 'graphql', turn % 10 === 0 ? 'stitched' : 'hello'][(client + turn) % 4]),
    );
    const ws = startLoops(SOCKETS, async (i) => {
      asker.counts.requests += 1;
      const result = await sockets[i].ask('{ hello }').catch((error) => ({ error: String(error) }));
      if (result?.data?.hello !== 'world') fail(`over a socket: ${JSON.stringify(result)}`);
      await pause(20);
    });
    // Clients that come and leave hold generations in between.
    const leavers = startLoops(5, async () => {
      left += 1;
      const stream = await openSse(gateway.url, `stream-left-${left}`, fail);
      await stream.until(2);
      stream.close();
    });
    for (let i = 0; i < count; i += 1) {
      const before = await gateway.generation();
      const from = performance.now();
      await write();
      gateway.signal('SIGHUP');
      const now = await gateway.swapped(before);
      swapMs.push(performance.now() - from);
      if (now !== before + 1) fail(`Generation ${before} was followed by ${now}.`);
      const field = `added${version}`;
      const answer = await asker.post({ query: `{ ${field} }` });
      if (answer.data?.[field] !== 'added') fail(`The swap to ${field}: ${JSON.stringify(answer)}`);
    }
    await Promise.all([http.stop(), ws.stop(), leavers.stop()]);
  };
  /** What is kept when every generation that nobody needs any more is gone. */
  const rest = async () => {
    await pause(GRACE_MS + 1_000);
    const kept = await gateway.inspect('count');
    return {
      ...kept,
      upstreamSockets: upstream.sockets(),
      upstreamStreams: upstream.count.opened - upstream.count.closed,
    };
  };

  await swapUnderLoad(Number(options.warmUp));
  tell(`${options.warmUp} swaps to warm up`);
  const before = await rest();
  const requestsBefore = asker.counts.requests;
  swapMs.length = 0;
  await swapUnderLoad(swaps);
  tell(`${swaps} swaps`);
  const requests = asker.counts.requests - requestsBefore;
  const after = await rest();
  upstream.stopTicking();
  const sent = new Map([...upstream.streams].map(([name, stream]) => [name, stream.sent]));
  await Promise.race([Promise.all(streams.map((stream) => stream.until(sent.get(stream.name)))), pause(5_000)]);
  const lost = streams.filter((stream) => stream.received !== sent.get(stream.name));
  const events = streams.reduce((sum, stream) => sum + stream.received, 0);
  tell(`${events} events`);

  for (const stream of streams) stream.close();
  await Promise.all(sockets.map((socket) => socket.close()));
  await asker.close();
  const deadline = Date.now() + 5_000;
  while (upstream.count.opened > upstream.count.closed && Date.now() < deadline) await pause(20);
  const closed = await gateway.inspect('count');
  const upstreamStreamsLeft = upstream.count.opened - upstream.count.closed;
  const exitCode = await gateway.stop();
  swapMs.sort((a, b) => a - b);
  const result = {
    swaps,
    streams: streams.length,
    leftStreams: left,
    requests,
    events,
    lostStreams: lost.length,
    failures: asker.counts.failures,
    firstFailures: asker.failures,
    swapMs: { median: swapMs[swapMs.length >> 1], most: swapMs.at(-1) },
    before,
    after,
    closed: { ...closed, upstreamStreams: upstreamStreamsLeft, upstreamSockets: upstream.sockets() },
    exitCode,
    tookMs: performance.now() - startedAt,
  };
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  if (result.failures > 0 || lost.length > 0 || after.schemas - before.schemas >= swaps / 3) process.exitCode = 1;
} finally {
  await gateway.remove();
  await upstream.close();
}
