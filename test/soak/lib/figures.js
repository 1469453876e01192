const COLUMNS = [
  ['minute', ({ minute }) => minute],
  ['heap, MB', ({ heapMb }) => heapMb.toFixed(1)],
  ['of it code, MB', ({ codeMb }) => codeMb.toFixed(1)],
  ['RSS, MB', ({ rssMb }) => rssMb.toFixed(0)],
  ['loop p99, ms', ({ delayP99Ms }) => delayP99Ms.toFixed(1)],
  ['loop most, ms', ({ delayMostMs }) => delayMostMs.toFixed(0)],
  ['sockets', ({ sockets }) => sockets],
  ['requests', ({ requests }) => requests],
  ['streams', ({ streams }) => streams],
  ['swaps', ({ swaps }) => swaps],
  ['unexpected failures', ({ failures }) => failures],
];
const line = (cells) => `| ${cells.join(' | ')} |\n`;

export const TABLE_HEAD = line(COLUMNS.map(([name]) => name)) + line(COLUMNS.map(() => '---'));
export const row = (figures) => line(COLUMNS.map(([, cell]) => cell(figures)));

/** Minutes that do not count: caches fill. */
const WARM_UP = 2;
const MOST_MB_PER_MINUTE = 0.5;
const MOST_SHARE = 0.2;
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/**
 * Whether the heap, or a part of it, grows, from what it was at the end of each minute. The slope is the median of the
 * slopes between all pairs of minutes (Theil–Sen), which a few odd ones do not move.
 */
export function growthOf(heaps, name = 'The heap') {
  const counted = heaps.slice(WARM_UP);
  if (counted.length < 4)
    return { grows: false, text: 'Too short to tell whether memory grows: at least six minutes.' };
  const slopes = counted.flatMap((from, i) => counted.slice(i + 1).map((to, k) => (to - from) / (k + 1)));
  const perMinute = median(slopes);
  const third = Math.max(1, Math.floor(counted.length / 3));
  const share = median(counted.slice(-third)) / median(counted.slice(0, third)) - 1;
  const grows = perMinute > MOST_MB_PER_MINUTE || share > MOST_SHARE;
  const figures = `${perMinute.toFixed(2)} MB a minute, last third against first: ${(share * 100).toFixed(1)} %`;
  return { grows, text: `${name} ${grows ? 'grows' : 'does not grow'}: ${figures}.` };
}
