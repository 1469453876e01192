import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { administrator, createTenant } from '../utils/control-admin.ts';
import { type CatalogService, startCatalog } from '../utils/control-services.ts';
import { describeControlStores } from '../utils/control-stores.ts';
import { createEventReader, type EventReader } from '../utils/event-reader.ts';
import {
  createProviderServer,
  openaiAnswer,
  openaiChunks,
  openaiEvents,
  type ProviderServer,
  sendJson,
} from '../utils/provider-server.ts';

const SOON = { timeout: 15_000, interval: 50 };

describeControlStores('a gateway that is empty at first, through the admin schema alone', (store) => {
  let catalog: CatalogService;
  let provider: ProviderServer;
  /** Ends the streams of the provider. */
  let goOn: () => void;

  beforeEach(async () => {
    catalog = await startCatalog();
    const gone = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    provider = await createProviderServer(async ({ body }, response) => {
      if (body.stream !== true) return sendJson(response, openaiAnswer('A fine thing.'));
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const [first = '', ...others] = openaiEvents(...openaiChunks('A ', 'fine ', 'thing.')).split(/(?<=\n\n)/);
      response.write(first);
      await gone;
      response.end(others.join(''));
    });
  });
  afterEach(async () => {
    goOn();
    await catalog.close();
    await provider.close();
  });

  it('comes to a product that another tenant asks for, is given, uses, and loses', async () => {
    const gateway = await store.start();
    const acme = await createTenant(gateway, 'acme');
    const beta = await createTenant(gateway, 'beta');

    // A source, a provider with its key as a secret, a model, a prompt.
    await acme.publishSource('catalog', catalog.options, catalog.document);
    await acme.run(
      'mutation { createSecret(input: { name: "provider", value: "planted-provider-key" }) { errors { path message } } }',
    );
    const publish = (kind: string, name: string, options: object) =>
      acme.run(
        `mutation($input: ${kind}Input!) { publish${kind}(input: $input, message: "m") { errors { path message } } }`,
        { input: { name, options } },
      );
    await publish('Provider', 'stub', {
      dialect: 'openai',
      endpoint: provider.endpoint,
      apiKey: '${secrets.provider}',
    });
    await publish('Model', 'small', { provider: 'stub', model: 'small-1' });
    await publish('Route', 'default', ['small']);
    await publish('Prompt', 'describe', { input: { name: 'String!' }, template: 'Describe {{ name }}.' });

    const shop = await acme.createApp('shop');
    const own = await acme.createKey(shop.id, 'k');
    await vi.waitFor(async () => {
      const answer = await gateway.ask(own.secret, 'mutation { describe(name: "lamp") }');
      expect(answer.data).toEqual({ describe: 'A fine thing.' });
    }, SOON);
    expect(provider.requests[0]?.headers.authorization).toBe('Bearer planted-provider-key');

    const product = await acme.publishProduct('catalog', {
      fields: ['Query.product', 'Mutation.describe', 'Subscription.describeStream', 'Product.name', 'Product.sku'],
      approval: 'REQUIRED',
    });

    // The other tenant finds it, asks for it, and has nothing until it is approved.
    const reader = await beta.createApp('reader');
    const key = await beta.createKey(reader.id, 'k');
    const refused = await gateway.ask(key.secret, '{ product(sku: "x") { name } }');
    expect([refused.status, refused.errors?.[0]?.extensions.code]).toEqual([403, 'FORBIDDEN']);
    const { catalog: found } = (await beta.query('{ catalog { nodes { id name } } }')) as never as {
      catalog: { nodes: object[] };
    };
    expect(found.nodes).toEqual([{ id: product.id, name: 'catalog' }]);
    const grant = await beta.requestGrant(reader.id, product.id);
    expect((await gateway.ask(key.secret, '{ product(sku: "x") { name } }')).status).toBe(403);
    await acme.approve(grant);

    await vi.waitFor(async () => {
      const answer = await gateway.ask(key.secret, '{ product(sku: "x") { sku name } }');
      expect(answer.data).toEqual({ product: { sku: 'x', name: 'Thing x' } });
    }, SOON);
    const described = await gateway.ask(key.secret, 'mutation { describe(name: "lamp") }');
    expect(described.data).toEqual({ describe: 'A fine thing.' });
    expect(described.text).not.toContain('small');

    // Streams through the product: one ends by itself, one with the grant, one with its key.
    const other = await beta.createKey(reader.id, 'other');
    const query = 'subscription { describeStream(name: "lamp") { __typename } }';
    const streams: EventReader[] = [];
    for (const { secret } of [key, other]) {
      const stream = createEventReader(await gateway.open(secret, query));
      expect(await stream.next()).toMatchObject({ data: { describeStream: { __typename: expect.any(String) } } });
      streams.push(stream);
    }
    await beta.run('mutation($id: ID!) { revokeApiKey(id: $id) { errors { path message } } }', { id: other.id });
    const codeAtEnd = async (stream: EventReader | undefined) => {
      for (;;) {
        const event = (await stream?.next()) as { errors?: { extensions: { code: string } }[] };
        if (event.errors !== undefined) return event.errors[0]?.extensions.code;
      }
    };
    expect(await codeAtEnd(streams[1])).toBe('UNAUTHENTICATED');
    expect((await gateway.ask(other.secret, '{ __typename }')).status).toBe(401);

    await acme.revokeGrant(grant);
    expect(await codeAtEnd(streams[0])).toBe('FORBIDDEN');
    const lost = await gateway.ask(key.secret, '{ product(sku: "x") { name } }');
    expect([lost.status, lost.errors?.[0]?.extensions.code]).toEqual([403, 'FORBIDDEN']);
    expect((await gateway.ask(own.secret, '{ product(sku: "x") { name } }')).status).toBe(200);

    const { auditEntries } = (await administrator(gateway).query(
      '{ auditEntries(first: 100) { nodes { action outcome } } }',
    )) as never as { auditEntries: { nodes: { action: string; outcome: string }[] } };
    for (const action of ['grant.request', 'grant.approve', 'grant.revoke', 'key.revoke', 'product.publish'])
      expect(auditEntries.nodes).toContainEqual({ action, outcome: 'done' });
    const everything = gateway.stdout() + gateway.stderr();
    for (const secret of ['planted-provider-key', own.secret, key.secret, acme.token])
      expect(everything).not.toContain(secret);
  });
});
