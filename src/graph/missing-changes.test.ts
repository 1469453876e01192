import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import { deferred } from '../../test/utils/deferred.ts';
import { startLateService } from '../../test/utils/late-service.ts';
import { readConfigText } from '../config/read-config.ts';
import { createGraph } from './graph.ts';
import { generationOptions } from './load-graph.ts';

async function configOf(sources: object) {
  const { config, problems } = await readConfigText(JSON.stringify({ sources }), '/skein.yaml', {});
  return { config, known: problems, generation: generationOptions(config) };
}

/** A graph of these sources, and what becomes of it. */
async function graphOf(sources: object) {
  const { config, known, generation } = await configOf(sources);
  const graph = await createGraph(config, known, { log: silentLog, generation, mayBeEmpty: true });
  onTestFinished(() => graph.dispose());
  return {
    change: async (to: object) =>
      graph.change({ ...(await configOf(to)), changedFiles: new Set<string>(), asksServices: false }),
    fields: () => Object.keys(graph.registry.current()?.schema.getQueryType()?.getFields() ?? {}),
    missing: () => graph.missing().map(({ name }) => name),
  };
}

test('the first source of a graph joins it when it comes, also where it was not there at first', async () => {
  const { source, come } = await startLateService('late');
  const { change, fields, missing } = await graphOf({});
  expect(await change({ late: source })).toMatchObject({ isNew: false });
  expect(missing()).toEqual(['late']);
  come();
  await vi.waitFor(() => expect(fields()).toEqual(['late']), { timeout: 15_000 });
});

test('a graph without a source that is there waits for what its configuration says now', async () => {
  const [before, after] = [await startLateService('before'), await startLateService('after')];
  const { change, fields } = await graphOf({ one: before.source });
  await change({ one: after.source });
  before.come();
  after.come();
  await vi.waitFor(() => expect(fields()).not.toEqual([]), { timeout: 15_000 });
  expect(fields()).toEqual(['after']);
});

test('a source that comes waits for none that hangs', async () => {
  const { source, come } = await startLateService('late');
  const asked = deferred();
  let isIll = true;
  const hanging = createServer((_request, response) => {
    if (isIll) return response.writeHead(503).end();
    return asked.resolve();
  }).listen(0, '127.0.0.1');
  await once(hanging, 'listening');
  onTestFinished(() => {
    hanging.closeAllConnections();
    hanging.close();
  });
  const endpoint = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}/`;
  const { fields } = await graphOf({ hangs: { kind: 'graphql', endpoint, timeoutMs: 600_000 }, late: source });
  isIll = false;
  await asked.promise;
  come();
  await vi.waitFor(() => expect(fields()).toEqual(['late']), { timeout: 15_000 });
});
