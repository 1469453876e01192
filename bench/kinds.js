// Measures one question to every kind of source beside the same question asked by hand. See docs/benchmarks.md.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { workloads } from './kinds/workloads.js';
import { canPin, pinLoad, start } from './lib/processes.js';
import { check, runRounds } from './lib/rounds.js';
import { printTable } from './lib/table.js';
import { freePort } from './lib/targets.js';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string' },
  },
});
const seconds = options.quick ? 1 : 2;
const warmUpSeconds = options.quick ? 1 : 4;
const rounds = Number(options.rounds ?? (options.quick ? 2 : 5));
const chosen = workloads.filter(({ id }) => options.only === undefined || options.only.split(',').includes(id));
if (chosen.length === 0) throw new Error(`--only takes ${workloads.map(({ id }) => id).join(', ')}.`);

pinLoad();
const say = (text) => process.stderr.write(`${text}\n`);
say(canPin ? 'Gateways have a core of their own.' : 'Processes are not held to cores here: figures spread more.');
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const KEY = 'bench-key';

const upstream = await start({ name: 'upstream', script: here('kinds/upstream.js'), env: { PORT: '0' }, core: 'load' });
const targets = [];
try {
  const rpc = await (await fetch(`${upstream.url}/grpc`)).text();
  const env = { UPSTREAM_URL: upstream.url, UPSTREAM_GRPC: rpc, PORT: '0' };
  const skein = { ...env, SKEIN_CONFIG: here('kinds/skein.yaml'), SKEIN_API_KEY: KEY };
  const authorization = `Bearer ${KEY}`;
  const add = async (name, startOptions, door) =>
    targets.push({ name, process: await start({ name, core: 'gateway', ...startOptions }), ...door });
  await add('floor', { script: here('kinds/floor.js'), env }, { path: ({ id }) => `/${id}` });
  await add(
    'Skein, direct',
    { script: here('../dist/src/cli/main.js'), args: ['start'], env: skein },
    { authorization },
  );
  await add('Skein, stitched', { script: here('targets/skein-stitched.js'), env: skein }, { authorization });
  const folder = mkdtempSync(join(tmpdir(), 'skein-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const supergraph = join(folder, 'supergraph.graphql');
  const composed = spawnSync(process.execPath, [here('kinds/compose.js'), supergraph], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  if (composed.status !== 0) throw new Error(composed.stderr);
  for (const flags of [[], ['--jit']]) {
    const port = await freePort();
    const script = here('node_modules/@graphql-hive/gateway/dist/bin.js');
    const args = ['supergraph', supergraph, '--host', '127.0.0.1', '--port', String(port), '--polling', '1h', ...flags];
    const hive = { script, args, env: {}, url: `http://127.0.0.1:${port}`, cwd: folder };
    await add(['Hive Gateway', ...flags].join(' '), hive, { only: 'federation' });
  }
  const targetsOf = ({ id }) => targets.filter(({ only }) => only === undefined || only === id);
  for (const workload of chosen) for (const target of targetsOf(workload)) await check(target, workload, upstream);
  for (const workload of chosen) {
    const how = { rounds, seconds, warmUpSeconds, floorName: 'floor', say };
    printTable(workload, await runRounds(workload, targetsOf(workload), how));
  }
} finally {
  await Promise.all([...targets.map(({ process: target }) => target.stop()), upstream.stop()]);
}
