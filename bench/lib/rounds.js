import { measure, summarize } from './measure.js';
import { requestFor } from './targets.js';

/** Measures the targets in turns; rows with medians, and ratios to the target that `floorName` names. */
export async function runRounds(workload, targets, { rounds, seconds, warmUpSeconds, floorName, say }) {
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
  const floor = measured.find(({ name }) => name === floorName);
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
export async function check(target, workload, upstream) {
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
