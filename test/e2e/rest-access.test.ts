import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createTenant, type TenantAdministrator } from '../utils/control-admin.ts';
import type { ControlGateway } from '../utils/control-gateway.ts';
import { type CatalogService, startCatalog } from '../utils/control-services.ts';
import { describeControlStores } from '../utils/control-stores.ts';
import {
  createProviderServer,
  openaiAnswer,
  openaiChunks,
  openaiEvents,
  type ProviderServer,
  sendEvents,
  sendJson,
} from '../utils/provider-server.ts';

const SOON = { timeout: 15_000, interval: 50 };
const PROMPTS = {
  say: {
    input: { text: 'String!' },
    template: '{{ text }}',
    examples: [{ input: { text: 'Ours' }, output: 'our own words' }],
    cache: { ttlSeconds: 60 },
  },
  judge: { input: { text: 'String!' }, output: 'Int!', template: 'judge {{ text }}' },
};

describeControlStores('prompts over REST are for those who may use their fields', (store) => {
  let gateway: ControlGateway;
  let provider: ProviderServer;
  let catalog: CatalogService;
  let acme: TenantAdministrator;

  beforeEach(async () => {
    provider = await createProviderServer(({ body }, response) => {
      if (body.stream === true) sendEvents(response, openaiEvents(...openaiChunks('Hel', 'lo')));
      else sendJson(response, openaiAnswer(body.response_format === undefined ? 'Hello' : '{"value":7}'));
    });
    gateway = await store.start();
    acme = await createTenant(gateway, 'acme');
    catalog = await startCatalog();
    await acme.publishSource('catalog', catalog.options, catalog.document);
    const publish = (kind: string, name: string, options: object) =>
      acme.run(
        `mutation($input: ${kind}Input!) { publish${kind}(input: $input, message: "by a test") { errors { path message } } }`,
        { input: { name, options } },
      );
    await publish('Provider', 'stub', { dialect: 'openai', endpoint: provider.endpoint });
    await publish('Model', 'small', { provider: 'stub', model: 'small-1' });
    await publish('Route', 'default', ['small'] as never);
    for (const [name, options] of Object.entries(PROMPTS)) await publish('Prompt', name, options);
  });
  afterEach(async () => {
    await provider.close();
    await catalog.close();
  });

  const send = (key: string, path: string, body?: object, accept = 'application/json') =>
    fetch(`${gateway.url}/rest/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', accept },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const documentOf = async (key: string) => {
    const text = await (await send(key, 'openapi.json')).text();
    return { text, paths: Object.keys((JSON.parse(text) as { paths: object }).paths) };
  };
  const soon = (key: string, name: string, answer: object) =>
    vi.waitFor(
      async () => expect(await (await send(key, `prompts/${name}`, { text: 'x' })).json()).toEqual(answer),
      SOON,
    );

  it('of its own tenant, of a key that is held to a product, and of a tenant that was granted one', async () => {
    const product = await acme.publishProduct('words', { fields: ['Mutation.say', 'Query.product', 'Product.sku'] });
    const own = await acme.createApp('own');
    const free = await acme.createKey(own.id, 'free');
    const held = await acme.createKey(own.id, 'held', { products: [product.id] });
    const made = { prompt: { version: 'inline', hash: expect.any(String) }, model: 'small', provider: 'stub' };
    const usage = { inputTokens: 5, outputTokens: 2, totalTokens: 7 };
    const ids = { call: expect.stringMatching(/^use_/), requestId: expect.any(String) };
    await soon(free.secret, 'judge', { output: 7, ...made, cached: false, usage, ...ids });
    await vi.waitFor(async () => expect((await documentOf(held.secret)).paths).toEqual(['/rest/prompts/say']), SOON);
    expect((await documentOf(free.secret)).paths).toEqual([
      '/rest/prompts/judge',
      '/rest/prompts/say',
      '/rest/feedback',
    ]);
    expect((await send(held.secret, 'prompts/say', { text: 'x' })).status).toBe(200);
    // The same question, by another key that is held to the same: it was answered already.
    const like = await acme.createKey(own.id, 'like', { products: [product.id] });
    await soon(like.secret, 'say', expect.objectContaining({ output: 'Hello', cached: true }));
    const used = '{ usageRecords { nodes { door prompt outcome costNanoUsd inputTokens } } }';
    await vi.waitFor(async () => {
      const { usageRecords } = (await acme.query(used)) as never as { usageRecords: { nodes: { outcome: string }[] } };
      const said = { door: 'rest', prompt: 'say' };
      expect(usageRecords.nodes).toContainEqual({ ...said, outcome: 'FINISHED', costNanoUsd: null, inputTokens: 5 });
      expect(usageRecords.nodes).toContainEqual({ ...said, outcome: 'CACHED', costNanoUsd: '0', inputTokens: 0 });
    }, SOON);
    const refused = await send(held.secret, 'prompts/judge', { text: 'x' });
    expect([refused.status, await refused.json()]).toMatchObject([404, { error: { code: 'NOT_FOUND' } }]);
    expect(await (await send(held.secret, 'prompts/judg', { text: 'x' })).text()).not.toContain('judge');
    // A stream is another field of the graph.
    expect((await send(held.secret, 'prompts/say', { text: 'x' }, 'text/event-stream')).status).toBe(403);

    const beta = await createTenant(gateway, 'beta');
    const app = await beta.createApp('reader');
    const reader = await beta.createKey(app.id, 'k');
    const other = await beta.createApp('other');
    const stranger = await beta.createKey(other.id, 'k');
    await acme.approve(await beta.requestGrant(app.id, product.id));
    const asked = provider.requests.length;
    // What is behind a product is its owner's, and so are answers that were kept for others.
    await soon(reader.secret, 'say', { output: 'Hello', requestId: expect.any(String) });
    expect(provider.requests.length).toBe(asked + 1);
    const seen = await documentOf(reader.secret);
    expect(seen.paths).toEqual(['/rest/prompts/say']);
    expect(seen.text).not.toContain('our own words');
    expect((await send(reader.secret, 'prompts/judge', { text: 'x' })).status).toBe(404);
    expect((await send(stranger.secret, 'prompts/say', { text: 'x' })).status).toBe(404);
    expect((await documentOf(stranger.secret)).paths).toEqual([]);
  });
});
