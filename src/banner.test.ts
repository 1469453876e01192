import { expect, test } from 'vitest';
import type { Models } from '../sources/ai/model-client.ts';
import { formatBanner } from './banner.ts';
import type { Graph } from './graph/graph.ts';
import type { SourceState, VersionState } from './graph/source-states.ts';

const state: SourceState = {
  name: 'catalog',
  kind: 'openapi',
  fields: 12,
  entities: 0,
  notices: 0,
  unreachable: undefined,
  failed: undefined,
  inGraph: true,
  version: undefined,
};
const version: VersionState = { group: 'orders', share: 0.9, removedOn: undefined, header: 'x-orders', fields: 7 };

interface Banner {
  readonly models?: readonly string[];
  readonly prompts?: readonly string[];
}

function banner(
  states: readonly SourceState[],
  uncheckedLinks: readonly string[] = [],
  { models, prompts = [] }: Banner = {},
): string {
  const graph: Graph = {
    registry: { current: () => undefined, publish: () => expect.unreachable() },
    models: models && ({ names: () => models } as unknown as Models),
    sources: () => [],
    states: () => states,
    notices: () => [],
    cacheState: () => undefined,
    missing: () => [],
    failures: () => [],
    givenOut: () => new Map(),
    uncheckedLinks: () => uncheckedLinks,
    generationsInUse: () => [],
    files: () => new Set(),
    change: () => Promise.reject(new Error('not here')),
    probe: async () => {},
    isIdle: () => true,
    dispose: async () => {},
  };
  return formatBanner({ url: 'http://127.0.0.1:4000', graph, prompts, key: undefined, tookMs: 5 });
}

test('every kind has its line: fields, entities, versions, notices', () => {
  const text = banner([
    { ...state, notices: 3 },
    { ...state, name: 'inventory', kind: 'grpc', fields: 1, notices: 1 },
    { ...state, name: 'shop.products', kind: 'federation', fields: 4, entities: 2 },
    { ...state, name: 'shop.prices', kind: 'federation', fields: 0, entities: 1 },
    { ...state, name: 'orders-v2', kind: 'soap', fields: 0, version },
    {
      ...state,
      name: 'orders-v1',
      kind: 'soap',
      fields: 0,
      version: { ...version, share: 1 / 30, removedOn: '2027-03-01' },
    },
    { ...state, name: 'ai', kind: 'ai', fields: 3 },
  ]);
  expect(text.split('\n').slice(2, 11)).toMatchInlineSnapshot(`
    [
      "  catalog        openapi     12 fields, 3 notices (skein validate)",
      "  inventory      grpc        1 field, 1 notice (skein validate)",
      "  shop.products  federation  4 fields, 2 entities",
      "  shop.prices    federation  1 entity",
      "  orders         versions    7 fields, chosen by the header x-orders",
      "    orders-v2    soap        90% of the calls",
      "    orders-v1    soap        3.3% of the calls, to be removed on 2027-03-01",
      "  ai             ai          3 fields",
      "",
    ]
  `);
});

test('what cannot be reached is told with its reason, and what waits for it', () => {
  const links = Array.from({ length: 10 }, (_, index) => `Product.link${index}`);
  const text = banner(
    [
      { ...state, unreachable: 'connect ECONNREFUSED' },
      { ...state, name: 'late', kind: 'graphql', fields: 0, inGraph: false, unreachable: 'getaddrinfo ENOTFOUND' },
      { ...state, name: 'orders-v2', fields: 0, inGraph: false, unreachable: 'it is asleep', version },
    ],
    links,
  );
  expect(text.split('\n').slice(2, 9)).toMatchInlineSnapshot(`
    [
      "  catalog      openapi   12 fields, cannot be reached: connect ECONNREFUSED (its fields give errors until it answers)",
      "  late         graphql   cannot be reached: getaddrinfo ENOTFOUND (its fields join the graph when it answers)",
      "  orders       versions  7 fields, chosen by the header x-orders",
      "    orders-v2  openapi   90% of the calls, cannot be reached: it is asleep (its fields join the graph when it answers)",
      "",
      "  Links that wait for a source: Product.link0, Product.link1, Product.link2, Product.link3, Product.link4, Product.link5, Product.link6, Product.link7 and 2 more",
      "",
    ]
  `);
});

test('what says of itself what makes no sense is told with the reason', () => {
  const failed = 'The document is no OpenAPI document.';
  const text = banner([{ ...state, fields: 0, inGraph: false, failed }]);
  expect(text.split('\n')[2]).toBe(
    `  catalog  openapi  LEFT OUT: ${failed} (it is asked again, and joins the graph when that is mended)`,
  );
});

test('the doors of models and prompts are told where there are any', () => {
  const doors = (text: string) => text.split('\n').filter((line) => /OpenAI|Anthropic|REST/.test(line));
  expect(doors(banner([state]))).toEqual([]);
  expect(doors(banner([state], [], { models: [] }))).toEqual([]);
  expect(doors(banner([state], [], { models: ['gpt'], prompts: ['summarize'] }))).toMatchInlineSnapshot(`
    [
      "  OpenAI    http://127.0.0.1:4000/v1   (base URL of chat completions, responses, embeddings, models)",
      "  Anthropic http://127.0.0.1:4000   (base URL of messages)",
      "  REST      http://127.0.0.1:4000/rest/prompts/<name>   http://127.0.0.1:4000/rest/openapi.json",
    ]
  `);
});
