// Runs a gateway for long under load of all kinds, with services that fail and a graph that changes, and tells each minute
// what it holds. Ends with 1 when memory grows, or anything failed that must not. See docs/soak.md.
import { parseArgs } from 'node:util';
import { createAsker, pause, startLoops } from './lib/clients.js';
import { changingDocument, configuration, SHAKY, SHAKY_OPERATIONS, SHOP } from './lib/documents.js';
import { growthOf, row, TABLE_HEAD } from './lib/figures.js';
import { createGatewayProcess } from './lib/gateway.js';
import { openSocket, openSse } from './lib/streams.js';
import { uploadBody } from './lib/upload.js';
import { createUpstream } from './lib/upstream.js';

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    streams: { type: 'string', default: '100' },
    /** Another build of the gateway. */
    gateway: { type: 'string' },
  },
});
const minutes = Number(options.minutes);
const SWAP_EVERY_MS = 4_000;
/** One change in so many is wrong, and must be refused. */
const WRONG_EVERY = 7;
const REPLACE_STREAMS_EVERY = 5;
/** What clients may be told of a service that fails. */
const SHAKY_CODES = /^(UPSTREAM_\w+|DEADLINE_EXCEEDED)$/;

const steady = await createUpstream();
const shaky = await createUpstream();
const gateway = await createGatewayProcess(options.gateway);
let version = 1;
const write = async (more = {}) => {
  await gateway.write('changing.json', changingDocument(version));
  const ticksVersion = Math.floor(version / REPLACE_STREAMS_EVERY);
  const addresses = { steady: steady.address, shaky: shaky.address };
  await gateway.write('skein.yaml', configuration({ ...addresses, ticksVersion, more }));
};

