import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { SYSTEM } from '../admin/actor.ts';
import { createEncryption } from '../admin/secrets/encryption.ts';
import { connectStore, embeddedUri } from '../admin/store/connect.ts';
import { createStore, type Store } from '../admin/store/store.ts';
import { latestOf, readState } from '../admin/stores/latest.ts';
import { secrets } from '../admin/stores/secrets.ts';
import { sha256 } from '../admin/stores/sha256.ts';
import { tenants } from '../admin/stores/tenants.ts';
import { canonicalJson } from '../kernel/canonical-json.ts';
import { silentLog, systemClock } from '../kernel/ports.ts';
import { deferred } from '../test/utils/deferred.ts';
import { readConfig } from './config/read-config.ts';
import { type ControlPlane, createControlPlane } from './control/control-plane.ts';
import { createCompileWorker } from './graph/compile-worker.ts';
import { generationOptions } from './graph/load-graph.ts';
import { createReloader } from './reload.ts';
import { readStartConfig } from './start-config.ts';
import { startDefaultGraph } from './start-graph.ts';

const MODELS = {
  providers: { stand: { dialect: 'openai', endpoint: 'http://127.0.0.1:1/v1', apiKey: 'one' } },
  models: { small: { provider: 'stand', model: 'small-1' } },
  routes: { default: ['small'] },
};
const ENV = { FIRST: 'first secret', SECOND: 'second secret' };
const promptOf = (name: string) => ({ [name]: { input: { name: 'String!' }, template: '{{ name }}' } });

/** A file with a prompt, and a store for instances that serve it. */
async function setUp() {
  const folder = await mkdtemp(join(tmpdir(), 'skein-start-graph-'));
  const file = join(folder, 'skein.yaml');
  const write = (prompt: string, more: object = {}) =>
    writeFile(file, JSON.stringify({ ...MODELS, prompts: promptOf(prompt), ...more }));
  await write('first');
  const connection = await connectStore({ uri: embeddedUri(':memory:'), log: silentLog });
  const store = await createStore(connection, { clock: systemClock });
  const compiler = createCompileWorker();
  onTestFinished(async () => {
    await store.close();
    await compiler.dispose();
    await rm(folder, { recursive: true });
  });
  const plane = async (over: Partial<Store> = {}) => {
    const control = await createControlPlane({
      store: { ...store, close: async () => {}, ...over },
      encryption: createEncryption({ key: Buffer.alloc(32, 7).toString('base64') }),
      ...{
        compiler,
        env: ENV,
        dataFolder: ':memory:',
        clock: systemClock,
        log: silentLog,
        meter: { record: () => {} },
      },
    });
    onTestFinished(() => control.dispose());
    return control;
  };
  const insert = async (state: string) => {
    const number = ((await latestOf({ store } as never, { _id: 'default' }))?.number ?? 0) + 1;
    const record = { tenant: 'default', number, author: 'somebody', message: '', restores: null, file: null };
    await store.revisions.insert({ all: true }, { ...record, state, hash: sha256(state) });
    await store.feed.signal();
  };
  /** Publishes the prompt beside what there is, as an administrator does. */
  const publish = async (prompt: string) => {
    const before = readState(await latestOf({ store } as never, { _id: 'default' }));
    const entry = { options: promptOf(prompt)[prompt] };
    await insert(canonicalJson({ ...before, prompts: { ...before.prompts, [prompt]: entry } }));
  };
  const rollBack = async (number: number) =>
    insert((await store.revisions.find({ all: true }, { tenant: 'default', number }))?.state ?? '');
  return { file, store, write, plane, publish, rollBack };
}

/** An instance that serves the file. */
async function start(file: string, control: ControlPlane) {
  const given = await readStartConfig(file, true, control.environment());
  const main = await startDefaultGraph({ control, given, known: [], log: silentLog, onRead: () => {} });
  onTestFinished(() => main.graph.dispose());
  await control.settle();
  await control.whenBuilt(60_000);
  /** Takes what the file says now, as a reload does. */
  const reload = (whenRead = async () => {}) =>
    main.exclusively(async () => {
      const reading = await readConfig(file, control.environment());
      await whenRead();
      const merged = await main.merge(reading);
      const { config, problems: known } = merged.reading;
      const options = { generation: generationOptions(config), changedFiles: new Set<string>(), asksServices: false };
      await main.graph.change({ config, known, ...options });
      await merged.commit();
    });
  const generation = () => main.graph.registry.current()?.number;
  const prompts = () => {
    const fields = main.graph.registry.current()?.schema.getMutationType()?.getFields() ?? {};
    return ['first', 'second', 'third'].filter((name) => name in fields);
  };
  return { main, reload, generation, prompts };
}

