// Measures what publishing a large OpenAPI source does to other requests: their times while the graph is changed, beside
// their times when nothing is, round after round in one gateway. See docs/benchmarks.md.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Agent, request } from 'undici';
import { summarize } from './lib/percentiles.js';
import { openapiDocument } from './load/documents.js';

const { values: options } = parseArgs({
  options: {
    /** Other builds of the gateway, e.g. of an earlier commit; several are measured in turns. */
    gateway: { type: 'string', multiple: true, default: [fileURLToPath(new URL('..', import.meta.url))] },
    operations: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '20' },
    /** Requests in a second, whatever the answers take. */
    rate: { type: 'string', default: '300' },
    /** How long a window is, such as the minute that a p99 is usually of. Default: as long as publishing takes. */
    'window-s': { type: 'string', default: '0' },
    /** How many documents the requests are of, in turn. */
    documents: { type: 'string', default: '1' },
    /** How long the service behind the gateway takes for an answer. */
    'upstream-ms': { type: 'string', default: '0' },
    /** A folder for CPU profiles. */
    profile: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const operations = Number(options.operations);
const rate = Number(options.rate);
const windowMs = 1_000 * Number(options['window-s']);
const upstreamMs = Number(options['upstream-ms']);
const bodies = Array.from({ length: Number(options.documents) }, (_, i) =>
  JSON.stringify({ query: i === 0 ? '{ hello }' : `query Hello${i} { hello }` }),
);
const REPORT_CPU = fileURLToPath(new URL('lib/report-cpu.js', import.meta.url));
const KEY = 'bench';
/** What is compiled and optimised at first counts for no side. */
const WARM_UP = 3;
/** The process that compiles ends when it is idle for ten seconds: every publish starts as most do, without one. */
const ROUND_MS = 15_000;
const PUBLISH_TIMEOUT_MS = 60_000;
const SMALL =
  'openapi: 3.0.3\ninfo: { title: Small, version: "1" }\npaths:\n  /hello:\n    get:\n      operationId: hello\n      responses: { "200": { description: ok, content: { application/json: { schema: { type: string } } } } }\n';
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

const upstream = createServer((_request, response) => {
  const answer = () => response.writeHead(200, { 'content-type': 'application/json' }).end('"world"');
  if (upstreamMs > 0) setTimeout(answer, upstreamMs);
  else answer();
});
await once(upstream.listen(0, '127.0.0.1'), 'listening');
const address = `http://127.0.0.1:${upstream.address().port}`;
const folder = await mkdtemp(join(tmpdir(), 'skein-publish-'));
const write = async (name, text) => {
  await writeFile(join(folder, `.${name}`), text);
  await rename(join(folder, `.${name}`), join(folder, name));
};
// Shorter than between windows: a socket that the gateway has closed meanwhile is not used again.
const agent = new Agent({ connections: 100, keepAliveTimeout: 400, keepAliveMaxTimeout: 400 });
const gateways = [];
try {
  await write('small.yaml', SMALL);
  // One field of many is another: there is something to find when the graphs are compared.
  const texts = ['state', 'status'].map((name) => openapiDocument(operations).replace('"state"', `"${name}"`));
  await write('large.json', texts[1]);
  // All requests are of one caller, and would share their reads.
  const upstreamOptions = { shareReads: false };
  const source = (document) => ({ kind: 'openapi', document, endpoint: address, upstream: upstreamOptions });
  await write(
    'skein.yaml',
    JSON.stringify({
      keys: [{ name: 'bench', key: KEY }],
      reload: { files: false },
      sources: { small: source('small.yaml'), large: source('large.json') },
    }),
  );
  for (const root of options.gateway) gateways.push(await start(resolve(root)));
  for (let round = 0; round < Number(options.rounds) + WARM_UP; round += 1) {
    await write('large.json', texts[round % 2]);
    for (const gateway of gateways) {
      if (windowMs > 0 && round < WARM_UP) {
        await underLoad(gateway, gateway.publish);
        continue;
      }
      const endsAt = performance.now() + ROUND_MS / gateways.length;
      await pause(500);
      const publishing = await underLoad(gateway, () => Promise.all([gateway.publish(), pause(windowMs)]));
      // Twice without: how far two windows differ in which nothing is published.
      await pause(Math.max(500, endsAt - performance.now() - 2 * publishing.ms - 500));
      const quiet = await underLoad(gateway, () => pause(publishing.ms));
      await pause(500);
      const control = await underLoad(gateway, () => pause(publishing.ms));
      if (round >= WARM_UP) gateway.rounds.push({ publishing, quiet, control });
    }
  }
  for (const { root, rounds } of gateways) report(root, rounds);
} finally {
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  await agent.close();
  upstream.close();
  await rm(folder, { recursive: true });
}

/** Times of requests that are sent at a steady rate while something is done, each from when it was due. */
async function underLoad(gateway, work) {
  const times = [];
  const lateness = [];
  const open = new Set();
  const used = await usage(gateway);
  const startedAt = performance.now();
  let sent = 0;
  const send = () => {
    for (; startedAt + (sent * 1_000) / rate <= performance.now(); sent += 1) {
      const dueAt = startedAt + (sent * 1_000) / rate;
      lateness.push(performance.now() - dueAt);
      const asking = gateway.hello().then(() => {
        times.push(performance.now() - dueAt);
        open.delete(asking);
      });
      // A failure is told when all are waited for.
      asking.catch(() => {});
      open.add(asking);
    }
  };
  const timer = setInterval(send, 1);
  await work();
  const ms = performance.now() - startedAt;
  clearInterval(timer);
  await Promise.all(open);
  const now = await usage(gateway);
  const [gatewayMs, loadMs, machineMs] = now.map((time, i) => time - used[i]);
  return { times, lateness, ms, gatewayMs, othersMs: machineMs - gatewayMs - loadMs };
}

/** CPU time that the gateway, this process, and everything on the machine have used. */
async function usage(gateway) {
  const { user, system } = process.cpuUsage();
  const machine = cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  return [await gateway.cpuMs(), (user + system) / 1e3, machine];
}

function report(root, rounds) {
  const figures = summarize(rounds);
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ root, figures, rounds })}\n`);
    return;
  }
  const at = upstreamMs === 0 ? 'a service that answers at once' : `a service that takes ${upstreamMs} ms`;
  if (gateways.length > 1) console.log(`\n${root}`);
  console.log(`${operations} operations, ${rounds.length} rounds, ${rate} requests a second, ${at}\n`);
  console.log(
    '| | without, ms | while publishing, ms | ratio (95 %) | ratio of two without (95 %) |\n|---|---|---|---|---|',
  );
  const ratio = ({ value, least, most }) => `${value.toFixed(2)} (${least.toFixed(2)}–${most.toFixed(2)})`;
  for (const { name, quiet, publishing, ratios, control } of figures)
    console.log(`| ${name} | ${quiet.toFixed(2)} | ${publishing.toFixed(2)} | ${ratio(ratios)} | ${ratio(control)} |`);
  const spread = (values, digits = 0) => {
    const sorted = [...values].sort((a, b) => a - b);
    const [least, median, most] = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)];
    return `${median.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`;
  };
  const both = (side) => rounds.map((round) => side(round.quiet, round.publishing));
  const cores = availableParallelism();
  const busy = (window) => (100 * window.othersMs) / window.ms / cores;
  console.log('\n| | median (least–most) |\n|---|---|');
  console.log(`| ${windowMs > 0 ? 'a window' : 'publishing'} takes, ms | ${spread(both((_, { ms }) => ms))} |`);
  console.log(
    `| CPU time of it, ms | ${spread(both((quiet, it) => it.gatewayMs - (quiet.gatewayMs * it.ms) / quiet.ms))} |`,
  );
  console.log(
    `| a core busy with requests, without, % | ${spread(both(({ gatewayMs, ms }) => (100 * gatewayMs) / ms))} |`,
  );
  console.log(`| ${cores} cores busy with other things, without, % | ${spread(both(busy))} |`);
  console.log(`| the same while publishing, % | ${spread(both((_, it) => busy(it)))} |`);
  console.log(`| requests in a window | ${spread(both((_, { times }) => times.length))} |`);
}

async function start(root) {
  const script = join(root, 'dist/src/cli/main.js');
  const profile = options.profile ? ['--cpu-prof', '--cpu-prof-dir', options.profile] : [];
  const child = spawn(process.execPath, [...profile, '--import', REPORT_CPU, script, 'start'], {
    env: { ...process.env, NODE_ENV: 'production', PORT: '0', SKEIN_CONFIG: join(folder, 'skein.yaml') },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  let changes = 0;
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      output += chunk;
      changes = output.split('the graph has changed').length - 1;
    });
  let url;
  let asked = 0;
  while (url === undefined) {
    await pause(10);
    if (child.exitCode !== null) throw new Error(output);
    url = /GraphQL +(\S+)/.exec(output)?.[1];
  }
  return {
    root,
    rounds: [],
    async hello() {
      asked += 1;
      const { body } = await request(url, {
        method: 'POST',
        dispatcher: agent,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}` },
        body: bodies[asked % bodies.length],
      });
      const { data } = await body.json();
      if (data?.hello !== 'world') throw new Error('The gateway does not serve.');
    },
    /** Until the graph is changed, and what has changed is known. */
    async publish() {
      const before = changes;
      const deadline = performance.now() + PUBLISH_TIMEOUT_MS;
      child.kill('SIGHUP');
      while (changes === before) {
        if (performance.now() > deadline) throw new Error(`Nothing was published:\n${output.slice(-2_000)}`);
        await pause(10);
      }
    },
    async cpuMs() {
      child.send('cpu');
      return (await once(child, 'message'))[0].cpuUs / 1e3;
    },
    async stop() {
      if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit');
    },
  };
}
