import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { silentLog } from '../../kernel/ports.ts';
import { cacheOptions } from '../../sources/cache/options.ts';
import { formatProblems } from '../../src/config/print-problems.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { corsOptions, keyOptions, limitOptions, reloadOptions, SECTIONS } from '../../src/config/schema.ts';
import { createGraph } from '../../src/graph/graph.ts';
import { authOptions } from '../../src/identity/options.ts';
import { usageOptions } from '../../src/metering/options.ts';
import { ratesOptions } from '../../src/policy/rates/options.ts';
import { folderWith, readOptionTables, readYamlBlocks } from '../utils/docs.ts';

const markdown = await readFile('docs/configuration.md', 'utf8');
const blocks = readYamlBlocks(markdown);
const schemas = new Map<string, z.ZodObject>();
collect('keys', keyOptions);
collect('auth', authOptions);
collect('cors', corsOptions);
collect('limits', limitOptions);
collect('rates', ratesOptions);
collect('reload', reloadOptions);
collect('cache', cacheOptions);
collect('usage', usageOptions);
for (const [name, { entry }] of Object.entries(SECTIONS)) collect(name, entry);
const tables = forEveryKind(readOptionTables(markdown));

/** Every map of named options that a place of the file can hold, by that place. */
function collect(place: string, schema: z.core.$ZodType): void {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodDiscriminatedUnion) {
    for (const option of inner.options as z.ZodObject[]) collect(`${place}.${kindOf(option)}`, option);
  } else if (inner instanceof z.ZodObject) {
    schemas.set(place, inner);
    for (const [key, value] of Object.entries(inner.shape)) collect(`${place}.${key}`, value);
  } else if (inner instanceof z.ZodUnion) for (const option of inner.options) collect(place, option);
  else if (inner instanceof z.ZodRecord) collect(place, inner.valueType);
  else if (inner instanceof z.ZodArray) collect(place, inner.element);
}

/** The tables of places with `*`, each at every place that it stands for. */
function forEveryKind(read: ReturnType<typeof readOptionTables>): typeof read {
  const all: typeof read = new Map();
  for (const [pattern, rows] of read) {
    const fits = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '[a-z]+')}$`);
    const meant = pattern.includes('*') ? [...schemas.keys()].filter((place) => fits.test(place)) : [pattern];
    for (const place of meant) all.set(place, [...(all.get(place) ?? []), ...rows]);
  }
  return all;
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.ZodDefault || schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault
    ? unwrap(schema.unwrap())
    : schema;
}

function kindOf(option: z.ZodObject): string {
  return String((option.shape.kind as z.ZodLiteral).value);
}

/** A type in the words of the tables. */
function typeText(schema: z.core.$ZodType): string {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodURL) return 'URL';
  if (inner instanceof z.ZodISODate) return 'date';
  if (inner instanceof z.ZodString) return inner.minLength === 1 ? 'text, not empty' : 'text';
  if (inner instanceof z.ZodNumber) {
    const { minValue, maxValue } = inner;
    const kind = inner.isInt ? 'whole number' : 'number';
    const isOpen = maxValue === null || maxValue >= Number.MAX_SAFE_INTEGER;
    return `${kind}, ${isOpen ? `at least ${minValue}` : `${minValue} to ${maxValue}`}`;
  }
  if (inner instanceof z.ZodBoolean) return 'true or false';
  if (inner instanceof z.ZodLiteral || inner instanceof z.ZodEnum) {
    const values = inner instanceof z.ZodEnum ? inner.options : [...inner.values];
    return values
      .map((value) => `\`${value}\``)
      .join(', ')
      .replace(/, ([^,]*)$/, ' or $1');
  }
  if (inner instanceof z.ZodUnion) {
    const forms = inner.options.map((form) => typeText(form).replace(', not empty', ''));
    return forms.join(forms.some((form) => form.includes(' or ')) ? ', or ' : ' or ');
  }
  if (inner instanceof z.ZodArray)
    return `list of ${typeText(inner.element).replace(/map$/, 'maps').replace(', not empty', '')}`;
  if (inner instanceof z.ZodObject) return 'map';
  if (inner instanceof z.ZodRecord) {
    const value = unwrap(inner.valueType);
    if (value instanceof z.ZodURL) return 'map of URLs';
    return value instanceof z.ZodString ? 'map of text' : 'map';
  }
  if (inner instanceof z.ZodLazy) return 'any value';
  throw new Error(`No words for the type ${inner.constructor.name}.`);
}

function defaultText(schema: z.core.$ZodType): string {
  const result = z.safeParse(schema, undefined);
  if (!result.success) return 'required';
  // What is in a map has its defaults in the map's own table.
  if (result.data === undefined || unwrap(schema) instanceof z.ZodObject) return '—';
  if (result.data === '') return 'empty';
  return `\`${typeof result.data === 'string' ? result.data : JSON.stringify(result.data)}\``;
}

async function problemsOf(skeinYaml: string, env: Readonly<Record<string, string>>): Promise<string> {
  const folder = await folderWith(skeinYaml);
  const reading = await readConfig(join(folder, 'skein.yaml'), env);
  const generation = { rules: [], maxTokens: 10_000 };
  const problems = await createGraph(reading.config, reading.problems, { log: silentLog, generation }).then(
    (graph) => graph.dispose().then(() => []),
    (error) => error.problems,
  );
  await rm(folder, { recursive: true });
  return formatProblems(problems, { file: 'skein.yaml', locate: reading.locate });
}

describe('docs/configuration.md', () => {
  it('has a table for every map of options, and for nothing else', () => {
    expect([...tables.keys()].sort()).toEqual(['skein.yaml', ...schemas.keys()].sort());
  });

  it('has a row for every section that the file may have', async () => {
    const sections = tables.get('skein.yaml')?.map(({ option }) => option);
    expect(await problemsOf('[]', {})).toContain(`a map of ${sections?.join(', ')}, but`);
  });

  it.each([...schemas])('has every option of %s with its type and default', (place, { shape }) => {
    const told = tables.get(place)?.map((row) => [row.option, row.type, row.default]);
    const actual = Object.entries(shape).map(([key, schema]) => [key, typeText(schema), defaultText(schema)]);
    expect(told?.sort()).toEqual(actual.sort());
  });

  it('marks every yaml block, so that each is tested', () => {
    const unmarked = blocks.filter(({ marker }) => !/^(complete|mistakes$|link: )/.test(marker));
    expect(unmarked.map(({ line }) => line)).toEqual([]);
    expect(blocks.length).toBeGreaterThan(10);
  });

  it.each(blocks.filter(({ marker }) => marker.startsWith('complete')))(
    'has a complete example without mistakes at line $line',
    async ({ marker, text }) => {
      const env = Object.fromEntries([...marker.matchAll(/(\w+)=(\S*)/g)].map((match) => [match[1], match[2]]));
      expect(await problemsOf(text, env)).toBe('');
    },
  );

  it('shows mistakes as they are told', async () => {
    const [example] = blocks.filter(({ marker }) => marker === 'mistakes');
    expect(await problemsOf(example?.text ?? '', {})).toBe(example?.next);
  });
});