/** What instances are told of a store, until nothing more of it. */
function deafen(store: Store) {
  let heard: number | undefined;
  const signals = async () => heard ?? store.feed.signals();
  return {
    over: { feed: { ...store.feed, signals, onSignal: () => () => {} } },
    deafen: async () => {
      heard = await store.feed.signals();
    },
  };
}

/** A graph on an instance that is told of nothing from now on. */
async function startDeaf() {
  const made = await setUp();
  const { over, deafen: hearNothing } = deafen(made.store);
  const control = await made.plane(over);
  const started = await start(made.file, control);
  await hearNothing();
  return { ...made, ...started, control };
}

test('a graph stays as a changed file says, also before the store has told of it', async () => {
  const { write, control, reload, generation, prompts } = await startDeaf();
  const before = generation() ?? 0;
  // With settings every graph is made with, so that this one is looked at once more.
  await write('second', { limits: { depth: 7 } });
  await reload();
  await control.whenBuilt(60_000);
  expect(prompts()).toEqual(['second']);
  expect(generation()).toBe(before + 1);
});

test('a graph stays as a changed file says that another instance was quicker to publish', async () => {
  const { file, write, plane, control, reload, generation, prompts } = await startDeaf();
  const before = generation() ?? 0;
  await write('second', { limits: { depth: 7 } });
  await start(file, await plane());
  await reload();
  await control.whenBuilt(60_000);
  expect(prompts()).toEqual(['second']);
  expect(generation()).toBe(before + 1);
});

test('a graph has at once what a changed file says and what somebody publishes while it is made', async () => {
  const { file, write, plane, publish } = await setUp();
  const control = await plane();
  const { main, prompts } = await start(file, control);
  let merges = 0;
  const reloader = createReloader({
    ...{ graph: main.graph, reading: main.reading, settings: { use() {} } as never, log: silentLog },
    env: () => control.environment(),
    exclusively: main.exclusively,
    async merge(reading) {
      const merged = await main.merge(reading);
      merges += 1;
      if (merges === 1) await publish('third');
      return merged;
    },
  });
  onTestFinished(() => reloader.stop());
  await write('second', { reload: { files: false } });
  await reloader.reload(new Set(), false);
  await control.settle();
  await control.whenBuilt(60_000);
  expect(prompts()).toEqual(['second', 'third']);
});

test('a graph has what is published while its instance starts', async () => {
  const { file, plane, publish } = await setUp();
  await start(file, await plane());
  const control = await plane();
  const { prompts } = await start(file, {
    ...control,
    async mergeFile(...given) {
      const merged = await control.mergeFile(...given);
      // The graph is made here.
      await publish('second');
      await control.settle();
      return merged;
    },
  });
  expect(prompts()).toEqual(['first', 'second']);
});

test('a graph has what is rolled back to while what came after it is being read', async () => {
  const { file, store, plane, publish, rollBack } = await setUp();
  const [held, waiting, reading, goOn] = [deferred(), deferred(), deferred(), deferred()];
  const find: Store['revisions']['find'] = async (scope, filter) => {
    const found = await store.revisions.find(scope, filter);
    if (found?.number !== 3) return found;
    reading.resolve();
    await goOn.promise;
    return found;
  };
  const control = await plane({ revisions: { ...store.revisions, find } });
  const { main, prompts } = await start(file, {
    ...control,
    serve: (graph, settings, apply) =>
      control.serve(graph, settings, (sources) => {
        waiting.resolve();
        return apply(sources);
      }),
  });
  const reloading = main.exclusively(() => held.promise);
  await publish('second');
  await control.settle();
  await waiting.promise;
  await publish('third');
  await control.settle();
  held.resolve();
  await reloading;
  await reading.promise;
  await rollBack(2);
  await control.settle();
  goOn.resolve();
  await control.whenBuilt(60_000);
  expect(prompts()).toEqual(['first', 'second']);
});

