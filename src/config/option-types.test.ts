import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { RESOURCE_KINDS, type ResourceKind } from '../../admin/models/resource.ts';
import { createAdminSchema } from '../../admin/schema/index.ts';
import type { OptionType } from '../../admin/schema/options/option-type.ts';
import { cacheOptions } from '../../sources/cache/options.ts';
import { readYamlBlocks } from '../../test/utils/docs.ts';
import { throughSchema, toInput } from '../../test/utils/typed-options.ts';
import { authOptions } from '../identity/options.ts';
import { usageOptions } from '../metering/options.ts';
import { ratesOptions } from '../policy/rates/options.ts';
import { explainOption, textOf, unwrap } from './option-meta.ts';
import { describeOptions } from './option-types.ts';
import { corsOptions, keyOptions, limitOptions, reloadOptions, SECTIONS } from './schema.ts';

const types = describeOptions();
const schema = createAdminSchema(types);

it('every option of skein.yaml says what it is', () => {
  const silent: string[] = [];
  const look = (place: string, option: z.core.$ZodType) => {
    const inner = unwrap(option);
    if (inner instanceof z.ZodArray) look(place, inner.element);
    if (inner instanceof z.ZodRecord) look(place, inner.valueType);
    if (inner instanceof z.ZodUnion) for (const form of inner.options) look(place, form);
    if (!(inner instanceof z.ZodObject)) return;
    for (const [name, below] of Object.entries(inner.shape)) {
      if (textOf(below) === '') silent.push(`${place}.${name}`);
      look(`${place}.${name}`, below);
    }
  };
  const top = { auth: authOptions, cors: corsOptions, limits: limitOptions, rates: ratesOptions, cache: cacheOptions };
  const sections = { ...top, keys: keyOptions, reload: reloadOptions, usage: usageOptions };
  for (const [name, options] of Object.entries(sections)) look(name, options);
  for (const kind of RESOURCE_KINDS) look(kind, SECTIONS[kind].entry);
  expect(silent).toEqual([]);
});

it('bounds and defaults are told as the option has them', () => {
  const wait = z.int().min(1).max(60_000).describe('The wait.');
  expect(explainOption(wait.default(1_500))).toBe('The wait. 1 to 60,000. Default: 1,500.');
  expect(explainOption(z.number().min(0).optional().describe('A share. Default: none.'))).toBe(
    'A share. At least 0. Default: none.',
  );
  expect(explainOption(z.enum(['round-robin']).default('round-robin').describe('How.'))).toBe(
    'How. Default: `ROUND_ROBIN`.',
  );
  expect(explainOption(z.boolean().default(true).describe('Whether. Default: as it is.'))).toBe(
    'Whether. Default: as it is.',
  );
});

/** Every entry of the examples, by its place. */
async function examples(): Promise<readonly { place: string; kind: ResourceKind; options: unknown }[]> {
  const pages = (await readdir('docs', { recursive: true })).filter((name) => name.endsWith('.md'));
  const texts = [{ place: 'quickstart', text: await readFile('examples/quickstart/skein.yaml', 'utf8') }];
  for (const page of ['README.md', ...pages.map((name) => join('docs', name))])
    for (const { line, text } of readYamlBlocks(await readFile(page, 'utf8')))
      texts.push({ place: `${page}:${line}`, text });
  return texts.flatMap(({ place, text }) => {
    const value = parse(text, { merge: true, logLevel: 'silent' }) as Record<string, unknown> | null;
    return RESOURCE_KINDS.flatMap((kind) => {
      const entries = value?.[kind];
      const isMap = typeof entries === 'object' && entries !== null && !Array.isArray(entries);
      return isMap
        ? Object.entries(entries).map(([name, options]) => ({ place: `${place} ${kind}.${name}`, kind, options }))
        : [];
    });
  });
}

it('every entry of the examples is the same as an input', async () => {
  const all = await examples();
  const others: string[] = [];
  for (const { place, kind, options } of all) {
    try {
      expect(throughTypes(types.kinds[kind], options), place).toEqual(options);
    } catch (error) {
      others.push(`${place.replace(/^\S+ /, '')}: ${(error as Error).message}`);
    }
  }
  expect(all.length).toBeGreaterThan(100);
  // A number from the environment, and a mistake that is shown as one.
  expect(others).toEqual([
    'sources.catalog: openapi.timeoutMs: Int cannot represent non-integer value: "${CATALOG_TIMEOUT_MS:-2000}"',
    'sources.reviews: GraphqlSource has no timeout',
  ]);
});

function throughTypes(type: OptionType, options: unknown): unknown {
  return throughSchema(schema, type, toInput(type, options));
}
