import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ConfigReading, readConfig } from './read-config.ts';

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: substitutions of skein.yaml
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skein-config-'));
});

afterAll(() => rm(folder, { recursive: true }));

async function read(text: string | Buffer, env: Record<string, string | undefined> = {}): Promise<ConfigReading> {
  const file = join(folder, 'skein.yaml');
  await writeFile(file, text);
  return readConfig(file, env);
}

function messages(reading: ConfigReading): string[] {
  return reading.problems.map(({ message, path, line }) => {
    const place = line ?? (path === undefined ? undefined : reading.locate(path)?.line);
    return `${place}: ${message}`;
  });
}

const provider = 'providers:\n  p: { dialect: openai, endpoint: http://127.0.0.1/v1 }\n';

test('the quickstart has no mistakes, and its documents are found', async () => {
  const file = resolve(import.meta.dirname, '../../examples/quickstart/skein.yaml');
  const { config, problems } = await readConfig(file, { CATALOG_URL: 'http://127.0.0.1:9999' });
  expect(problems).toEqual([]);
  expect(config.limits.depth).toBe(12);
  expect(config.keys).toEqual([{ name: 'quickstart', key: '', graphiql: true, operator: false, rates: [] }]);
  expect(config.routes.default).toEqual(['gpt', 'claude', 'stand-in']);
  expect(config.sources.catalog).toMatchObject({
    document: resolve(file, '../catalog/openapi.yaml'),
    endpoint: 'http://127.0.0.1:9999',
  });
});

test('of an entry with very many mistakes some are told, and how many more there are', async () => {
  const headers = Array.from({ length: 250 }, (_, index) => `    X-${index}: 1\n`).join('');
  const reading = await read(
    `sources:\n  a:\n    kind: graphql\n    endpoint: http://127.0.0.1/\n    headers:\n${headers.replaceAll('    ', '      ')}`,
  );
  const told = messages(reading).filter((message) => message.includes('sources.a'));
  expect(told).toHaveLength(101);
  expect(told.at(-1)).toBe('2: sources.a has 150 more mistakes.');
});

test('who may call beside keys is read as a whole: a mistake in it leaves nobody in', async () => {
  const good = 'auth: { trustedProxies: [10.0.0.0/8], jwt: [{ issuer: https://a.example, audience: x, tenant: t }] }\n';
  const { config, problems } = await read(good + provider);
  expect([problems, config.auth.trustedProxies, config.auth.jwt[0]?.issuer]).toEqual([
    ...[[], ['10.0.0.0/8'], 'https://a.example'],
  ]);
  const wrong = await read(
    `auth:\n  trustedProxies: [proxy]\n  jwt:\n    - { issuer: https://a.example, audience: x }\n    - { issuer: a, algorithms: [HS256] }\n${provider}`,
  );
  expect(messages(wrong)).toMatchInlineSnapshot(`
    [
      "2: auth.trustedProxies[0] must be an address or a range such as 10.0.0.0/8.",
      "4: auth.jwt[0] must say whose its tokens are: by tenant, claims.tenant or claims.app.",
      "5: auth.jwt[1].issuer must be an http or https URL.",
      "5: auth.jwt[1].audience is missing.",
      "5: auth.jwt[1].algorithms[0] must be "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA" or "Ed25519", but is "HS256". Did you mean "RS256"?",
    ]
  `);
  expect(wrong.config.auth).toEqual({ trustedProxies: [], jwt: [] });
});

test('a file that is not there is told with the path tried and what to do', async () => {
  const { config, problems } = await readConfig(join(folder, 'skein.yml'), {});
  expect(problems).toEqual([
    {
      message: `The configuration ${join(folder, 'skein.yml')} cannot be read: it does not exist.`,
      file: join(folder, 'skein.yml'),
      suggestion: expect.stringContaining('Give the path of your skein.yaml as --config or SKEIN_CONFIG.'),
    },
  ]);
  expect(config).toMatchObject({ sources: {}, links: {}, prompts: {} });
});