test('a graph and its settings stay as a changed file says that could not be written', async () => {
  const { file, store, write, plane } = await setUp();
  let isWritten = true;
  const insert: Store['revisions']['insert'] = async (...given) => {
    if (!isWritten) throw new Error('The store does not answer.');
    return store.revisions.insert(...given);
  };
  const control = await plane({ revisions: { ...store.revisions, insert } });
  let depth = () => 0;
  let apply = async () => false;
  const { reload, prompts } = await start(file, {
    ...control,
    serve(graph, settings, applyGiven) {
      depth = () => settings().limits.depth;
      apply = () => applyGiven([]);
      control.serve(graph, settings, applyGiven);
    },
  });
  await write('second', { limits: { depth: 7 } });
  isWritten = false;
  await expect(reload()).rejects.toThrow('The store does not answer.');
  // As when an owner of what was granted to it publishes.
  await apply();
  expect([prompts(), depth()]).toEqual([['second'], 7]);
  isWritten = true;
  await reload();
  await control.settle();
  await apply();
  expect([prompts(), depth()]).toEqual([['second'], 7]);
});

test('the working copy follows a changed file also where the store failed in between', async () => {
  const { file, store, write, plane } = await setUp();
  let isWritten = true;
  const insert: Store['resources']['insert'] = async (...given) => {
    if (!isWritten) throw new Error('The store does not answer.');
    return store.resources.insert(...given);
  };
  const control = await plane({ resources: { ...store.resources, insert } });
  const { reload } = await start(file, control);
  await write('second');
  isWritten = false;
  await expect(reload()).rejects.toThrow('The store does not answer.');
  isWritten = true;
  await reload();
  const kept = await store.resources.all({ all: true }, { kind: 'prompts', archivedAt: null });
  expect(kept.map(({ name }) => name)).toEqual(['second']);
});

test('a graph has a secret that changes while the file is read', async () => {
  const { file, write, plane } = await setUp();
  const control = await plane();
  const context = control.contextOf(SYSTEM);
  const { _id, version } = await secrets.create(context, { name: 'token', environment: 'FIRST' }, 'default');
  await control.settle();
  const { reload } = await start(file, control);
  const apiKey = async () => (await control.readDefault()).config.providers.stand?.apiKey;
  await write('second', { providers: { stand: { ...MODELS.providers.stand, apiKey: `\${${'secrets.token'}}` } } });
  await reload(async () => {
    await secrets.update(context, _id, version, { environment: 'SECOND' });
    await control.settle();
  });
  await control.whenBuilt(60_000);
  expect(await apiKey()).toBe('second secret');
});

test('a file names secrets that were made since its tenant was renamed', async () => {
  const { file, write, plane } = await setUp();
  const control = await plane();
  const { reload, prompts } = await start(file, control);
  const context = control.contextOf(SYSTEM);
  await tenants.update(context, 'default', 1, { name: 'main' });
  await secrets.create(context, { name: 'token', value: 'a secret' }, 'default');
  await control.settle();
  expect(control.environment()).toMatchObject({ 'secrets.token': 'a secret' });
  await write('second', { providers: { stand: { ...MODELS.providers.stand, apiKey: `\${${'secrets.token'}}` } } });
  await reload();
  expect(prompts()).toEqual(['second']);
});

test('a tenant never shares a graph that another one’s secret came into while it was made', async () => {
  const { file, store, plane } = await setUp();
  const [reading, goOn] = [deferred(), deferred()];
  const ids = new Map<string, string>();
  const find: Store['revisions']['find'] = async (scope, filter) => {
    const found = await store.revisions.find(scope, filter);
    if (found !== undefined && found.tenant === ids.get('acme')) {
      reading.resolve();
      await goOn.promise;
    }
    return found;
  };
  const control = await plane({ revisions: { ...store.revisions, find } });
  await start(file, control);
  const context = control.contextOf(SYSTEM);
  const state = canonicalJson({
    ...{ models: { small: { options: MODELS.models.small } }, routes: { default: { options: ['small'] } } },
    providers: { stand: { options: { ...MODELS.providers.stand, apiKey: `\${${'secrets.token'}}` } } },
  });
  const publishFor = async (name: string) => {
    const { _id } = await tenants.create(context, { name, network: 'any' });
    ids.set(name, _id);
    const record = { tenant: _id, number: 1, author: 'somebody', message: '', restores: null, file: null };
    await store.revisions.insert({ all: true }, { ...record, state, hash: sha256(state) });
    await store.feed.signal();
    await control.settle();
    return _id;
  };
  const acme = await publishFor('acme');
  await reading.promise;
  await secrets.create(context, { name: 'token', environment: 'FIRST' }, acme);
  await control.settle();
  const beta = await publishFor('beta');
  goOn.resolve();
  await control.whenBuilt(60_000);
  expect(control.graphOf(acme)).toBeDefined();
  expect(control.graphOf(beta)).toBeUndefined();
});
