// Measures what it costs to have many keys and tenants: how long a gateway takes to start, its memory, and how long a
// request with a key takes, with 100,000 keys of 10,000 tenants beside the same with 10 keys. See docs/benchmarks.md.
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Agent, request } from 'undici';

const { values: options } = parseArgs({
  options: {
    /** A build of the gateway: the folder with dist/ in it. */
    gateway: { type: 'string', default: fileURLToPath(new URL('..', import.meta.url)) },
    keys: { type: 'string', default: '100000' },
    tenants: { type: 'string', default: '10000' },
    /** Starts of each gateway. */
    starts: { type: 'string', default: '5' },
    /** Turns of requests to each gateway. */
    rounds: { type: 'string', default: '20' },
    requests: { type: 'string', default: '1000' },
    json: { type: 'boolean', default: false },
  },
});
const root = resolve(options.gateway);
const REPORT_MEMORY = fileURLToPath(new URL('lib/report-memory.js', import.meta.url));
/** Keys of the tenant whose graph is asked; all others are of other tenants. */
const ASKED_SHARE = 0.1;
const WARM_UP = 3;
const BATCH = 5_000;
const START_TIMEOUT_MS = 300_000;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

const folder = await mkdtemp(join(tmpdir(), 'skein-control-plane-'));
const agent = new Agent({ connections: 1 });
try {
  await writeFile(join(folder, 'hello.graphql'), 'type Query { hello: String }\n');
  // What is asked needs no service: the time is the gateway's own.
  const hello = { kind: 'graphql', endpoint: 'http://127.0.0.1:9/', document: 'hello.graphql' };
  const config = { keys: [{ name: 'bench', key: 'bench' }], sources: { hello } };
  await writeFile(join(folder, 'skein.yaml'), JSON.stringify(config));
  const sides = [
    { name: '10 keys, 1 tenant', keys: 10, tenants: 1 },
    {
      name: `${options.keys} keys, ${options.tenants} tenants`,
      keys: Number(options.keys),
      tenants: Number(options.tenants),
    },
  ];
  for (const [index, side] of sides.entries()) {
    side.data = join(folder, String(index));
    side.secrets = await seed(side);
    side.starts = [];
    side.memory = [];
    side.times = [];
    side.cpu = [];
    // The first start makes what a gateway keeps of its own.
    await (await start(side)).stop();
  }
  for (let turn = 0; turn < Number(options.starts); turn += 1)
    for (const side of sides) {
      const gateway = await start(side);
      side.starts.push(gateway.startMs);
      side.memory.push(await gateway.tell('memory'));
      await gateway.stop();
    }
  for (const side of sides) side.gateway = await start(side);
  try {
    for (let round = 0; round < Number(options.rounds) + WARM_UP; round += 1)
      for (const side of sides) {
        const before = await side.gateway.tell('cpu');
        const times = await ask(side);
        const { cpuMs } = await side.gateway.tell('cpu');
        if (round < WARM_UP) continue;
        side.times.push(times);
        side.cpu.push((cpuMs - before.cpuMs) / times.length);
      }
  } finally {
    await Promise.all(sides.map((side) => side.gateway?.stop()));
  }
  report(sides);
} finally {
  await agent.close();
  await rm(folder, { recursive: true });
}

/** Writes tenants with an app each, and keys of those apps. Resolves with keys of the tenant that is asked. */
async function seed({ data, keys, tenants }) {
  const { connectStore, embeddedUri } = await import(join(root, 'dist/admin/store/connect.js'));
  const { createStore } = await import(join(root, 'dist/admin/store/store.js'));
  const { newId } = await import(join(root, 'dist/admin/ids.js'));
  const log = { debug() {}, info() {}, warn: console.warn, error: console.error };
  const connection = await connectStore({ uri: embeddedUri(data), log });
  const store = await createStore(connection, { clock: Date });
  const at = new Date();
  let seq = 0;
  const record = (tenant, _id, fields) => {
    seq += 1;
    return { _id, tenant, version: 1, seq, createdAt: at, updatedAt: at, archivedAt: null, ...fields };
  };
  const described = { title: '', description: '', rates: [] };
  const ids = ['default', ...Array.from({ length: tenants - 1 }, () => newId('ten'))];
  const all = ids.map((id, index) => {
    const name = index === 0 ? 'default' : `tenant-${index}`;
    return record(id, id, { name, ...described, trusted: index === 0, network: 'any' });
  });
  const apps = ids.map((id) => record(id, newId('app'), { name: 'web', ...described }));
  const asked = tenants === 1 ? keys : Math.round(keys * ASKED_SHARE);
  const secrets = [];
  const made = Array.from({ length: keys }, (_, index) => {
    const app = index < asked ? apps[0] : apps[1 + (index % (tenants - 1))];
    const secret = `skein_${randomBytes(24).toString('base64url')}`;
    if (index < asked) secrets.push(secret);
    return record(app.tenant, newId('key'), {
      app: app._id,
      name: `key ${index}`,
      hash: createHash('sha256').update(secret).digest('base64url'),
      prefix: secret.slice(0, 12),
      expiresAt: null,
      revokedAt: null,
      replaces: null,
      products: [],
      origins: [],
      cidrs: [],
      rates: [],
      lastUsedAt: null,
    });
  });
  for (const [name, records] of [
    ['tenants', all],
    ['apps', apps],
    ['keys', made],
  ])
    for (let from = 0; from < records.length; from += BATCH)
      await connection.models[name].insertMany(records.slice(from, from + BATCH), { lean: true });
  await connection.models.counters.updateOne({ _id: 'changes' }, { $set: { value: seq } }, { upsert: true });
  await store.close();
  return secrets;
}

