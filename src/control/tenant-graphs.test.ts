import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Product } from '../../admin/models/product.ts';
import { createMemoryLog } from '../../test/utils/call-context.ts';
import { deferred } from '../../test/utils/deferred.ts';
import { startLateService } from '../../test/utils/late-service.ts';
import { readConfigText } from '../config/read-config.ts';
import { type CompileWorker, createCompileWorker } from '../graph/compile-worker.ts';
import { createTenantGraphs, type GraphContent, type TenantGraphs } from './tenant-graphs.ts';

let folder = '';
let compiler: CompileWorker;
let graphs: TenantGraphs;
let contents: Map<string, GraphContent>;
let products: Map<string, Product>;
let reads: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skein-graphs-'));
  contents = new Map();
  products = new Map();
  reads = [];
  create(createCompileWorker());
});
afterEach(async () => {
  await graphs.dispose();
  await compiler.dispose();
  await rm(folder, { recursive: true });
});

function create(by: CompileWorker) {
  compiler = by;
  graphs = createTenantGraphs({
    ...{ log: createMemoryLog(), compiler, meter: { record() {} } as never },
    contentOf: (tenant) => contents.get(tenant),
    nameOf: (tenant) => tenant,
    productOf: (id) => products.get(id),
  });
}

/** A tenant whose source has that field, with others beside it. */
function contentWith(
  field: string,
  before: Promise<void> = Promise.resolve(),
  granted: readonly Product[] = [],
  others: object = {},
) {
  return {
    ownKey: field,
    granted,
    async read() {
      reads.push(field);
      await before;
      const file = join(folder, `${field}.graphql`);
      await writeFile(file, `type Query { ${field}: Int }`);
      const options = { kind: 'graphql', endpoint: 'http://127.0.0.1:9/', document: file };
      return readConfigText(
        JSON.stringify({ keys: [], sources: { own: options, ...others } }),
        join(folder, 'skein.yaml'),
        {},
      );
    },
  };
}

function productOf(tenant: string, field: string): Product {
  const product = { _id: `prd_${field}`, version: 1, name: field, tenant, fields: [`Query.${field}`] };
  products.set(product._id, product as Partial<Product> as Product);
  return product as Partial<Product> as Product;
}

const fieldsOf = (tenant: string) =>
  Object.keys(graphs.of(tenant)?.graph.registry.current()?.schema.getQueryType()?.getFields() ?? {}).sort();

it('builds for others while one tenant’s build takes long', async () => {
  const heavy = deferred();
  contents.set('heavy', contentWith('heavy', heavy.promise)).set('light', contentWith('light'));
  graphs.refresh(['heavy', 'light']);
  await graphs.whenBuilt('light');
  expect([fieldsOf('heavy'), fieldsOf('light')]).toEqual([[], ['light']]);
  heavy.resolve();
  await graphs.whenBuilt('heavy');
  expect(fieldsOf('heavy')).toEqual(['heavy']);
});

it('makes one graph for tenants with equal content, whoever of them is first', async () => {
  for (const tenant of ['a', 'b', 'c']) contents.set(tenant, contentWith('same'));
  graphs.refresh(['a', 'b', 'c']);
  await graphs.whenSettled();
  expect(reads).toEqual(['same']);
  expect(new Set(['a', 'b', 'c'].map((tenant) => graphs.of(tenant)?.graph)).size).toBe(1);
  // Who goes on to something else takes none of the others along.
  contents.set('a', contentWith('other'));
  graphs.refresh(['a']);
  await graphs.whenSettled();
  expect([fieldsOf('a'), fieldsOf('b'), fieldsOf('c')]).toEqual([['other'], ['same'], ['same']]);
});

