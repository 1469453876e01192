// Measures the gateway beside others: everything runs at once, each is measured alone, in turns. See docs/benchmarks.md.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { canPin, pinLoad, start } from './lib/processes.js';
import { check, runRounds } from './lib/rounds.js';
import { printTable } from './lib/table.js';
import { startTargets, versions } from './lib/targets.js';
import { workloads } from './workloads.js';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const seconds = options.quick ? 1 : 2;
const warmUpSeconds = options.quick ? 1 : 4;
const rounds = Number(options.rounds ?? (options.quick ? 2 : 5));
const chosen =
  options.only === undefined ? workloads : workloads.filter(({ id }) => options.only.split(',').includes(id));
if (chosen.length === 0) throw new Error(`--only takes ${workloads.map(({ id }) => id).join(', ')}.`);

pinLoad();
const say = (text) => process.stderr.write(`${text}\n`);
say(canPin ? 'Gateways have a core of their own.' : 'Processes are not held to cores here: figures spread more.');

const script = fileURLToPath(new URL('upstream.js', import.meta.url));
const upstream = await start({ name: 'upstream', script, env: { PORT: '0' }, core: 'load' });
let targets = [];
try {
  targets = await startTargets(upstream);
  // Before there is any load, which would blur the count of upstream calls.
  for (const workload of chosen) for (const target of targets) await check(target, workload, upstream);
  const results = [];
  for (const workload of chosen)
    results.push({
      workload,
      rows: await runRounds(workload, targets, { rounds, seconds, warmUpSeconds, floorName: floorOf(workload), say }),
    });
  if (options.json)
    process.stdout.write(
      `${JSON.stringify(
        results.map(({ workload, rows }) => ({ workload: workload.id, rows })),
        null,
        2,
      )}\n`,
    );
  else for (const { workload, rows } of results) printTable(workload, rows);
  say(
    `Node ${process.versions.node}; ${Object.entries(versions())
      .map((entry) => entry.join(' '))
      .join(', ')}; ${rounds} rounds of ${seconds} s.`,
  );
} finally {
  await Promise.all([...targets.map(({ process }) => process.stop()), upstream.stop()]);
}

function floorOf({ id }) {
  return id === 'stream' ? 'proxy' : 'floor';
}
