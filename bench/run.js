// Measures the gateway beside others: everything runs at once, each is measured alone, in turns. See docs/benchmarks.md.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measure, summarize } from './lib/measure.js';
import { canPin, pinLoad, start } from './lib/processes.js';
import { printTable } from './lib/table.js';
import { requestFor, startTargets, versions } from './lib/targets.js';
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
  for (const workload of chosen) for (const target of targets) await check(target, workload);
  const results = [];
  for (const workload of chosen) results.push({ workload, rows: await run(workload) });
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

async function run(workload) {
  const measured = targets
    .map((target) => ({ ...target, request: requestFor(target, workload), samples: [] }))
    .filter(({ request }) => request !== undefined);
  const { connections } = workload;
  for (const target of measured) await measure(target, { connections, seconds: warmUpSeconds });
  for (let round = 1; round <= rounds; round += 1) {
    say(`${workload.title}: round ${round} of ${rounds}`);
    // Every other round the other way round, so that nobody always runs behind the same neighbour.
    const order = round % 2 === 1 ? measured : [...measured].reverse();
    for (const target of order) target.samples.push(await measure(target, { connections, seconds }));
  }
  const floor = measured.find(({ name }) => name === (workload.id === 'stream' ? 'proxy' : 'floor'));
  return measured.map(({ name, samples }) => ({
    name,
    perSecond: summarize(samples.map((sample) => sample.perSecond)),
    cpuUs: summarize(samples.map((sample) => sample.cpuUs)),
    // Compared within a round, where both met the same machine.
    throughputRatio: summarize(samples.map((sample, index) => sample.perSecond / floor.samples[index].perSecond)),
    cpuRatio: summarize(samples.map((sample, index) => floor.samples[index].cpuUs / sample.cpuUs)),
    busy: summarize(samples.map((sample) => sample.busy)),
  }));
}

/** A target that answers wrongly, or asks the upstream more often than the others, is not worth measuring. */
async function check(target, workload) {
  const request = requestFor(target, workload);
  if (request === undefined) return;
  const { url, ...init } = request;
  const calls = async () => Number(await (await fetch(`${upstream.url}/calls`)).text());
  for (let sighting = 1; sighting <= 3; sighting += 1) {
    const before = await calls();
    const text = await (await fetch(url, init)).text();
    const made = (await calls()) - before;
    if (!workload.isRight(text, target.isProxy === true))
      throw new Error(`${target.name}, ${workload.id}: ${text.slice(0, 500)}`);
    if (made !== workload.upstreamCalls) throw new Error(`${target.name}, ${workload.id}: ${made} upstream calls.`);
  }
}
