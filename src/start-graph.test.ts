import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createEncryption } from '../admin/secrets/encryption.ts';
import { connectStore, embeddedUri } from '../admin/store/connect.ts';
import { createStore } from '../admin/store/store.ts';
import { silentLog, systemClock } from '../kernel/ports.ts';
import { readConfig } from './config/read-config.ts';
import { createControlPlane } from './control/control-plane.ts';
import { createCompileWorker } from './graph/compile-worker.ts';
import { generationOptions } from './graph/load-graph.ts';
import { readStartConfig } from './start-config.ts';
import { startDefaultGraph } from './start-graph.ts';

const MODELS = {
  providers: { stand: { dialect: 'openai', endpoint: 'http://127.0.0.1:1/v1', apiKey: 'one' } },
  models: { small: { provider: 'stand', model: 'small-1' } },
  routes: { default: ['small'] },
};

/** The default graph of a file with a prompt, on a store that tells of nothing that is written from then on. */
async function setUp() {
  const folder = await mkdtemp(join(tmpdir(), 'skein-start-graph-'));
  const file = join(folder, 'skein.yaml');
  const write = (prompt: string, more: object = {}) => {
    const prompts = { [prompt]: { input: { name: 'String!' }, template: '{{ name }}' } };
    return writeFile(file, JSON.stringify({ ...MODELS, prompts, ...more }));
  };
  await write('first');

  const connection = await connectStore({ uri: embeddedUri(':memory:'), log: silentLog });
  const store = await createStore(connection, { clock: systemClock });
  let heard: number | undefined;
  const signals = async () => heard ?? store.feed.signals();
  const compiler = createCompileWorker();
  const control = await createControlPlane({
    store: { ...store, feed: { ...store.feed, signals, onSignal: () => () => {} } },
    encryption: createEncryption({ key: undefined, previous: [], keyFile: undefined }),
    ...{ compiler, env: {}, dataFolder: ':memory:', clock: systemClock, log: silentLog, meter: { record: () => {} } },
  });
  const given = await readStartConfig(file, true, {});
  const main = await startDefaultGraph({ control, given, known: [], log: silentLog, onRead: () => {} });
  await control.settle();
  await control.whenBuilt(60_000);
  heard = await store.feed.signals();
  onTestFinished(async () => {
    await control.dispose();
    await main.graph.dispose();
    await compiler.dispose();
    await rm(folder, { recursive: true });
  });
  /** Takes what the file says now, as a reload does. */
  const reload = () =>
    main.exclusively(async () => {
      const merged = await main.merge(await readConfig(file, {}));
      const { config, problems: known } = merged.reading;
      const options = { generation: generationOptions(config), changedFiles: new Set<string>(), asksServices: false };
      await main.graph.change({ config, known, ...options });
      await merged.commit();
    });
  const generation = () => main.graph.registry.current()?.number;
  return { control, main, write, reload, generation };
}

test('a graph stays as a changed file says, also before the store has told of it', async () => {
  const { control, main, write, reload, generation } = await setUp();
  const before = generation() ?? 0;
  // With settings every graph is made with, so that this one is looked at once more.
  await write('second', { limits: { depth: 7 } });
  await reload();
  await control.whenBuilt(60_000);
  expect(main.graph.registry.current()?.schema.getMutationType()?.getFields()).toHaveProperty('second');
  expect(generation()).toBe(before + 1);
});