test('a folder stands for the skein.yaml in it', async () => {
  await read('limits: { depth: 3 }');
  const { config, problems } = await readConfig(folder, {});
  expect(problems).toEqual([]);
  expect(config).toMatchObject({ file: join(folder, 'skein.yaml'), limits: { depth: 3 } });
});

test('other encodings and endless files are refused', async () => {
  expect((await read(Buffer.from([0x61, 0x3a, 0xff]))).problems[0]?.message).toContain('it is not UTF-8 text');
  expect((await read('#'.repeat(4 * 1024 * 1024 + 1))).problems[0]?.message).toContain('it is larger than');
});

test('syntax errors are told with their lines, and nothing else is', async () => {
  const reading = await read('sources:\n  a: `x`\nlinks: @y\nmodels: { m: { provider: ${P} } }\n');
  expect(messages(reading)).toEqual([
    '2: Plain value cannot start with reserved character `.',
    '3: Plain value cannot start with reserved character @.',
    expect.stringMatching(/^4: /),
  ]);
  expect(reading.problems[2]?.suggestion).toBe('Within { } and [ ], put text that holds braces in quotes.');
});

test('a second document, and text with a colon, are told in words that help', async () => {
  const reading = await read('prompts:\n  a:\n    description: one: two\n---\nlimits: {}\n');
  expect(reading.problems).toMatchObject([
    { line: 3, message: 'A value holds a colon that YAML takes for the end of a key.' },
    { line: 4, message: 'A second document begins here, but a configuration is one.' },
  ]);
  expect(messages(await read('limits:\n\tdepth: 1\n'))[0]).toBe('2: The line is indented with a tab.');
});

test('what follows from a wrong indentation is not told', async () => {
  const source = (first: string) =>
    `sources:\n  a:\n    kind: graphql\n${first}endpoint: http://a.example\n    document: a.graphql\n  b:\n    kind: graphql\nlinks:\n  A.b: { call: a.b }\n`;
  expect(messages(await read(source('\t')))).toEqual(['4: The line is indented with a tab.']);
  expect(messages(await read(source('   ')))).toEqual(['4: All mapping items must start at the same column.']);
  expect(messages(await read(source('      ')))).toEqual([
    '3: The lines below are indented deeper, but this line has a value already.',
  ]);
});

test('options of a source that stand beside it are told where they belong', async () => {
  const shop = '  shop: { kind: graphql, endpoint: "http://a.example" }\n';
  const within = await read(`sources:\n${shop}  transforms:\n    prefix: x\n`);
  const below = await read(`sources:\n${shop}transforms:\n  prefix: x\n`);
  for (const reading of [within, below]) {
    expect(messages(reading)).toEqual(['3: "transforms" is an option of a source, but stands beside the sources.']);
    expect(reading.problems[0]?.suggestion).toBe(
      'Write it in the source, indented as its "kind" is: sources.shop.transforms.',
    );
  }
});

test('a name that is there twice is told without what would follow from one of the two', async () => {
  const shop = '  shop: { kind: graphql, endpoint: "http://a.example" }\n';
  const twice = await read(
    `sources:\n${shop}  shop: { kind: grpc, endpoint: "a.example:443" }\nlinks:\n  A.b: { call: shop.b }\n`,
  );
  expect(messages(twice)).toEqual(['3: The key "shop" in sources is there more than once; the first is on line 2.']);
  expect(twice.config.broken).toEqual(new Set(['sources.shop', 'links.A.b']));
  const section = await read(`sources:\n${shop}sources: {}\nlinks:\n  A.b: { call: shop.b }\n`);
  expect(messages(section)).toEqual([
    '3: The key "sources" at the top of the file is there more than once; the first is on line 1.',
  ]);
});

test('a file that is no map, or whose section is none, is told once', async () => {
  expect(messages(await read('- a\n'))).toEqual([
    'undefined: The file must be a map of keys, auth, cors, limits, rates, reload, cache, usage, sources, versions, links, types, overrides, providers, models, routes, prompts, but is a list.',
  ]);
  expect(messages(await read('models: [gpt]\nroutes: { default: [gpt] }\n'))).toEqual([
    '1: models must be a map, but is a list.',
  ]);
  expect(messages(await read('keys: { a: b }\n'))).toEqual(['1: keys must be a list, but is a map.']);
});

