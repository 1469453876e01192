import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import { readConfigText } from '../config/read-config.ts';
import { type CompileWorker, createCompileWorker } from './compile-worker.ts';
import { createGraph, type GraphDeps } from './graph.ts';
import { generationOptions } from './load-graph.ts';

/** A source whose service keeps the question open whether it is well. */
async function setUp() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const folder = await mkdtemp(join(tmpdir(), 'skein-failed-graph-'));
  const compiler = createCompileWorker();
  onTestFinished(async () => {
    await compiler.dispose();
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });
  const document = join(folder, 'schema.graphql');
  await writeFile(document, 'type Query { one: Int }');
  const { port } = server.address() as AddressInfo;
  const healthCheck = { path: '/health', timeoutMs: 60_000 };
  const endpoint = `http://127.0.0.1:${port}/`;
  const source = { kind: 'graphql', endpoint, document, timeoutMs: 60_000, upstream: { healthCheck } };
  const { config, problems } = await readConfigText(JSON.stringify({ sources: { one: source } }), '/skein.yaml', {});
  const asked = once(server, 'request') as Promise<[IncomingMessage]>;
  const run = compiler.run as (...given: readonly unknown[]) => Promise<unknown>;
  /** Creates the graph, and says what comes of composing it when the question was asked. */
  const create = (over: Partial<GraphDeps>, compose = run) => {
    const waiting = async (...given: readonly unknown[]) => {
      if (given[0] !== 'join') return run(...given);
      await asked;
      return compose(...given);
    };
    const deps = { log: silentLog, compiler: { ...compiler, run: waiting as CompileWorker['run'] } };
    return createGraph(config, problems, { ...deps, generation: generationOptions(config), ...over });
  };
  return {
    create,
    /** Resolves when the question has been given up. */
    async isClosed() {
      const [request] = await asked;
      if (!request.destroyed) await new Promise((resolve) => request.once('close', resolve));
    },
  };
}

test('a first graph that cannot be published leaves no source open', async () => {
  const { create, isClosed } = await setUp();
  const generation = {
    maxTokens: 1,
    get rules(): never {
      throw new Error('It cannot be published.');
    },
  };
  await expect(create({ generation })).rejects.toThrow('It cannot be published.');
  await isClosed();
});

test('a graph whose composing is broken off leaves no source open', async () => {
  const { create, isClosed } = await setUp();
  const stop = () => Promise.reject(new Error('The gateway stops.'));
  await expect(create({}, stop)).rejects.toThrow('The gateway stops.');
  await isClosed();
});
