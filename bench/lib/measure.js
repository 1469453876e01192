import autocannon from 'autocannon';

/** One measurement: requests (or streams) a second, and the CPU time of the target for each. */
export async function measure(target, { connections, seconds }) {
  const { url, method, headers, body } = target.request;
  const before = await target.process.usage();
  const result = await autocannon({ url, method, headers, body, connections, duration: seconds, timeout: 30 });
  const after = await target.process.usage();
  const failures = result.errors + result.timeouts + result.non2xx;
  if (failures > 0) throw new Error(`${target.name}: ${failures} of ${result.requests.sent} requests failed.`);
  const done = result['2xx'];
  return {
    perSecond: done / result.duration,
    cpuUs: (after.cpuUs - before.cpuUs) / done,
    busy: (after.cpuUs - before.cpuUs) / (result.duration * 1e6),
  };
}

/** Median with the least and the most. */
export function summarize(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, least: sorted[0], most: sorted.at(-1) };
}