test('aliases work, within bounds', async () => {
  const shared = await read(`${provider}models:\n  a: &m { provider: p, model: x }\n  b: *m\n`);
  expect(shared.problems).toEqual([]);
  expect(shared.config.models.b).toEqual(shared.config.models.a);

  expect(messages(await read('models:\n  a: *m\n'))).toEqual([
    '2: models.a is the alias *m, but there is no such anchor before it.',
  ]);
  expect(messages(await read('links:\n  A.b: &l\n    call: s.f\n    args: { x: [*l] }\n'))).toEqual([
    '4: links.A.b.args.x[0] is the alias *l, but the anchor contains the alias itself.',
  ]);
  const levels = Array.from(
    { length: 9 },
    (_, level) => `  l${level + 1}: &l${level + 1} [${`*l${level},`.repeat(9)}]\n`,
  );
  expect((await read(`routes:\n  l0: &l0 [a]\n${levels.join('')}`)).problems[0]?.message).toContain('alias count');
});

test('nesting is bounded before the file is parsed', async () => {
  expect((await read(`a: ${'['.repeat(100_000)}`)).problems[0]?.message).toBe('The file nests deeper than 64 levels.');
});

test('names that every object has are ordinary names', async () => {
  const { config, problems } = await read(
    `${provider}models:\n  constructor: { provider: p, model: x }\n  __proto__: { provider: p, model: y }\n` +
      'routes: { default: [constructor, __proto__] }\n',
  );
  expect(problems).toEqual([]);
  expect(Object.keys(config.models)).toEqual(['constructor', '__proto__']);
  expect(config.models.toString).toBeUndefined();
});

test('without keys in the file, the key of the environment is the only one', async () => {
  expect((await read('', { SKEIN_API_KEY: 'k' })).config.keys).toEqual([
    { name: 'default', key: 'k', graphiql: false, operator: false, rates: [] },
  ]);
  expect((await read('keys:\n')).config.keys).toEqual([
    { name: 'default', key: '', graphiql: false, operator: false, rates: [] },
  ]);
  expect((await read('keys: []', { SKEIN_API_KEY: 'k' })).config.keys).toEqual([]);
});

test('numbers and booleans come out of the environment where they are wanted', async () => {
  const text = (timeout: string) => `keys:\n  - { name: n, key: "${'$'}{K:-}" }
sources:
  s:
    kind: graphql
    endpoint: http://127.0.0.1/
    timeoutMs: ${timeout}
    operations:
      a:
        hide: ${'$'}{H:-true}
    headers:
      x-number: ${'$'}{N}
`;
  const plain = await read(text('${T:-500}'), { N: '7', K: '12345' });
  expect(plain.problems).toEqual([]);
  expect(plain.config.keys).toEqual([{ name: 'n', key: '12345', graphiql: false, operator: false, rates: [] }]);
  expect(plain.config.sources.s).toMatchObject({
    timeoutMs: 500,
    headers: { 'x-number': '7' },
    operations: { a: { hide: true } },
  });
  const quoted = await read(text('"${T:-500}"'), { N: '7' });
  expect(quoted.problems).toEqual([]);
  expect(quoted.config.sources.s).toMatchObject({ timeoutMs: 500 });
  expect(messages(await read(text('${T}'), { T: '0', N: '7' }))).toEqual([
    '7: sources.s.timeoutMs must be at least 1.',
  ]);
});

test('any environment value stays within its own scalar', async () => {
  const text = `${provider}models:
  plain:
    provider: p
    model: x\${A}
  quoted: { provider: p, model: "x\${A}" }
  other: { provider: p, model: y }
prompts:
  block:
    route: other
    template: |
      x\${A}
`;
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constant('\n  b: [{x: &a *a}] # ${A}')),
      async (value) => {
        const { config, problems } = await read(text, { A: value });
        expect(problems).toEqual([]);
        expect(config.models).toEqual({
          plain: { provider: 'p', model: `x${value}`, maxTokens: 4096 },
          quoted: { provider: 'p', model: `x${value}`, maxTokens: 4096 },
          other: { provider: 'p', model: 'y', maxTokens: 4096 },
        });
        expect(config.prompts.block?.template).toBe(`x${value}\n`);
      },
    ),
    { numRuns: 60 },
  );
});

