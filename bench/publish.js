// Measures what publishing a large OpenAPI source does to other requests: their times while the graph is changed, beside
// their times just before, round after round in one gateway. See docs/benchmarks.md.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Agent, request } from 'undici';
import { openapiDocument } from './load/documents.js';

const { values: options } = parseArgs({
  options: {
    /** Another build of the gateway, e.g. of an earlier commit. */
    gateway: { type: 'string', default: fileURLToPath(new URL('..', import.meta.url)) },
    operations: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '10' },
    /** Requests in a second, whatever the answers take. */
    rate: { type: 'string', default: '200' },
    /** A folder for a CPU profile. */
    profile: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const root = resolve(options.gateway);
const operations = Number(options.operations);
const rate = Number(options.rate);
const MONITOR = fileURLToPath(new URL('lib/report-blocks.js', import.meta.url));
const KEY = 'bench';
/** What is compiled and optimised at first counts for neither side. */
const WARM_UP = 2;
const SMALL =
  'openapi: 3.0.3\ninfo: { title: Small, version: "1" }\npaths:\n  /hello:\n    get:\n      operationId: hello\n      responses: { "200": { description: ok, content: { application/json: { schema: { type: string } } } } }\n';
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

const upstream = createServer((_request, response) =>
  response.writeHead(200, { 'content-type': 'application/json' }).end('"world"'),
);
await once(upstream.listen(0, '127.0.0.1'), 'listening');
const address = `http://127.0.0.1:${upstream.address().port}`;
const folder = await mkdtemp(join(tmpdir(), 'skein-publish-'));
const write = async (name, text) => {
  await writeFile(join(folder, `.${name}`), text);
  await rename(join(folder, `.${name}`), join(folder, name));
};
const agent = new Agent({ connections: 50, keepAliveTimeout: 60_000 });
let child;
try {
  await write('small.yaml', SMALL);
  const texts = [0, 1].map((version) => openapiDocument(operations).replace('"Large"', `"Large ${version}"`));
  await write('large.json', texts[1]);
  const source = (document) => ({ kind: 'openapi', document, endpoint: address });
  await write(
    'skein.yaml',
    JSON.stringify({
      keys: [{ name: 'bench', key: KEY }],
      reload: { files: false },
      sources: { small: source('small.yaml'), large: source('large.json') },
    }),
  );
  const gateway = await start();
  const rounds = [];
  for (let round = 0; round < Number(options.rounds) + WARM_UP; round += 1) {
    const before = await gateway.generation();
    let lastMs = rounds.at(-1)?.publishMs ?? 1_000;
    await gateway.ask('reset');
    const quiet = await underLoad(gateway, () => pause(lastMs));
    const quietBlocks = await gateway.ask('read');
    await write('large.json', texts[round % 2]);
    await pause(300);
    await gateway.ask('reset');
    const from = performance.now();
    const publishing = await underLoad(gateway, async () => {
      child.kill('SIGHUP');
      while ((await gateway.generation()) === before) await pause(20);
      lastMs = performance.now() - from;
    });
    const blocks = await gateway.ask('read');
    rounds.push({
      publishMs: lastMs,
      quiet,
      publishing,
      quietBlocks: { longestMs: quietBlocks.longestMs, longestCpuMs: quietBlocks.longestCpuMs },
      blocks: { longestMs: blocks.longestMs, longestCpuMs: blocks.longestCpuMs, collectedMs: blocks.collectedMs },
    });
  }
  await gateway.stop();
  report(rounds.slice(WARM_UP));
} finally {
  child?.kill('SIGKILL');
  await agent.close();
  upstream.close();
  await rm(folder, { recursive: true });
}

/** Times of requests that are sent at a steady rate while something is done, each from when it was due. */
async function underLoad(gateway, work) {
  const times = [];
  const open = new Set();
  const startedAt = performance.now();
  let sent = 0;
  const send = () => {
    for (; startedAt + (sent * 1_000) / rate <= performance.now(); sent += 1) {
      const dueAt = startedAt + (sent * 1_000) / rate;
      const asking = gateway.hello().then(() => {
        times.push(performance.now() - dueAt);
        open.delete(asking);
      });
      open.add(asking);
    }
  };
  const timer = setInterval(send, 1);
  await work();
  clearInterval(timer);
  await Promise.all(open);
  return times;
}

function report(rounds) {
  const pooled = (side) => rounds.flatMap((round) => round[side]);
  const figures = [50, 90, 99, 99.9].map((share) => {
    const of = (times) => percentile(times, share);
    const quiet = of(pooled('quiet'));
    const publishing = of(pooled('publishing'));
    const ratios = rounds.map((round) => of(round.publishing) / of(round.quiet));
    return { share, quiet, publishing, ratio: publishing / quiet, ratios };
  });
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ figures, rounds }, null, 2)}\n`);
    return;
  }
  console.log(`${operations} operations, ${rounds.length} rounds, ${rate} requests a second`);
  console.log(
    '| | without, ms | while publishing, ms | ratio | ratio of a round: median (least–most) |\n|---|---|---|---|---|',
  );
  for (const { share, quiet, publishing, ratio, ratios } of figures)
    console.log(
      `| p${share} | ${quiet.toFixed(2)} | ${publishing.toFixed(2)} | ${ratio.toFixed(2)} | ${spread(ratios, 2)} |`,
    );
  console.log('\n| | without, ms | while publishing, ms |\n|---|---|---|');
  for (const [name, field] of [
    ['longest block of the event loop', 'longestMs'],
    ['of it the thread worked', 'longestCpuMs'],
  ])
    console.log(
      `| ${name} | ${spread(rounds.map(({ quietBlocks }) => quietBlocks[field]))} | ${spread(rounds.map(({ blocks }) => blocks[field]))} |`,
    );
  console.log(`| publishing takes | – | ${spread(rounds.map(({ publishMs }) => publishMs))} |`);
  console.log(`| requests | ${pooled('quiet').length} | ${pooled('publishing').length} |`);
}

function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil((sorted.length * share) / 100) - 1)];
}

function spread(values, digits = 0) {
  const sorted = [...values].sort((a, b) => a - b);
  const [least, most] = [sorted[0], sorted.at(-1)];
  return `${sorted[sorted.length >> 1].toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`;
}

async function start() {
  const script = join(root, 'dist/src/cli/main.js');
  const profile = options.profile ? ['--cpu-prof', '--cpu-prof-dir', options.profile] : [];
  child = spawn(process.execPath, [...profile, '--expose-gc', '--import', MONITOR, script, 'start'], {
    env: { ...process.env, NODE_ENV: 'production', PORT: '0', SKEIN_CONFIG: join(folder, 'skein.yaml') },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  let url;
  while (url === undefined) {
    await pause(10);
    if (child.exitCode !== null) throw new Error(output);
    url = /GraphQL +(\S+)/.exec(output)?.[1];
  }
  return {
    async hello() {
      const { body } = await request(url, {
        method: 'POST',
        dispatcher: agent,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}` },
        body: '{"query":"{ hello }"}',
      });
      const { data } = await body.json();
      if (data?.hello !== 'world') throw new Error('The gateway does not serve.');
    },
    async generation() {
      const { body } = await request(new URL('/readyz', url));
      return (await body.json()).generation;
    },
    async ask(message) {
      child.send(message);
      return (await once(child, 'message'))[0];
    },
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
