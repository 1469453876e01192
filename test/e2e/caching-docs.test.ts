import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { createGraph, type Graph } from '../../src/graph/graph.ts';
import { generationOptions } from '../../src/graph/load-graph.ts';
import { createHttpFaultServer, type HttpFaultServer } from '../utils/fault-server.ts';
import { startTestGateway, type TestGateway } from '../utils/test-gateway.ts';

const page = await readFile('docs/caching.md', 'utf8');
const files = [...page.matchAll(/<!-- file: (\S+) -->\n```yaml\n([\s\S]*?)```/g)];
const [, table = ''] = /<!-- calls -->\n\| request \| calls \|\n\|.*\n((?:\|.*\n)+)/.exec(page) ?? [];
const steps = [...table.matchAll(/^\| `(.*)` \| (\d+) \|$/gm)].map(([, query = '', calls]) => ({
  query,
  calls: Number(calls),
}));

let catalog: HttpFaultServer;
let folder: string;
let graph: Graph;
let gateway: TestGateway;

async function read(skeinYaml?: string) {
  const here = (text: string) => text.replaceAll('http://localhost:5241', `http://127.0.0.1:${catalog.port}`);
  for (const [, name = '', text = ''] of files) await writeFile(join(folder, name), here(text));
  if (skeinYaml !== undefined) await writeFile(join(folder, 'skein.yaml'), here(skeinYaml));
  return readConfig(join(folder, 'skein.yaml'), {});
}
const load = async () => {
  const { config, problems } = await read();
  return createGraph(config, problems, { log: silentLog, generation: generationOptions(config) });
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skein-caching-'));
  catalog = await createHttpFaultServer();
  const names = new Map([
    ['lamp', 'Lamp'],
    ['rope', 'Rope'],
  ]);
  catalog.answer((response, request, { body }) => {
    const sku = (request.url ?? '').split('/')[2];
    if (request.method === 'PUT' && sku !== undefined) names.set(sku, (body as { readonly name: string }).name);
    const all = [...names].map(([own, name]) => ({ sku: own, name }));
    response.writeHead(200, {
      'content-type': 'application/json',
      ...(sku === undefined && { 'cache-control': 'max-age=30' }),
    });
    response.end(JSON.stringify(sku === undefined ? all : all.find((one) => one.sku === sku)));
  });
  graph = await load();
  gateway = await startTestGateway(graph.sources());
});
afterAll(async () => {
  await gateway.close();
  await graph.dispose();
  await catalog.close();
  await rm(folder, { recursive: true });
});

it('the example makes the calls that the page says', async () => {
  expect(steps.length).toBeGreaterThan(5);
  const made: typeof steps = [];
  for (const { query } of steps) {
    const before = catalog.requests.length;
    const { errors } = (await gateway.post({ query })).body as { readonly errors?: unknown };
    expect(errors, query).toBeUndefined();
    made.push({ query, calls: catalog.requests.length - before });
  }
  expect(made).toEqual(steps);
});

it('what is kept can be read, by source', () => {
  const state = graph.cacheState();
  expect(state?.store).toMatchObject({ kind: 'memory', health: 'up', errors: 0 });
  expect(state?.sources).toMatchObject([{ source: 'catalog', invalidations: 1, evictions: 0 }]);
  expect(state?.sources[0]?.hits).toBeGreaterThan(3);
  expect(state?.sources[0]?.bytes).toBe(state?.store.bytes);
});

it('names that the source has not are told, with what was meant', async () => {
  const [, , skeinYaml = ''] = files.find(([, name]) => name === 'skein.yaml') ?? [];
  const wrong = skeinYaml
    .replace('product:', 'prodct:')
    .replace('renameProduct:', 'rename:')
    .replace('Product.sku', 'Product.id');
  const { config, problems } = await read(wrong);
  const refused = createGraph(config, problems, { log: silentLog, generation: generationOptions(config) });
  const told = await refused.then(
    () => [],
    (error) => error.problems.map(({ path, message }: { path: string[]; message: string }) => [path.slice(2), message]),
  );
  expect(told).toEqual([
    [['cache', 'fields', 'prodct'], 'The source has no query "prodct". Did you mean "product"?'],
    [['cache', 'invalidate', 'rename'], expect.stringContaining('The source has no mutation "rename".')],
    [
      ['cache', 'invalidate', 'rename', 'ids', 'Product.id'],
      expect.stringContaining('The source has no field of Product "id".'),
    ],
  ]);
});

it('another store is taken while the gateway serves, and sources that keep nothing stay as they are', async () => {
  const [, , skeinYaml = ''] = files.find(([, name]) => name === 'skein.yaml') ?? [];
  const own = await load();
  const request = { known: [], changedFiles: new Set<string>(), asksServices: false };
  const other = `${skeinYaml}  plain: { kind: openapi, document: catalog.yaml, endpoint: "http://localhost:1", transforms: { prefix: plain } }\n`;
  const first = await read(other);
  expect(first.problems).toEqual([]);
  await own.change({ ...request, config: first.config, generation: generationOptions(first.config) });
  const named = (name: string) => own.sources().find((source) => source.name === name);
  const [catalogBefore, plainBefore] = ['catalog', 'plain'].map(named);
  const second = await read(`cache: { maxBytes: 2097152 }\n${other}`);
  await own.change({ ...request, config: second.config, generation: generationOptions(second.config) });
  const [catalogAfter, plainAfter] = ['catalog', 'plain'].map(named);
  expect(plainAfter).toBe(plainBefore);
  expect(catalogAfter).not.toBe(catalogBefore);
  expect(own.cacheState()?.store.maxBytes).toBe(2_097_152);
  await own.dispose();
});