test('unknown keys are told and the entry is used without them', async () => {
  const { config, problems } = await read(`${provider}models:\n  m: { provider: p, model: x, maxToken: 5 }\n`);
  expect(problems.map((problem) => problem.message)).toEqual([
    'Unknown key "maxToken" in models.m. Did you mean "maxTokens"?',
  ]);
  expect(config.models.m).toEqual({ provider: 'p', model: 'x', maxTokens: 4096 });
  expect(config.broken).toEqual(new Set());
});

test('what names a broken entry goes with it, and only the first mistake is told', async () => {
  const reading = await read(`providers:
  p: { dialect: openia, endpoint: http://127.0.0.1/v1 }
models:
  m: { provider: p, model: x }
routes:
  default: [m]
prompts:
  a: { template: x }
sources:
  s: { kind: openapi, endpoint: http://127.0.0.1/, document: none.json }
links:
  A.b: { call: s.f }
  A.c: { call: prompts.a }
`);
  expect(messages(reading)).toEqual([
    '2: providers.p.dialect must be "openai", "openai-responses", "anthropic", "gemini" or "ai-sdk", but is "openia". Did you mean "openai"?',
    `10: sources.s.document is the file ${join(folder, 'none.json')}, but it does not exist.`,
  ]);
  expect([...reading.config.broken].sort()).toEqual(
    ['links.A.b', 'models.m', 'prompts.a', 'providers.p', 'routes.default', 'sources.s'].sort(),
  );
  expect(Object.keys(reading.config.links)).toEqual(['A.c']);
});

test('documents are files beside the configuration, or URLs where the kind can fetch them', async () => {
  await writeFile(join(folder, 'a.graphql'), 'type Query { a: Int }');
  const { config, problems } = await read(`sources:
  a: { kind: openapi, endpoint: http://127.0.0.1/, document: https://example.org/openapi.json }
  b: { kind: graphql, endpoint: http://127.0.0.1/, document: a.graphql }
  c: { kind: grpc, endpoint: "127.0.0.1:1", document: http://example.org/a.proto }
  d: { kind: grpc, endpoint: "127.0.0.1:1", document: . }
  e: { kind: grpc, endpoint: "127.0.0.1:1", document: a.graphql, includeDirs: [., a.graphql] }
`);
  expect(config.sources.a).toMatchObject({ document: 'https://example.org/openapi.json' });
  expect(config.sources.b).toMatchObject({ document: join(folder, 'a.graphql') });
  expect(problems.map((problem) => problem.message)).toEqual([
    'sources.c.document must be a file.',
    `sources.d.document is the file ${folder}, but it is a folder.`,
    `sources.e.includeDirs[1] is the folder ${join(folder, 'a.graphql')}, but it is not a folder.`,
  ]);
});

test('secrets and values of the environment are in no message', async () => {
  const reading = await read(
    `keys:
  - { name: n, key: [hush] }
providers:
  p: { dialect: "\${S}", endpoint: "\${S}", apiKey: { hush: hush }, headers: { a: [hush], b: 4242 } }
sources:
  s: { kind: "\${S}", endpoint: x }
limits:
  depth: \${N}
`,
    { S: 'hush', N: '-4242' },
  );
  expect(reading.problems).toHaveLength(8);
  expect(JSON.stringify(reading.problems)).not.toMatch(/hush|4242/);
});

test('places are those of keys and items, or of what is around them', async () => {
  const { locate } = await read('a:\n  b: [x, { c: 1 }]\n');
  expect(locate(['a', 'b', 1, 'c'])).toEqual({ line: 2, column: 12 });
  expect(locate(['a', 'b', 7])).toEqual({ line: 2, column: 3 });
  expect(locate(['a', 'z'])).toEqual({ line: 1, column: 1 });
  expect(locate(['z'])).toBeUndefined();
});
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: substitutions of skein.yaml
