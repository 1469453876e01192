import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buildSchema, isObjectType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CancellationSource } from '../../kernel/cancellation.ts';
import { silentLog } from '../../kernel/ports.ts';
import type { Way } from '../../schema/plan/way.ts';
import { createGraphContext } from '../../schema/request-context.ts';
import { NO_CLIENT } from '../../sources/call-context.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { createGraph, type Graph } from '../../src/graph/graph.ts';
import { folderWith, readYamlBlocks, withShop } from '../utils/docs.ts';
import { startDocsShop } from '../utils/docs-shop.ts';

const examples = readYamlBlocks(await readFile('docs/configuration.md', 'utf8')).filter(({ marker }) =>
  marker.startsWith('link: '),
);

/** By the example's name: a query, what it answers for lamp, rope and tent, and the calls that it makes for them. */
const QUERIES: Readonly<Record<string, { fields: string; answers: readonly unknown[]; calls: readonly string[] }>> = {
  one: {
    fields: 'brand { name }',
    answers: [{ brand: { name: 'Acme' } }, { brand: { name: 'Acme' } }, { brand: null }],
    calls: ['/brands/b1'],
  },
  match: {
    fields: 'stock { quantity } gdansk: stock(warehouse: "Gdansk") { quantity }',
    answers: [
      { stock: { quantity: 3 }, gdansk: { quantity: 3 } },
      { stock: null, gdansk: null },
      { stock: { quantity: 7 }, gdansk: null },
    ],
    calls: ['BatchGetStock lamp,rope,tent', 'BatchGetStock lamp,rope,tent Gdansk'],
  },
  many: {
    fields: 'goodReviews { text }',
    answers: [{ goodReviews: [{ text: 'Bright' }, { text: 'Warm' }] }, { goodReviews: [] }, { goodReviews: [] }],
    calls: ['reviewsOfProducts lamp,rope,tent'],
  },
  position: {
    fields: 'rating { average }',
    answers: [{ rating: { average: 4.5 } }, { rating: null }, { rating: { average: 2 } }],
    calls: ['ratings lamp,rope,tent'],
  },
  pick: {
    fields: 'inStock',
    answers: [{ inStock: null }, { inStock: null }, { inStock: 7 }],
    calls: ['BatchGetStock lamp,rope,tent Rotterdam'],
  },
  ai: {
    fields: 'reviewSummary',
    answers: [
      { reviewSummary: 'Summarize Lamp: 5 Bright; 4 Warm; ' },
      { reviewSummary: 'Summarize Rope: ' },
      { reviewSummary: 'Summarize Tent: 2 Wet; ' },
    ],
    calls: ['/v1/chat/completions', '/v1/chat/completions', '/v1/chat/completions', 'reviewsOfProducts lamp,rope,tent'],
  },
};

describe.each(examples)('the example of links at line $line of docs/configuration.md', ({ marker, text, next }) => {
  const name = marker.slice('link: '.length);
  const calls: string[] = [];
  const graphs = new Map<Way, Graph>();
  let shop: Awaited<ReturnType<typeof startDocsShop>>;

  beforeAll(async () => {
    shop = await startDocsShop(calls);
    const folder = await folderWith(await withShop(text));
    const { config, problems } = await readConfig(join(folder, 'skein.yaml'), shop.env);
    for (const way of ['direct', 'stitched'] as const) {
      const generation = { rules: [], maxTokens: 1_000, way };
      graphs.set(way, await createGraph(config, problems, { log: silentLog, generation }));
    }
    await rm(folder, { recursive: true });
  });
  afterAll(async () => {
    for (const graph of graphs.values()) await graph.dispose();
    shop.close();
  });

  it('makes the fields that are shown below it', () => {
    const shown = buildSchema(
      `${next}type Brand { id: ID } type Stock { id: ID } type Review { id: ID } type Rating { id: ID }`,
    );
    const made = graphs.get('direct')?.registry.current()?.schema;
    expect(fieldsOf(made?.getType('Product'))).toMatchObject(fieldsOf(shown.getType('Product')));
    expect(Object.keys(fieldsOf(shown.getType('Product')))).not.toEqual([]);
  });

  it.each(['direct', 'stitched'] as const)('answers with the calls that are promised, %s', async (way) => {
    const example = QUERIES[name];
    const prepared = graphs.get(way)?.registry.current()?.documents.prepare(`{ products { ${example?.fields} } }`);
    if (prepared === undefined || prepared.errors !== undefined) throw new Error(String(prepared?.errors));
    calls.length = 0;
    const call = {
      cancellation: new CancellationSource(),
      deadlineAt: Date.now() + 10_000,
      ...NO_CLIENT,
      requestId: 'test',
      log: silentLog,
    };
    const result = await prepared.plan(undefined).execute(createGraphContext(call), {});
    expect(JSON.parse(JSON.stringify(result))).toEqual({ data: { products: example?.answers } });
    expect(calls.toSorted()).toEqual(example?.calls);
  });
});

/** `reviews` → `(minRating: Int): [Review!]`, without descriptions. */
function fieldsOf(type: unknown): Record<string, string> {
  if (!isObjectType(type)) return {};
  return Object.fromEntries(
    Object.values(type.getFields()).map(({ name, args, type: of }) => [
      name,
      `(${args.map((argument) => `${argument.name}: ${argument.type}`).join(', ')}): ${of}`,
    ]),
  );
}
