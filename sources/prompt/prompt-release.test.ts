import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import type { ResultStream } from '../../schema/events.ts';
import { createGraphContext } from '../../schema/request-context.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { createGraph } from '../../src/graph/graph.ts';
import { createCallContext } from '../../test/utils/call-context.ts';
import {
  createProviderServer,
  openaiAnswer,
  openaiChunks,
  openaiEvents,
  sendJson,
} from '../../test/utils/provider-server.ts';

const GENERATION = { rules: [], maxTokens: 10_000 };
const CALLERS = Array.from({ length: 40 }, (_, index) => `default/config:${index}`);

/** A graph of one prompt whose model says what it was asked; streams are left to the test. */
async function setUp(release: readonly object[]) {
  const streams: ServerResponse[] = [];
  const server = await createProviderServer((request, response) => {
    const [message] = request.body.messages as { content: string }[];
    if (request.body.stream !== true) return sendJson(response, openaiAnswer(message?.content ?? ''));
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`data: ${JSON.stringify(openaiChunks(message?.content ?? '')[0])}\n\n`);
    return streams.push(response);
  });
  const folder = await mkdtemp(join(tmpdir(), 'skein-release-'));
  const file = join(folder, 'skein.yaml');
  const configure = async (shares: readonly object[]) => {
    const versions = { old: { template: 'old {{ text }}' }, new: { template: 'new {{ text }}' } };
    const text = JSON.stringify({
      keys: [{ name: 'web', key: 'web' }],
      providers: { stub: { dialect: 'openai', endpoint: server.endpoint } },
      models: { small: { provider: 'stub', model: 'small-1' } },
      routes: { default: ['small'] },
      prompts: { shorten: { input: { text: 'String!' }, versions, release: shares } },
    });
    await writeFile(file, text);
    const { config, problems } = await readConfig(file, {});
    return { config, known: problems };
  };
  const first = await configure(release);
  const graph = await createGraph(first.config, first.known, { log: silentLog, generation: GENERATION });
  onTestFinished(async () => {
    await graph.dispose();
    await server.close();
    await rm(folder, { recursive: true });
  });

  const prepare = (query: string, callerScope: string) => {
    const generation = graph.registry.current();
    const document = generation?.documents.prepare(query);
    if (generation === undefined || document === undefined || document.errors !== undefined)
      throw new Error('no document');
    return {
      generation,
      plan: document.plan(undefined),
      context: createGraphContext(createCallContext({ callerScope }).context),
    };
  };
  async function ask(callerScope: string): Promise<unknown> {
    const { plan, context } = prepare('mutation { shorten(text: "x") }', callerScope);
    return (await plan.execute(context, {})).data?.shorten;
  }
  /** As the front does, it holds the generation for as long as the stream lasts. */
  async function open(callerScope: string) {
    const { generation, plan, context } = prepare(
      'subscription { shortenStream(text: "x") { text version } }',
      callerScope,
    );
    const release = generation.hold();
    const stream = (await plan.subscribe(context, {})) as ResultStream;
    return { next: async () => (await stream.next()).value?.data?.shortenStream, release };
  }
  const releaseNow = async (shares: readonly object[]) =>
    graph.change({
      ...(await configure(shares)),
      generation: GENERATION,
      changedFiles: new Set(),
      asksServices: false,
    });
  return { streams, ask, open, releaseNow };
}

test('a release is rolled out and back while it serves, and streams end as they began', async () => {
  const { streams, ask, open, releaseNow } = await setUp([{ version: 'old' }]);
  const answers = async () => Promise.all(CALLERS.map(ask));
  expect(new Set(await answers())).toEqual(new Set(['old x']));

  await releaseNow([
    { version: 'old', weight: 50 },
    { version: 'new', weight: 50 },
  ]);
  const split = await answers();
  expect(new Set(split)).toEqual(new Set(['old x', 'new x']));
  expect(await answers()).toEqual(split);

  await releaseNow([{ version: 'new' }]);
  expect(new Set(await answers())).toEqual(new Set(['new x']));
  const stream = await open('default/config:1');
  expect(await stream.next()).toEqual({ text: 'new x', version: 'new' });

  const { changes, isNew } = await releaseNow([{ version: 'old' }]);
  expect(isNew).toBe(true);
  expect(await changes()).toEqual({ breaking: [], dangerous: [], safe: [] });
  expect(new Set(await answers())).toEqual(new Set(['old x']));
  streams[0]?.end(openaiEvents(...openaiChunks(' and so on')));
  expect(await stream.next()).toEqual({ text: ' and so on', version: 'new' });
  expect(await stream.next()).toEqual({ text: '', version: 'new' });
  expect(await stream.next()).toBeUndefined();
  stream.release();
});

test('a release of what is not there is refused, and the one before goes on', async () => {
  const { ask, releaseNow } = await setUp([{ version: 'old' }]);
  await expect(releaseNow([{ version: 'nwe' }])).rejects.toMatchObject({
    problems: [
      {
        path: ['prompts', 'shorten', 'release', 0, 'version'],
        message: 'There is no version "nwe". Did you mean "new"?',
      },
    ],
  });
  expect(await ask('')).toBe('old x');
});
