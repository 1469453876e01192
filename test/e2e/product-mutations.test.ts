import { buildClientSchema, getIntrospectionQuery, printSchema, validateSchema } from 'graphql';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createTenant, type TenantAdministrator } from '../utils/control-admin.ts';
import type { ControlGateway } from '../utils/control-gateway.ts';
import { startCatalog } from '../utils/control-services.ts';
import { describeControlStores } from '../utils/control-stores.ts';
import { createEventReader } from '../utils/event-reader.ts';
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
const SAY = 'mutation { say(text: "hi") }';
const STREAM = 'subscription { sayStream(text: "hi") { text } }';

describeControlStores('a product of prompts alone', (store) => {
  let gateway: ControlGateway;
  let provider: ProviderServer;
  let acme: TenantAdministrator;
  let product: string;

  beforeEach(async () => {
    provider = await createProviderServer(({ body }, response) => {
      if (body.stream === true) sendEvents(response, openaiEvents(...openaiChunks('Hel', 'lo')));
      else sendJson(response, openaiAnswer('Hello'));
    });
    gateway = await store.start();
    acme = await createTenant(gateway, 'acme');
    const create = (kind: string, name: string, options: object) =>
      acme.run(`mutation($input: Create${kind}Input!) { create${kind}(input: $input) { errors { path message } } }`, {
        input: { name, options },
      });
    await create('Provider', 'stub', { dialect: 'openai', endpoint: provider.endpoint, apiKey: 'k' });
    await create('Model', 'small', { provider: 'stub', model: 'small-1' });
    await create('Route', 'default', ['small']);
    await create('Prompt', 'say', { input: { text: 'String!' }, template: '{{ text }}' });
    await acme.run('mutation { publishConfiguration(message: "by a test") { errors { path message } } }');
    ({ id: product } = await acme.publishProduct('words', { fields: ['Mutation.say', 'Subscription.sayStream'] }));
  });
  afterEach(() => provider.close());

  const grantTo = async (of: TenantAdministrator) => {
    const { id } = await of.createApp('reader');
    const { secret } = await of.createKey(id, 'key');
    await acme.approve(await of.requestGrant(id, product));
    return { app: id, secret };
  };
  const dataOf = (secret: string, query: string) =>
    vi.waitFor(async () => {
      const { data, errors } = await gateway.ask(secret, query);
      expect(errors).toBeUndefined();
      return data as never as Readonly<Record<string, unknown>>;
    }, SOON);
  const schemaOf = async (secret: string) =>
    buildClientSchema((await dataOf(secret, getIntrospectionQuery())) as never);

  it('is a whole graph for a tenant that has nothing of its own', async () => {
    const beta = await createTenant(gateway, 'beta');
    const { app, secret } = await grantTo(beta);
    expect(await dataOf(secret, SAY)).toEqual({ say: 'Hello' });
    const events = createEventReader(await gateway.open(secret, STREAM));
    let text = '';
    while (text !== 'Hello') {
      const { data } = (await events.next()) as { data?: { sayStream: { text: string | null } } };
      text += data?.sayStream.text ?? '';
    }
    await events.close();
    expect(await dataOf(secret, '{ __typename }')).toEqual({ __typename: 'Query' });
    const schema = await schemaOf(secret);
    expect(validateSchema(schema)).toEqual([]);
    expect(printSchema(schema)).toMatch(/type Query \{\s+"""There is nothing to query."""\s+_empty: Boolean\s+\}/);
    const rest = await fetch(`${gateway.url}/rest/prompts/say`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
      body: JSON.stringify({ text: 'hi' }),
    });
    expect([rest.status, await rest.text()]).toEqual([200, expect.stringContaining('Hello')]);

    // A key that is held to the product has the same, and an app without it nothing.
    const { secret: held } = await beta.createKey(app, 'held', { products: [product] });
    expect(await dataOf(held, SAY)).toEqual({ say: 'Hello' });
    expect(printSchema(await schemaOf(held))).toBe(printSchema(schema));
    const none = await beta.createKey((await beta.createApp('none')).id, 'none');
    await vi.waitFor(async () => {
      for (const query of ['{ __typename }', '{ _empty }', SAY]) {
        const { errors } = await gateway.ask(none.secret, query);
        expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
      }
    }, SOON);
  });

  it('gives way to the first query of the tenant’s own', async () => {
    const beta = await createTenant(gateway, 'beta');
    const { secret } = await grantTo(beta);
    expect(await dataOf(secret, SAY)).toEqual({ say: 'Hello' });
    const catalog = await startCatalog();
    try {
      // Nothing breaks: it is published without a word.
      await beta.publishSource('catalog', catalog.options, catalog.document);
      await vi.waitFor(async () => {
        const names = Object.keys((await schemaOf(secret)).getQueryType()?.getFields() ?? {});
        expect(names).toContain('product');
        expect(names).not.toContain('_empty');
      }, SOON);
      expect(await dataOf(secret, SAY)).toEqual({ say: 'Hello' });
    } finally {
      await catalog.close();
    }
  });
});
