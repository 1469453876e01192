import { setImmediate } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import { createCallContext } from '../../test/utils/call-context.ts';
import {
  createProviderServer,
  openaiAnswer,
  type ProviderHandler,
  sendJson,
} from '../../test/utils/provider-server.ts';
import { readConfigText } from '../config/read-config.ts';
import { createGraph } from './graph.ts';
import { generationOptions } from './load-graph.ts';

const answer: ProviderHandler = (_, response) => sendJson(response, openaiAnswer('Hello'));
const greet = (template: string, more: object = {}) => ({ greet: { input: { name: 'String!' }, template, ...more } });

interface Sections {
  readonly provider?: object;
  readonly models?: object;
  readonly prompts?: object;
}

/** A graph of one provider, and what publishes another configuration of it. */
async function setUp(first: Sections = {}) {
  const server = await createProviderServer(answer);
  const read = async ({ provider = {}, models = {}, prompts = greet('Greet {{ name }}.') }: Sections) => {
    const sections = {
      providers: { stand: { dialect: 'openai', endpoint: server.endpoint, apiKey: 'one', ...provider } },
      models: { small: { provider: 'stand', model: 'small-1' }, ...models },
      routes: { default: ['small'] },
      prompts,
    };
    return readConfigText(JSON.stringify(sections), '/skein.yaml', {});
  };
  const { config, problems } = await read(first);
  const graph = await createGraph(config, problems, { log: silentLog, generation: generationOptions(config) });
  onTestFinished(async () => {
    await graph.dispose();
    await server.close();
  });
  const publish = async (sections: Sections) => {
    const next = await read(sections);
    const request = { config: next.config, known: next.problems, generation: generationOptions(next.config) };
    const change = await graph.change({ ...request, changedFiles: new Set(), asksServices: false });
    expect(change.isNew).toBe(true);
  };
  const ask = async (): Promise<unknown> => {
    const call = graph
      .sources()
      .find(({ name }) => name === 'prompts')
      ?.model.calls.get('Mutation.greet');
    if (call?.type !== 'unary') throw new Error('There is no greet.');
    const answer = await call.invoke({ name: 'Ada' }, createCallContext({ callerScope: 'default/one' }).context);
    // A socket is free again a turn after the answer; publishing may take less.
    await setImmediate();
    return answer;
  };
  const breaker = () => graph.models?.upstreams().stand?.endpoints[0]?.breaker;
  const asked = () => JSON.stringify(server.requests.at(-1)?.body.messages);
  return { server, graph, publish, ask, breaker, asked };
}

describe('a release of a prompt', () => {
  test('keeps the sockets to providers', async () => {
    const { server, publish, ask, asked, graph } = await setUp();
    await ask();
    const { models } = graph;
    for (const template of ['Greet {{ name }} warmly.', 'Greet {{ name }} coldly.']) {
      await publish({ prompts: greet(template) });
      await ask();
      expect(asked()).toContain(template.replace('{{ name }}', 'Ada'));
    }
    expect(server.requests).toHaveLength(3);
    expect(server.connections()).toBe(1);
    expect(graph.models).toBe(models);
  });

  test('keeps breakers open', async () => {
    const provider = {
      upstream: { breaker: { percent: 50, minimumCalls: 2, windowMs: 60_000, openMs: 60_000 }, retries: false },
    };
    const { server, publish, ask, breaker } = await setUp({ provider });
    server.answer((_, response) => sendJson(response, {}, 500));
    for (let call = 0; call < 3; call++) await expect(ask()).rejects.toThrow();
    const { length } = server.requests;
    expect(breaker()).toBe('open');
    await publish({ provider, prompts: greet('Greet {{ name }} warmly.') });
    expect(breaker()).toBe('open');
    await expect(ask()).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    expect(server.requests).toHaveLength(length);
  });

  test('lets keys rest that have to', async () => {
    const provider = { apiKeys: ['two'] };
    const { server, publish, ask } = await setUp({ provider });
    const used: (string | undefined)[] = [];
    server.answer(({ headers }, response) => {
      used.push(headers.authorization);
      if (headers.authorization === 'Bearer one') sendJson(response, {}, 429, { 'retry-after': '600' });
      else sendJson(response, openaiAnswer('Hello'));
    });
    while (!used.includes('Bearer one')) await ask();
    used.length = 0;
    await publish({ provider, prompts: greet('Greet {{ name }} warmly.') });
    for (let call = 0; call < 4; call++) await ask();
    expect(used).toEqual(Array(4).fill('Bearer two'));
  });

  test('may be the first whose answers are kept', async () => {
    const { server, publish, ask } = await setUp();
    await ask();
    await publish({ prompts: greet('Greet {{ name }}.', { cache: { ttlSeconds: 60 } }) });
    await ask();
    await ask();
    expect(server.requests).toHaveLength(2);
    expect(server.connections()).toBe(1);
  });
});

describe('a change of models', () => {
  test('keeps the sockets to providers that do not change', async () => {
    const { server, publish, ask, graph } = await setUp();
    await ask();
    await publish({ models: { large: { provider: 'stand', model: 'large-1' } } });
    await ask();
    expect(graph.models?.names()).toContain('large');
    expect(server.connections()).toBe(1);
  });

  test('closes those to providers that do', async () => {
    const { server, publish, ask } = await setUp();
    await ask();
    await publish({ provider: { apiKey: 'other' } });
    await ask();
    expect(server.connections()).toBe(2);
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer one', 'Bearer other']);
    await server.requests[0]?.closed;
  });
});
