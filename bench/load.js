// Measures what it costs to load large documents: how long a serving gateway's event loop is held up while a source
// comes in, how long loading takes, and what it keeps. See docs/benchmarks.md.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { federationDocument, graphqlDocument, openapiDocument, protoDocument, wsdlDocument } from './load/documents.js';

const { values: options } = parseArgs({
  options: {
    /** Another build of the gateway, e.g. of an earlier commit. */
    gateway: { type: 'string', default: fileURLToPath(new URL('..', import.meta.url)) },
    operations: { type: 'string', default: '1000' },
    /** An OpenAPI document of your own, instead of the generated ones. */
    document: { type: 'string' },
    /** Kinds, by their names in KINDS. */
    only: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    /** A folder for CPU profiles. */
    profile: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const root = resolve(options.gateway);
const count = Number(options.operations);
const MONITOR = fileURLToPath(new URL('lib/report-blocks.js', import.meta.url));
const KEY = 'bench';
const SMALL =
  'openapi: 3.0.3\ninfo: { title: Small, version: "1" }\npaths:\n  /hello:\n    get:\n      operationId: hello\n      responses: { "200": { description: ok, content: { application/json: { schema: { type: string } } } } }\n';
const graphql = createRequire(join(root, 'package.json'))('graphql');

const own = options.document === undefined ? undefined : await readFile(options.document, 'utf8');
const ofGraphql = graphqlDocument(count);
const transforms = {
  prefix: 'Big',
  fields: { '*.field0': { hide: true }, '*.field1': { deprecated: 'Use field2.' } },
};
const ofFederation = federationDocument(count);
const introspection = JSON.stringify({ data: graphql.introspectionFromSchema(graphql.buildSchema(ofGraphql)) });
let isThere = false;
let askedAt = 0;
const upstream = createServer(async (request, response) => {
  request.resume();
  await once(request, 'end');
  const send = (text, status = 200) => response.writeHead(status, { 'content-type': 'application/json' }).end(text);
  if (request.url === '/hello') return send('"world"');
  if (!isThere) return send('', 503);
  if (askedAt === 0) askedAt = performance.now();
  if (request.url === '/openapi') return send(own ?? openapiDocument(count));
  if (request.url === '/wsdl')
    return response.writeHead(200, { 'content-type': 'text/xml' }).end(wsdlDocument(count, `${address}/soap`));
  if (request.url === '/graphql') return send(introspection);
  if (request.url === '/subgraph') return send(JSON.stringify({ data: { _service: { sdl: ofFederation } } }));
  return send('{}', 404);
});
upstream.listen(0, '127.0.0.1');
await once(upstream, 'listening');
const address = `http://127.0.0.1:${upstream.address().port}`;
const folder = await mkdtemp(join(tmpdir(), 'skein-load-'));
await writeFile(join(folder, 'small.yaml'), SMALL);
await writeFile(join(folder, 'large.proto'), protoDocument(count));

const KINDS = {
  openapi: { kind: 'openapi', document: `${address}/openapi`, endpoint: address },
  graphql: { kind: 'graphql', endpoint: `${address}/graphql` },
  federation: { kind: 'federation', endpoint: `${address}/subgraph` },
  soap: { kind: 'soap', document: `${address}/wsdl`, endpoint: `${address}/soap` },
  transforms: { kind: 'graphql', endpoint: `${address}/graphql`, transforms },
  // Two sources of so many operations, as one.
  versions: { kind: 'openapi', document: `${address}/openapi`, endpoint: address },
  // A file is there from the start: only what loading takes and keeps is measured.
  grpc: { kind: 'grpc', document: 'large.proto', endpoint: '127.0.0.1:1' },
};
const chosen = own === undefined ? (options.only?.split(',') ?? Object.keys(KINDS)) : ['openapi'];
const results = {};
try {
  for (const name of chosen) {
    results[name] = [];
    for (let round = 0; round < Number(options.rounds); round += 1)
      results[name].push(await measure(name, KINDS[name]));
    process.stderr.write(
      `${name}: ${results[name].map(({ longestMs }) => longestMs?.toFixed(0) ?? '-').join(' ')} ms\n`,
    );
  }
} finally {
  upstream.close();
  await rm(folder, { recursive: true });
}
if (options.json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
else {
  console.log(
    // The block that lasted longest need not be the one that the thread worked longest in: others have the core, too.
    '| source | longest block, ms | most that the thread worked in one, ms | garbage collection then, wall ms | without loading, ms | load, ms | kept, MB | most of the process, MB |\n|---|---|---|---|---|---|---|---|',
  );
  for (const [name, rounds] of Object.entries(results)) {
    const cell = (field) => spread(rounds.map((round) => round[field]));
    console.log(
      `| ${name} | ${cell('longestMs')} | ${cell('longestCpuMs')} | ${cell('collectedMs')} | ${cell('idleMs')} | ${cell('loadMs')} | ${cell('keptMb')} | ${cell('peakMb')} |`,
    );
  }
}

/** One gateway that serves a small graph while the large source comes. */
async function measure(name, source) {
  isThere = false;
  askedAt = 0;
  const small = { kind: 'openapi', document: 'small.yaml', endpoint: address };
  const isFile = source.kind === 'grpc';
  const isVersions = name === 'versions';
  const config = {
    keys: [{ name: 'bench', key: KEY }],
    sources: { small, large: source, ...(isVersions ? { other: source } : {}) },
    ...(isVersions
      ? { versions: { both: { versions: ['large', 'other'].map((version) => ({ source: version, weight: 1 })) } } }
      : {}),
  };
  if (isFile) {
    await writeFile(join(folder, 'skein.yaml'), JSON.stringify({ ...config, sources: { small } }));
    const before = await start();
    await before.waitFor(1);
    const alone = { ...(await before.ask('reset')), startMs: before.startMs };
    await before.stop();
    await writeFile(join(folder, 'skein.yaml'), JSON.stringify(config));
    const gateway = await start();
    const now = await gateway.ask('read');
    await gateway.stop();
    return { loadMs: gateway.startMs - alone.startMs, keptMb: now.heapMb - alone.heapMb, peakMb: now.rssMb };
  }
  await writeFile(join(folder, 'skein.yaml'), JSON.stringify(config));
  const gateway = await start();
  for (let i = 0; i < 50; i += 1) await gateway.hello();
  // What the machine itself holds up, with nothing to load.
  await gateway.ask('reset');
  for (let i = 0; i < 50; i += 1) await gateway.hello().then(() => new Promise((done) => setTimeout(done, 20)));
  const idle = await gateway.ask('read');
  const before = await gateway.ask('reset');
  isThere = true;
  // Sources come one after the other, each with a generation of the graph.
  await gateway.waitFor(isVersions ? 3 : 2);
  const loadMs = performance.now() - askedAt;
  for (let i = 0; i < 20; i += 1) await gateway.hello();
  const after = await gateway.ask('read');
  await gateway.stop();
  const { longestMs, longestCpuMs, collectedMs, delayMs } = after;
  const keptMb = after.heapMb - before.heapMb;
  return { idleMs: idle.longestMs, longestMs, longestCpuMs, collectedMs, delayMs, loadMs, keptMb, peakMb: after.rssMb };
}

async function start() {
  const startedAt = performance.now();
  const script = join(root, 'dist/src/cli/main.js');
  const child = spawn(
    process.execPath,
    [
      ...(options.profile ? ['--cpu-prof', '--cpu-prof-dir', options.profile] : []),
      '--expose-gc',
      '--import',
      MONITOR,
      script,
      'start',
    ],
    {
      env: { ...process.env, NODE_ENV: 'production', PORT: '0', SKEIN_CONFIG: join(folder, 'skein.yaml') },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  let url;
  while (url === undefined) {
    await new Promise((done) => setTimeout(done, 10));
    if (child.exitCode !== null) throw new Error(output);
    url = /http:\/\/(?:127\.0\.0\.1|localhost|\[::1?\]|0\.0\.0\.0):\d+/.exec(output)?.[0];
  }
  const startMs = performance.now() - startedAt;
  const get = (path) => fetch(new URL(path, url)).then((response) => response.json());
  return {
    startMs,
    async hello() {
      const response = await fetch(new URL('/graphql', url), {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}` },
        body: JSON.stringify({ query: '{ hello }' }),
      });
      const { data } = await response.json();
      if (data?.hello !== 'world') throw new Error('The gateway does not serve.');
    },
    async waitFor(generation) {
      const deadline = Date.now() + 60_000;
      while ((await get('/readyz')).generation < generation) {
        if (Date.now() > deadline) throw new Error(`The source does not come:\n${output}`);
        await new Promise((done) => setTimeout(done, 10));
      }
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

function spread(values) {
  if (values.some((value) => value === undefined)) return '–';
  const sorted = [...values].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  return `${median.toFixed(0)} (${sorted[0].toFixed(0)}–${sorted.at(-1).toFixed(0)})`;
}
