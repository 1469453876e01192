import { createClient } from 'graphql-ws';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createTenant, type TenantAdministrator } from '../utils/control-admin.ts';
import type { ControlGateway } from '../utils/control-gateway.ts';
import { type CatalogService, catalogDocument, startCatalog } from '../utils/control-services.ts';
import { describeControlStores } from '../utils/control-stores.ts';

const SOON = { timeout: 15_000, interval: 50 };

describeControlStores('what tenants offer each other', (store) => {
  let gateway: ControlGateway;
  let catalog: CatalogService;
  let acme: TenantAdministrator;
  let beta: TenantAdministrator;
  /** What the tenant acme of a test is called: all tests have the same gateway. */
  let acmeName: string;
  let round = 0;

  beforeEach(async () => {
    catalog = await startCatalog();
    gateway = await store.startShared();
    round += 1;
    acmeName = `acme${round}`;
    acme = await createTenant(gateway, acmeName);
    beta = await createTenant(gateway, `beta${round}`);
    await acme.publishSource('internal-catalog', catalog.options, catalog.document);
  });
  afterEach(() => catalog.close());

  const graphOf = async (of: TenantAdministrator) => {
    const { tenant } = (await of.query('query($id: ID!) { tenant(id: $id) { graph { generation problems } } }', {
      id: of.tenant,
    })) as never as { tenant: { graph: { generation: number | null; problems: string[] } } };
    return tenant.graph;
  };
  /** An app with a key, and what it was granted. */
  const grantTo = async (of: TenantAdministrator, owner: TenantAdministrator, app: string, ...products: string[]) => {
    const { id } = await of.createApp(app);
    const { secret } = await of.createKey(id, 'k');
    const grants: string[] = [];
    for (const product of products) {
      const grant = await of.requestGrant(id, product);
      await owner.approve(grant);
      grants.push(grant);
    }
    return { id, secret, grants };
  };
  const answers = (key: string, query: string, data: object) =>
    vi.waitFor(async () => {
      const answer = await gateway.ask(key, query);
      expect(answer.data ?? answer.errors).toEqual(data);
    }, SOON);
  const publishOwn = async (of: TenantAdministrator, name: string, names: object) =>
    of.publishSource(
      name,
      { ...catalog.options, document: `${name}.yaml` },
      {
        name: `${name}.yaml`,
        text: catalogDocument(catalog.url, names),
      },
    );

  it('is seen and called in its fields alone, by apps that were granted it', async () => {
    const product = await acme.publishProduct('goods', { fields: ['Query.product', 'Product.sku', 'Product.name'] });
    await publishOwn(beta, 'orders', { type: 'Order', query: 'order', list: 'orders' });
    const { secret } = await grantTo(beta, acme, 'reader', product.id);
    await answers(secret, '{ product(sku: "x") { name } order(sku: "o") { sku } }', {
      product: { name: 'Thing x' },
      order: { sku: 'o' },
    });
    const seen = await gateway.ask(
      secret,
      '{ __schema { queryType { fields { name } } mutationType { fields { name } } types { name } } __type(name: "Product") { fields { name } } }',
    );
    for (const hidden of ['products', 'costCents', 'renameProduct', 'internal-catalog'])
      expect(seen.text).not.toContain(`"${hidden}"`);
    for (const [query, hidden] of [
      ['{ product(sku: "x") { costCent } }', 'costCents'],
      ['{ product(sku: "x") { costCents } }', 'Did you mean'],
      ['{ product(sku: "x") { nam } }', 'costCents'],
      ['{ productz { name } }', '"products"'],
      ['mutation { renameProduc(sku: "x", name: "y") { name } }', 'renameProduct'],
      ['{ product(sku: "x", region: "eu") { name } }', 'internal-catalog'],
    ] as const) {
      const { errors, text } = await gateway.ask(secret, query);
      expect(errors?.[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
      expect(text).not.toContain(hidden);
    }
    // Another app of the same tenant has no grant.
    const other = await beta.createApp('other');
    const { secret: without } = await beta.createKey(other.id, 'k');
    const refused = await gateway.ask(without, '{ product(sku: "x") { name } }');
    expect(refused.errors?.[0]).toMatchObject({
      message: 'Cannot query field "product" on type "Query".',
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
    });
    const shown = await gateway.ask(without, '{ __schema { types { name fields { name } } } }');
    expect(shown.text).toContain('"order"');
    expect(shown.text).not.toContain('roduct');
    await answers(without, '{ order(sku: "o") { sku } }', { order: { sku: 'o' } });
  });

  it('has mutations, and errors that name nothing of its owner', async () => {
    const product = await acme.publishProduct('writes', { fields: ['Mutation.renameProduct', 'Query.product'] });
    const { secret } = await grantTo(beta, acme, 'reader', product.id);
    await answers(secret, 'mutation { renameProduct(sku: "x", name: "y") { name } }', { renameProduct: { name: 'y' } });
    for (const [status, body] of [
      [500, { message: 'db at 10.1.2.3 is down' }],
      [403, { message: 'you are not gateway@internal-catalog' }],
      [200, { sku: 5, name: null }],
      [200, 'no object'],
    ] as const) {
      catalog.fail(status, body);
      const answer = await gateway.ask(secret, '{ product(sku: "x") { sku name } }');
      expect(answer.errors?.[0]?.extensions.code).toMatch(/^UPSTREAM_/);
      for (const hidden of ['internal-catalog', '127.0.0.1', '10.1.2.3']) expect(answer.text).not.toContain(hidden);
    }
    catalog.fail(undefined);
    const planned = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${secret}`,
        'x-who': 'a client of beta',
        cookie: 'session=beta',
      },
      body: JSON.stringify({ query: '{ product(sku: "x") { sku } }', extensions: { skein: { plan: true } } }),
    });
    const text = await planned.text();
    expect(text).toContain(`"source":"tenant/${acmeName}"`);
    expect(text).not.toContain('internal-catalog');
    expect(JSON.stringify(catalog.requests.at(-1)?.headers)).not.toContain('beta');
  });

  it('does not go on to others, by no way', async () => {
    const goods = await acme.publishProduct('goods', { fields: ['Query.product', 'Product.*'] });
    await publishOwn(beta, 'orders', { type: 'Order', query: 'order', list: 'orders' });
    const { secret } = await grantTo(beta, acme, 'reader', goods.id);
    await answers(secret, '{ product(sku: "x") { name } order(sku: "o") { sku } }', {
      product: { name: 'Thing x' },
      order: { sku: 'o' },
    });
    // No link of its own leads there.
    for (const call of ['Query.product', `tenant/${acmeName}.product`, `${acmeName}.product`])
      await expect(
        beta.run(
          'mutation($input: LinkInput!) { publishLink(input: $input, message: "m") { errors { message path } } }',
          {
            input: { name: 'Order.product', options: { call, args: { sku: '$parent.sku' } } },
          },
        ),
      ).rejects.toThrow(/links.Order.product/);
    const again = await beta.publishProduct('again', {
      fields: ['Query.*', 'Product.*', 'Query.order', 'Order.*'],
    });
    const gamma = await createTenant(gateway, 'gamma');
    const third = await grantTo(gamma, beta, 'third', again.id);
    await answers(third.secret, '{ order(sku: "o") { sku } }', { order: { sku: 'o' } });
    const { text } = await gateway.ask(third.secret, '{ __schema { types { name fields { name } } } }');
    for (const hidden of ['"product"', '"Product"']) expect(text).not.toContain(hidden);
  });

  it('works between two that offer each other something, and by two products of one', async () => {
    await publishOwn(beta, 'orders', { type: 'Order', query: 'order', list: 'orders' });
    const one = await acme.publishProduct('one', { fields: ['Query.product', 'Product.name'] });
    const lists = await acme.publishProduct('lists', { fields: ['Query.products', 'Product.sku'] });
    const orders = await beta.publishProduct('orders', { fields: ['Query.order', 'Query.product'] });
    const both = await grantTo(beta, acme, 'both', one.id, lists.id);
    const back = await grantTo(acme, beta, 'back', orders.id);
    await answers(both.secret, '{ product(sku: "x") { name } products { sku } }', {
      product: { name: 'Thing x' },
      products: [{ sku: 'a' }],
    });
    await answers(back.secret, '{ order(sku: "o") { sku } product(sku: "x") { costCents } }', {
      order: { sku: 'o' },
      product: { costCents: 7 },
    });
    await acme.revokeGrant(both.grants[1] ?? '');
    await vi.waitFor(
      async () => expect((await gateway.ask(both.secret, '{ products { sku } }')).errors).toBeDefined(),
      SOON,
    );
    await answers(both.secret, '{ product(sku: "x") { name } order(sku: "o") { sku } }', {
      product: { name: 'Thing x' },
      order: { sku: 'o' },
    });
    expect(await graphOf(acme)).toMatchObject({ problems: [] });
    expect(await graphOf(beta)).toMatchObject({ problems: [] });
  });

  it('is left out where it does not fit beside what is the tenant’s own, which stays', async () => {
    const goods = await acme.publishProduct('goods', { fields: ['Query.product'] });
    await publishOwn(beta, 'mine', { query: 'mine', list: 'allMine' });
    const { secret } = await grantTo(beta, acme, 'reader', goods.id);
    await vi.waitFor(async () => {
      const { problems } = await graphOf(beta);
      expect(problems.join('\n')).toMatch(new RegExp(`What "${acmeName}" offers is left out: .*Product`));
    }, SOON);
    await answers(secret, '{ mine(sku: "x") { name } }', { mine: { name: 'Thing x' } });
    expect(gateway.stderr()).toMatch(/what a tenant was granted is not in its graph/);
    // It publishes on, and once nothing is in the way, it has both.
    await beta.run(
      'mutation($input: SourceInput!, $version: Int!) { publishSource(input: $input, version: $version, message: "m", allowBreaking: true) { errors { path message } } }',
      {
        version: 1,
        input: {
          name: 'mine',
          options: { ...catalog.options, document: 'mine.yaml' },
          document: {
            name: 'mine.yaml',
            text: catalogDocument(catalog.url, { type: 'Mine', query: 'mine', list: 'allMine' }),
          },
        },
      },
    );
    await answers(secret, '{ mine(sku: "x") { name } product(sku: "y") { name } }', {
      mine: { name: 'Thing x' },
      product: { name: 'Thing y' },
    });
    expect(await graphOf(beta)).toMatchObject({ problems: [] });
    // The owner archives its source: what it offers goes, what is beta's own stays.
    await gateway.admin(
      'mutation($id: ID!, $version: Int!) { archiveTenant(id: $id, version: $version) { errors { message } } }',
      { id: acme.tenant, version: 1 },
    );
    await vi.waitFor(
      async () => expect((await gateway.ask(secret, '{ product(sku: "y") { name } }')).errors).toBeDefined(),
      SOON,
    );
    await answers(secret, '{ mine(sku: "x") { name } }', { mine: { name: 'Thing x' } });
  });

  it('is held to the limits of plan, app, key and tenant', async () => {
    const { plan } = (await acme.run(
      'mutation($input: CreatePlanInput!) { createPlan(input: $input) { plan { id } errors { path message } } }',
      { input: { name: 'basic', rates: [{ limit: 2, windowSeconds: 600 }] } },
    )) as never as { plan: { id: string } };
    const goods = await acme.publishProduct('goods', { fields: ['Query.product'], plans: [plan.id] });
    await publishOwn(beta, 'orders', { type: 'Order', query: 'order', list: 'orders' });
    const { secret, id } = await grantTo(beta, acme, 'reader', goods.id);
    await answers(secret, '{ order(sku: "o") { sku } }', { order: { sku: 'o' } });
    const ask = (key: string, field = 'product') => gateway.ask(key, `{ ${field}(sku: "x") { name } }`);
    await vi.waitFor(
      async () =>
        expect((await gateway.ask(secret, '{ __type(name: "Product") { name } }')).data).toEqual({
          __type: { name: 'Product' },
        }),
      SOON,
    );
    expect([(await ask(secret)).status, (await ask(secret)).status]).toEqual([200, 200]);
    const refused = await ask(secret);
    expect([refused.status, refused.errors?.[0]?.extensions]).toMatchObject([
      429,
      { code: 'RATE_LIMITED', limit: 'plan basic' },
    ]);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await ask(secret, 'order')).status).toBe(200);
    const limited = await beta.createKey(id, 'limited', { rates: [{ limit: 1, windowSeconds: 600 }] });
    expect([(await ask(limited.secret, 'order')).status, (await ask(limited.secret, 'order')).status]).toEqual([
      200, 429,
    ]);
    const small = await beta.createApp('small', { rates: [{ limit: 1, windowSeconds: 600 }] });
    const [first, second] = [await beta.createKey(small.id, 'a'), await beta.createKey(small.id, 'b')];
    expect([(await ask(first.secret, 'order')).status, (await ask(second.secret, 'order')).status]).toEqual([200, 429]);
    await gateway.admin(
      'mutation($id: ID!) { updateTenant(id: $id, version: 1, input: { rates: [{ limit: 1, windowSeconds: 600 }] }) { errors { message } } }',
      { id: beta.tenant },
    );
    const fresh = await beta.createKey(id, 'fresh');
    expect([(await ask(secret, 'order')).status, (await ask(fresh.secret, 'order')).status]).toEqual([200, 429]);
  });

  it('also holds keys of the own tenant to its products', async () => {
    const shop = await acme.createApp('shop');
    const list = await acme.publishProduct('list', { fields: ['Query.products', 'Product.name'] });
    const key = await acme.createKey(shop.id, 'held', { products: [list.id] });
    await answers(key.secret, '{ products { name } }', { products: [{ name: 'A' }] });
    for (const query of ['{ products { costCents } }', '{ product(sku: "x") { name } }'])
      expect((await gateway.ask(key.secret, query)).errors?.[0]?.message).toMatch(
        /^Cannot query field "\w+" on type "\w+"\./,
      );
    const schemaText = '{ __schema { types { name fields { name } } } }';
    const seen = async () => (await gateway.ask(key.secret, schemaText)).text;
    expect(await seen()).toContain('"products"');
    for (const hidden of ['costCents', '"product"', '"sku"', 'renameProduct'])
      expect(await seen()).not.toContain(hidden);
    await acme.run(
      'mutation($id: ID!, $version: Int!) { updateProduct(id: $id, version: $version, input: { fields: ["Query.products", "Product.sku"] }) { errors { message path } } }',
      list,
    );
    await vi.waitFor(
      async () =>
        expect((await gateway.ask(key.secret, '{ products { name } }')).errors?.[0]?.extensions.code).toBe(
          'GRAPHQL_VALIDATION_FAILED',
        ),
      SOON,
    );
    await answers(key.secret, '{ products { sku } }', { products: [{ sku: 'a' }] });
    expect(await seen()).toContain('{"name":"Product","fields":[{"name":"sku"}]}');

    // By no other door is there more.
    const told: string[] = [];
    const introspect = async (query: string) => {
      const headers = { authorization: `Bearer ${key.secret}` };
      const form = { 'content-type': 'application/x-www-form-urlencoded' };
      const asked = new URLSearchParams({ query }).toString();
      const json = { 'content-type': 'application/json', accept: 'text/event-stream' };
      const requests: [string, RequestInit][] = [
        [`?${asked}`, { headers }],
        [`?${asked}`, { headers: { ...headers, accept: 'text/event-stream' } }],
        ['', { method: 'POST', headers: { ...headers, ...form }, body: asked }],
        ['', { method: 'POST', headers: { ...headers, ...json }, body: JSON.stringify({ query }) }],
      ];
      for (const [suffix, request] of requests)
        told.push(await (await fetch(`${gateway.url}/graphql${suffix}`, request)).text());
      const client = createClient({
        url: `${gateway.url.replace('http', 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        connectionParams: { Authorization: `Bearer ${key.secret}` },
      });
      try {
        for await (const result of client.iterate({ query })) told.push(JSON.stringify(result));
      } catch (error) {
        told.push(JSON.stringify(error));
      }
      await client.dispose();
    };
    await introspect(schemaText);
    await introspect('{ produc { sku } }');
    expect(told).toHaveLength(10);
    expect(told.filter((text) => text.includes('products'))).toHaveLength(10);
    for (const text of told) expect(text).not.toMatch(/costCents|"product\\?"|renameProduct/);
  });
});