it('lets nobody join a graph that is becoming another one', async () => {
  const [joining, goOn] = [deferred(), deferred()];
  let joins = 0;
  const worker = createCompileWorker();
  const run = worker.run as (...given: readonly unknown[]) => Promise<unknown>;
  await graphs.dispose();
  create({
    ...worker,
    run: (async (...given: readonly unknown[]) => {
      if (given[0] === 'join') joins += 1;
      if (given[0] === 'join' && joins === 2) {
        joining.resolve();
        await goOn.promise;
      }
      return run(...given);
    }) as CompileWorker['run'],
  });
  contents.set('a', contentWith('first'));
  graphs.refresh(['a']);
  await graphs.whenSettled();
  contents.set('a', contentWith('second')).set('b', contentWith('first'));
  graphs.refresh(['a']);
  await joining.promise;
  graphs.refresh(['b']);
  await graphs.whenBuilt('b');
  goOn.resolve();
  await graphs.whenSettled();
  expect([fieldsOf('a'), fieldsOf('b')]).toEqual([['second'], ['first']]);
});

it('builds tenants that were granted products of one another, whoever of them is first', async () => {
  const [ofA, ofB] = [productOf('a', 'one'), productOf('b', 'two')];
  contents.set('a', contentWith('one', undefined, [ofB])).set('b', contentWith('two', undefined, [ofA]));
  graphs.refresh(['a', 'b']);
  await graphs.whenSettled();
  expect([fieldsOf('a'), fieldsOf('b')]).toEqual([
    ['one', 'two'],
    ['one', 'two'],
  ]);
  expect([graphs.problemsOf('a'), graphs.problemsOf('b')]).toEqual([[], []]);
});

it('tells a tenant what is lacking of one that was granted something of it, and cannot be built', async () => {
  const [ofA, ofB] = [productOf('a', 'one'), productOf('b', 'two')];
  contents
    .set('a', { ownKey: 'one', granted: [ofB], read: () => Promise.reject(new Error('It cannot be built.')) })
    .set('b', contentWith('two', undefined, [ofA]));
  graphs.refresh(['a', 'b']);
  await graphs.whenSettled();
  expect(fieldsOf('b')).toEqual(['two']);
  expect([graphs.problemsOf('a'), graphs.problemsOf('b')]).toEqual([
    ['It cannot be built.'],
    ['What "a" offers is left out: its graph is not there.'],
  ]);
});

it('tells a tenant what is lacking of one that was granted something of it, and has nothing else', async () => {
  const [ofA, ofB] = [productOf('a', 'one'), productOf('b', 'other')];
  contents
    .set('a', { ...contentWith('one', undefined, [ofB]), ownKey: '' })
    .set('b', contentWith('two', undefined, [ofA]));
  graphs.refresh(['a', 'b']);
  await graphs.whenSettled();
  expect([graphs.problemsOf('a'), graphs.problemsOf('b')]).toEqual([
    ['What "b" offers is left out: its graph has none of the fields.'],
    ['What "a" offers is left out: its graph is not there.'],
  ]);
});

it('has what an owner publishes while a graph with it is being made', async () => {
  const slow = deferred();
  const product = productOf('owner', 'one');
  contents.set('owner', contentWith('one'));
  graphs.refresh(['owner']);
  await graphs.whenSettled();
  contents.set('user', contentWith('own', slow.promise, [product]));
  graphs.refresh(['user']);
  while (!reads.includes('own')) await new Promise((resolve) => setImmediate(resolve));
  products.set(product._id, { ...product, version: 2, fields: ['Query.two'] });
  const changed = { ...product, version: 2, fields: ['Query.two'] };
  contents.set('owner', contentWith('two')).set('user', contentWith('own', slow.promise, [changed]));
  graphs.refresh(['owner']);
  await graphs.whenBuilt('owner');
  slow.resolve();
  await graphs.whenSettled();
  expect(fieldsOf('user')).toEqual(['own', 'two']);
});

it('has of an owner what was missing at first', async () => {
  const { source: late, come } = await startLateService('late');
  const product = productOf('owner', 'late');
  contents
    .set('owner', contentWith('one', undefined, [], { late }))
    .set('user', contentWith('own', undefined, [product]));
  graphs.refresh(['owner', 'user']);
  await graphs.whenSettled();
  expect([fieldsOf('owner'), fieldsOf('user')]).toEqual([['one'], ['own']]);
  come();
  await vi.waitFor(() => expect(fieldsOf('owner')).toEqual(['late', 'one']), { timeout: 15_000 });
  await graphs.whenSettled();
  expect(fieldsOf('user')).toEqual(['late', 'own']);
  expect(graphs.problemsOf('user')).toEqual([]);
});