/** Times of requests one after the other, each with another key. */
async function ask({ gateway, secrets }) {
  const times = [];
  for (let count = 0; count < Number(options.requests); count += 1) {
    const key = secrets[Math.floor(Math.random() * secrets.length)];
    const startedAt = performance.now();
    const { statusCode, body } = await request(gateway.url, {
      method: 'POST',
      dispatcher: agent,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: '{"query":"{ __typename }"}',
    });
    const text = await body.text();
    times.push(performance.now() - startedAt);
    if (statusCode !== 200 || !text.includes('"Query"')) throw new Error(`${statusCode}: ${text}`);
  }
  return times;
}

async function start({ data }) {
  const startedAt = performance.now();
  const script = join(root, 'dist/src/cli/main.js');
  const child = spawn(process.execPath, ['--expose-gc', '--import', REPORT_MEMORY, script, 'start'], {
    env: {
      ...process.env,
      NODE_ENV: 'production',
      PORT: '0',
      SKEIN_DATA: data,
      SKEIN_LOG: 'error',
      SKEIN_CONFIG: join(folder, 'skein.yaml'),
      SKEIN_ADMIN_TOKEN: 'token-of-the-benchmark',
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  let url;
  while (url === undefined) {
    await pause(5);
    if (child.exitCode !== null || performance.now() - startedAt > START_TIMEOUT_MS) throw new Error(output);
    url = /GraphQL +(\S+)/.exec(output)?.[1];
  }
  const startMs = performance.now() - startedAt;
  return {
    url,
    startMs,
    /** `memory`: after what is garbage was collected; `cpu`: the time used so far. */
    async tell(what) {
      const answered = once(child, 'message');
      child.send(what);
      return (await answered)[0];
    },
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function report(sides) {
  if (options.json) {
    const shown = sides.map(({ name, starts, memory, times, cpu }) => ({ name, starts, memory, times, cpu }));
    process.stdout.write(`${JSON.stringify(shown)}\n`);
    return;
  }
  const load = loadavg()[0].toFixed(1);
  console.log(`${options.starts} starts, ${options.rounds} rounds of ${options.requests} requests`);
  console.log(`${availableParallelism()} cores, load of the machine ${load}\n`);
  console.log(`| | ${sides.map(({ name }) => name).join(' | ')} |\n|---|---|---|`);
  const line = (name, figure) => console.log(`| ${name} | ${sides.map(figure).join(' | ')} |`);
  const mb = (bytes) => bytes / 1_048_576;
  line('start, ms', ({ starts }) => spread(starts));
  line('CPU time of a start, ms', ({ memory }) => spread(memory.map(({ cpuMs }) => cpuMs)));
  line('resident memory, MB', ({ memory }) => spread(memory.map(({ rssBytes }) => mb(rssBytes))));
  line('heap and buffers, MB', ({ memory }) => spread(memory.map(({ keptBytes }) => mb(keptBytes))));
  for (const level of [50, 95, 99])
    line(`request, p${level} of rounds, ms`, ({ times }) =>
      spread(
        times.map((round) => percentile(round, level)),
        3,
      ),
    );
  line('CPU time of a request, ms', ({ cpu }) => spread(cpu, 3));
}

/** Median (least–most). */
function spread(values, digits = 0) {
  const sorted = [...values].sort((a, b) => a - b);
  const [least, median, most] = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)];
  return `${median.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`;
}

function percentile(values, level) {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor((level / 100) * sorted.length))];
}
