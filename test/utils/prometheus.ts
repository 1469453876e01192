export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: readonly MetricSample[];
}

export interface MetricSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A scrape, as a test wants to read it. */
export interface Scrape {
  readonly families: ReadonlyMap<string, MetricFamily>;
  /** The one sample with this name and these labels, whatever other labels it has; undefined when there is none. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
  /** All samples with the name. */
  all(name: string): readonly MetricSample[];
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const HELP = new RegExp(`^# HELP (${NAME}) (\\S.*)$`);
const TYPE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram|summary|untyped)$`);
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`);
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"(?:,(?=.)|$)/;
const NUMBER = /^(?:[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?)|[+-]Inf|NaN|Nan)$/i;

/**
 * Reads the text format of Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/), and nothing that is not
 * it: throws on a line out of place, a family or a sample that comes twice, a histogram whose buckets do not add up.
 */
export function readPrometheus(text: string): Scrape {
  if (!text.endsWith('\n')) throw new Error('The last line has no end.');
  const families = new Map<string, MetricFamily & { readonly samples: MetricSample[] }>();
  const byName = new Map<string, MetricSample[]>();
  const seen = new Set<string>();
  let help: RegExpExecArray | undefined;
  let family: (MetricFamily & { readonly samples: MetricSample[] }) | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue;
    const told = HELP.exec(line);
    const typed = TYPE.exec(line);
    const sample = line.startsWith('#') ? null : SAMPLE.exec(line);
    if (told !== null) {
      help = told;
      family = undefined;
    } else if (typed !== null) {
      const [, name = '', type = ''] = typed;
      if (help?.[1] !== name) throw new Error(`The type does not follow its help: ${line}`);
      if (families.has(name)) throw new Error(`The family comes twice: ${line}`);
      family = { name, help: help[2] ?? '', type, samples: [] };
      families.set(name, family);
    } else if (sample !== null && family !== undefined) {
      const [, name = '', labels = '', value = ''] = sample;
      if (!belongs(name, family)) throw new Error(`The sample is not of ${family.name}: ${line}`);
      if (!NUMBER.test(value)) throw new Error(`The value is no number: ${line}`);
      const read = readLabels(labels, line);
      const key = `${name} ${JSON.stringify(Object.entries(read).sort())}`;
      if (seen.has(key)) throw new Error(`The sample comes twice: ${line}`);
      seen.add(key);
      const found = { name, labels: read, value: Number(value.replace('Inf', 'Infinity')) };
      family.samples.push(found);
      const same = byName.get(name);
      if (same === undefined) byName.set(name, [found]);
      else same.push(found);
    } else throw new Error(`The line is none of the format: ${line}`);
  }
  for (const each of families.values()) check(each);
  const all = (name: string) => byName.get(name) ?? [];
  return {
    families,
    all,
    value(name, labels = {}) {
      const found = all(name).filter((of) => Object.entries(labels).every(([key, value]) => of.labels[key] === value));
      if (found.length > 1)
        throw new Error(`There are ${found.length} samples of ${name} with ${JSON.stringify(labels)}.`);
      return found[0]?.value;
    },
  };
}

function belongs(sample: string, { name, type }: MetricFamily): boolean {
  return type === 'histogram'
    ? /^_(bucket|sum|count)$/.test(sample.slice(name.length)) && sample.startsWith(name)
    : sample === name;
}

function readLabels(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (let rest = text; rest !== ''; ) {
    const [whole = '', name = '', value = ''] = LABEL.exec(rest) ?? [];
    if (whole === '' || name in labels) throw new Error(`The labels cannot be read: ${line}`);
    labels[name] = value.replace(/\\([\\n"])/g, (_all, sign: string) => (sign === 'n' ? '\n' : sign));
    rest = rest.slice(whole.length);
  }
  return labels;
}

function check({ name, type, samples }: MetricFamily): void {
  if (type === 'counter')
    for (const { value } of samples) if (!(value >= 0)) throw new Error(`The counter ${name} is ${value}.`);
  if (type !== 'histogram') return;
  const series = new Map<string, MetricSample[]>();
  for (const sample of samples) {
    const { le: _, ...labels } = sample.labels;
    const key = JSON.stringify(labels);
    const own = series.get(key);
    if (own === undefined) series.set(key, [sample]);
    else own.push(sample);
  }
  for (const own of series.values()) {
    const buckets = own.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => Number(labels.le?.replace('Inf', 'Infinity')));
    const isRising = (numbers: readonly number[]) =>
      numbers.every((one, at) => at === 0 || one >= (numbers[at - 1] ?? 0));
    const count = own.find((sample) => sample.name === `${name}_count`)?.value;
    const isWhole = own.some((sample) => sample.name === `${name}_sum`) && bounds.at(-1) === Number.POSITIVE_INFINITY;
    if (
      !isWhole ||
      buckets.at(-1)?.value !== count ||
      !isRising(bounds) ||
      !isRising(buckets.map(({ value }) => value))
    )
      throw new Error(`The histogram ${name} does not add up: ${JSON.stringify(own)}`);
  }
}
