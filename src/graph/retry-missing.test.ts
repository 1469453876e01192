import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSchema, getIntrospectionQuery, graphql } from 'graphql';
import { expect, onTestFinished, test, vi } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import { createCallContext } from '../../test/utils/call-context.ts';
import { deferred } from '../../test/utils/deferred.ts';
import { readConfigText } from '../config/read-config.ts';
import { type CompileWorker, createCompileWorker } from './compile-worker.ts';
import { createGraph } from './graph.ts';
import { generationOptions } from './load-graph.ts';

/** Two services; the second of them is there when a test says so. */
async function setUp() {
  let isLateThere = false;
  const schemaOf = (name: string) => buildSchema(`type Query { ${name}: Int }`);
  const server = createServer(async (request, response) => {
    const name = request.url?.slice(1) ?? '';
    if (name === 'late' && !isLateThere) return response.writeHead(503).end();
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { query: source = getIntrospectionQuery() } = JSON.parse(body) as { query?: string };
    const answer = await graphql({ schema: schemaOf(name), source, rootValue: { [name]: 1 } });
    return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const sourceOf = (name: string) => ({ kind: 'graphql', endpoint: `http://127.0.0.1:${port}/${name}` });
  const text = JSON.stringify({ sources: { first: sourceOf('first'), late: sourceOf('late') } });
  const { config } = await readConfigText(text, '/skein.yaml', {});

  const worker = createCompileWorker();
  const run = worker.run as (...given: readonly unknown[]) => Promise<unknown>;
  let joining: Promise<void> | undefined;
  const compiled = deferred();
  const compiler: CompileWorker = {
    ...worker,
    run: (async (...given: readonly unknown[]) => {
      if (given[0] === 'join') await joining;
      const result = await run(...given);
      if (given[0] === 'graphql' && isLateThere) compiled.resolve();
      return result;
    }) as CompileWorker['run'],
  };
  const generation = generationOptions(config);
  const graph = await createGraph(config, [], { log: silentLog, compiler, generation });
  onTestFinished(async () => {
    await graph.dispose();
    await worker.dispose();
    server.closeAllConnections();
    server.close();
  });
  const request = { config, known: [], generation, changedFiles: new Set<string>(), asksServices: false };
  /** The service is there, and its source is made, while graphs wait to be composed. */
  const arrive = async (until: Promise<void>) => {
    joining = until;
    isLateThere = true;
    await compiled.promise;
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  return { graph, request, arrive };
}

test('a source that comes while changes are made is in none of them, and answers when it is in the graph', async () => {
  const { graph, request, arrive } = await setUp();
  const goOn = deferred();
  const refused = graph.change({ ...request, known: [{ message: 'It is wrong.' }] });
  const { limits } = request.config;
  const change = graph.change({ ...request, config: { ...request.config, limits: { ...limits, depth: 7 } } });
  await arrive(goOn.promise);
  goOn.resolve();
  await expect(refused).rejects.toThrow('wrong');
  await change;
  const fields = () => Object.keys(graph.registry.current()?.schema.getQueryType()?.getFields() ?? {}).sort();
  await vi.waitFor(() => expect(fields()).toEqual(['first', 'late']), { timeout: 15_000 });
  const call = graph.registry
    .current()
    ?.sources.find(({ name }) => name === 'late')
    ?.model.calls.get('Query.late');
  if (call?.type !== 'unary') throw new Error('There is no such call.');
  await expect(call.invoke({}, createCallContext().context)).resolves.toBe(1);
});