const counts = { swaps: 0, refused: 0, shaky: 0, streams: 0, left: 0, uploads: 0, webSockets: 0 };
const minuteRows = [];
let failed = false;
try {
  await gateway.write('shop.json', SHOP);
  await gateway.write('shaky.json', SHAKY);
  await write();
  await gateway.start();
  const asker = createAsker(gateway.url);
  const { fail } = asker;
  const count = (kind) => {
    counts[kind] += 1;
    asker.counts.requests += 1;
  };
  let running = true;
  const openStream = (kind) => {
    count('streams');
    return openSse(gateway.url, `stream-${kind}-${counts.streams}`, fail);
  };
  /** They stay all the time. */
  const staying = await Promise.all(Array.from({ length: Number(options.streams) }, () => openStream('stays')));
  steady.tick();

  const loops = [
    startLoops(6, async (client, turn) => {
      await asker.ask(['hello', 'join', 'graphql', turn % 20 === 0 ? 'stitched' : 'hello'][(client + turn) % 4]);
      await pause(10);
    }),
    startLoops(4, async (client, turn) => {
      count('shaky');
      const name = SHAKY_OPERATIONS[(client + turn) % SHAKY_OPERATIONS.length];
      const answer = await asker.post({ query: `{ ${name} hello }` }).catch((error) => ({ thrown: String(error) }));
      const isFailure = answer.errors?.every(({ extensions }) => SHAKY_CODES.test(extensions.code)) === true;
      // `slow` may be too slow for its deadline; what stands beside what fails must be there.
      const isRight = answer.data?.hello === 'world' && (isFailure || (name === 'slow' && answer.errors === undefined));
      if (!isRight) fail(`${name}: ${JSON.stringify(answer).slice(0, 500)}`);
      await pause(20);
    }),
    startLoops(1, async () => {
      count('shaky');
      const answer = await asker.post({ query: '{ nothing }' }).catch((error) => ({ thrown: String(error) }));
      if (answer.errors?.[0]?.extensions?.code !== 'GRAPHQL_VALIDATION_FAILED')
        fail(`invalid: ${JSON.stringify(answer)}`);
      await pause(200);
    }),
    startLoops(3, async (_client, turn) => {
      // Some leave while they wait, some in the middle of a stream.
      count('left');
      if (turn % 2 === 0) {
        const aborter = new AbortController();
        setTimeout(() => aborter.abort(), 100 + Math.random() * 200);
        await asker.post({ query: '{ hang }' }, { signal: aborter.signal }).then(
          (answer) => {
            const code = answer.errors?.[0]?.extensions?.code ?? '';
            if (!SHAKY_CODES.test(code)) fail(`hang: ${JSON.stringify(answer)}`);
          },
          (error) => {
            if (error.name !== 'AbortError') fail(`hang: ${error.stack}`);
          },
        );
        return;
      }
      const stream = await openStream('leaves');
      await stream.until(2);
      stream.close();
    }),
    startLoops(1, async () => {
      count('uploads');
      const size = 1 + Math.floor(Math.random() * 200_000);
      const answer = await asker.send(uploadBody(size)).catch((error) => ({ thrown: String(error) }));
      if (!(answer.data?.upload?.bytes > size)) fail(`upload: ${JSON.stringify(answer).slice(0, 500)}`);
      await pause(100);
    }),
    startLoops(2, async (client, turn) => {
      count('webSockets');
      const socket = openSocket(gateway.url, fail);
      const stream = socket.subscribe(`stream-ws-${client}${String(turn).padStart(6, '0')}`);
      const result = await socket.ask('{ hello }').catch((error) => ({ error: String(error) }));
      if (result?.data?.hello !== 'world') fail(`over a socket: ${JSON.stringify(result)}`);
      await stream.until(3);
      stream.close();
      await socket.close();
    }),
    startLoops(1, async (_client, turn) => {
      const until = Date.now() + SWAP_EVERY_MS;
      const before = await gateway.generation();
      if (turn % WRONG_EVERY === WRONG_EVERY - 1) {
        await write({ unknown: {} });
        await pause(SWAP_EVERY_MS);
        if ((await gateway.generation()) !== before) fail('A wrong change was taken.');
        counts.refused += 1;
        await write();
        await pause(SWAP_EVERY_MS);
        return;
      }
      version += 1;
      await write();
      try {
        // The watcher finds it by itself.
        await gateway.swapped(before);
        counts.swaps += 1;
        const field = `added${version}`;
        const answer = await asker.post({ query: `{ ${field} }` });
        if (answer.data?.[field] !== 'added') fail(`The swap to ${field}: ${JSON.stringify(answer)}`);
      } catch (error) {
        fail(`swap: ${error.message}`);
      }
      while (running && Date.now() < until) await pause(50);
    }),
  ];

  process.stdout.write(TABLE_HEAD);
  // Loading its modules is no part of the first minute.
  await gateway.inspect();
  const startedAt = Date.now();
  const tell = async (minute) => {
    const kept = await gateway.inspect();
    const figures = { minute, ...kept, ...asker.counts, ...counts };
    minuteRows.push(figures);
    process.stdout.write(row(figures));
  };
  for (let minute = 1; minute <= minutes; minute += 1) {
    await pause(startedAt + minute * 60_000 - Date.now());
    await tell(minute);
  }
  running = false;
  // Streams of the loops end with their next events.
  await Promise.all(loops.map((loop) => loop.stop()));
  steady.stopTicking();
  await pause(1_000);
  for (const stream of staying) {
    const { sent } = steady.streams.get(stream.name);
    if (stream.received !== sent) fail(`${stream.name}: ${stream.received} of ${sent} events came`);
    stream.close();
  }
  await asker.close();
  await pause(11_000);
  const after = await gateway.inspect('count');
  process.stdout.write(row({ minute: 'idle', ...after, ...asker.counts, ...counts }));
  const open = { http: steady.count.opened - steady.count.closed, sockets: steady.sockets() + shaky.sockets() };
  if (open.http > 0) fail(`${open.http} streams are still open upstream.`);
  process.stdout.write(
    `\nAt the end: ${JSON.stringify({ ...counts, schemas: after.schemas, timers: after.timers, upstream: open })}\n`,
  );
  const exitCode = await gateway.stop();
  if (exitCode !== 0) fail(`It ended with ${exitCode}.`);
  for (const failure of asker.failures) process.stdout.write(`FAILED: ${failure}\n`);
  const growths = [
    growthOf(minuteRows.map(({ heapMb }) => heapMb)),
    growthOf(
      minuteRows.map(({ heapMb, codeMb }) => heapMb - codeMb),
      'The heap without code',
    ),
  ];
  for (const { text } of growths) process.stdout.write(`${text}\n`);
  failed = asker.counts.failures > 0 || growths.some(({ grows }) => grows);
} finally {
  await gateway.remove();
  await Promise.all([steady.close(), shaky.close()]);
}
process.exitCode = failed ? 1 : 0;
