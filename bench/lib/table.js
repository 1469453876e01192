const whole = (value) => Math.round(value).toLocaleString('en');
const ratio = (value) => value.toFixed(2);
const spread = ({ median, least, most }, print) => `${print(median)} (${print(least)}–${print(most)})`;

const STREAM_NAMES = { floor: 'read and written again by hand', proxy: 'bytes piped' };

/** Prints a table in Markdown: medians, in brackets the least and the most. */
export function printTable({ title, unit, id }, rows) {
  const floor = id === 'stream' ? 'piping' : 'floor';
  const head = [
    title,
    `CPU µs per ${unit}`,
    `ratio to ${floor}, CPU`,
    `${unit}s per second`,
    `ratio to ${floor}, throughput`,
    'core busy',
  ];
  const lines = rows.map(({ name, perSecond, cpuUs, throughputRatio, cpuRatio, busy }) => [
    id === 'stream' ? (STREAM_NAMES[name] ?? name) : name,
    spread(cpuUs, whole),
    spread(cpuRatio, ratio),
    spread(perSecond, whole),
    spread(throughputRatio, ratio),
    `${Math.round(busy.median * 100)} %`,
  ]);
  const print = (cells) => process.stdout.write(`| ${cells.join(' | ')} |\n`);
  process.stdout.write('\n');
  print(head);
  print(head.map((_, index) => (index === 0 ? '---' : '---:')));
  for (const line of lines) print(line);
}
