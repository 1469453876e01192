import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { administrator, createTenant, type TenantAdministrator } from '../utils/control-admin.ts';
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
/** 5 tokens read for a dollar a million, 2 written for three: 11,000 nano-dollars a call. */
const PRICE = { input: 1, output: 3 };
const CALL = 11_000;

const PRODUCT_USAGE = `query($tenant: ID, $product: ID, $groupBy: [ProductUsageDimension!]) {
  productUsage(tenant: $tenant, product: $product, groupBy: $groupBy) {
    totals { calls finished aborted inputTokens outputTokens costNanoUsd }
    groups { product grant tenant app prompt model totals { calls costNanoUsd } }
  }
}`;
const OWN_USAGE = `{ usage(groupBy: [PRODUCT, GRANT, APP]) {
  totals { calls } groups { product grant app totals { calls costNanoUsd } }
} }`;

const SAY = 'mutation { say(text: "planted-words") }';
const CHAT = `mutation { chat(input: { model: "small", messages: [{ role: USER, content: "planted-words" }] }) { text } }`;
const STREAM = 'subscription { sayStream(text: "planted-words") { text } }';

interface Used {
  readonly totals: Readonly<Record<string, number | string>>;
  readonly groups: readonly { readonly totals: object }[];
}

describeControlStores('what is used through products', (store) => {
  let gateway: ControlGateway;
  let provider: ProviderServer;
  let acme: TenantAdministrator;

  beforeEach(async () => {
    provider = await createProviderServer(({ body }, response) => {
      if (body.stream === true) sendEvents(response, openaiEvents(...openaiChunks('Hel', 'lo')));
      else sendJson(response, openaiAnswer('Hello'));
    });
    gateway = await store.start();
    acme = await createTenant(gateway, 'acme');
    await publishModels(acme);
  });
  afterEach(() => provider.close());

  const publishModels = async (of: TenantAdministrator) => {
    const create = (kind: string, name: string, options: object) =>
      of.run(`mutation($input: Create${kind}Input!) { create${kind}(input: $input) { errors { path message } } }`, {
        input: { name, options },
      });
    await create('Provider', 'stub', { dialect: 'openai', endpoint: provider.endpoint, apiKey: 'k' });
    await create('Model', 'small', { provider: 'stub', model: 'small-1', price: PRICE });
    await create('Route', 'default', ['small']);
    await create('Prompt', 'say', { input: { text: 'String!' }, template: '{{ text }}' });
    await of.run('mutation { publishConfiguration(message: "by a test") { errors { path message } } }');
  };
  /** An app with a key, that was granted products of acme. */
  const grantTo = async (of: TenantAdministrator, name: string, ...products: readonly string[]) => {
    const { id } = await of.createApp(name);
    const { id: key, secret } = await of.createKey(id, `key-of-${name}`);
    const grants: string[] = [];
    for (const product of products) {
      const grant = await of.requestGrant(id, product);
      await acme.approve(grant);
      grants.push(grant);
    }
    return { id, key, secret, grants };
  };
  const call = async (secret: string, query: string) => {
    let answer = await gateway.ask(secret, query);
    await vi.waitFor(async () => {
      if (answer.errors !== undefined) answer = await gateway.ask(secret, query);
      expect(answer.errors).toBeUndefined();
    }, SOON);
  };
  const stream = async (secret: string) => {
    const events = createEventReader(await gateway.open(secret, STREAM));
    for (let texts = ''; ; ) {
      const { data } = (await events.next()) as { data?: { sayStream: { text: string | null } } };
      texts += data?.sayStream.text ?? '';
      if (texts === 'Hello') return;
    }
  };
  const used = async (of: { query: TenantAdministrator['query'] }, variables: object = {}) =>
    ((await of.query(PRODUCT_USAGE, variables)) as never as { productUsage: Used }).productUsage;
  const soon = async (of: TenantAdministrator, calls: number) =>
    vi.waitFor(async () => expect((await used(of)).totals.calls).toBe(calls), SOON);

  it('is told to their owner by grant, app and prompt, and to those who call as their own', async () => {
    const words = await acme.publishProduct('words', {
      fields: ['Query.models', 'Mutation.say', 'Subscription.sayStream'],
    });
    const chats = await acme.publishProduct('chats', { fields: ['Query.models', 'Mutation.chat'] });
    const [beta, gamma, none] = [
      await createTenant(gateway, 'beta'),
      await createTenant(gateway, 'gamma'),
      await createTenant(gateway, 'none'),
    ];
    const both = await grantTo(beta, 'both', words.id, chats.id);
    const reader = await grantTo(gamma, 'reader', words.id);
    const own = await grantTo(acme, 'own');
    await publishModels(none);
    const elsewhere = await grantTo(none, 'elsewhere');

    await call(both.secret, SAY);
    await call(both.secret, SAY);
    await call(both.secret, CHAT);
    await call(reader.secret, SAY);
    await stream(reader.secret);
    await call(own.secret, SAY);
    await call(elsewhere.secret, SAY);
    await soon(acme, 5);

    const at = (calls: number) => ({ calls, costNanoUsd: String(calls * CALL) });
    const { totals } = await used(acme);
    expect(totals).toMatchObject({ ...at(5), finished: 5, inputTokens: 25, outputTokens: 10 });
    const of = (tenant: TenantAdministrator, product: { id: string }, app: string, grant: string | undefined) => ({
      ...{ tenant: tenant.tenant, product: product.id, app, grant, model: null },
    });
    const { groups } = await used(acme, { groupBy: ['TENANT', 'PRODUCT', 'APP', 'GRANT', 'PROMPT'] });
    expect(groups).toHaveLength(3);
    expect(groups).toEqual(
      expect.arrayContaining([
        { ...of(beta, words, both.id, both.grants[0]), prompt: 'say', totals: at(2) },
        { ...of(beta, chats, both.id, both.grants[1]), prompt: null, totals: at(1) },
        { ...of(gamma, words, reader.id, reader.grants[0]), prompt: 'say', totals: at(2) },
      ]),
    );
    expect((await used(acme, { product: chats.id })).totals).toMatchObject(at(1));
    expect((await used(administrator(gateway), { product: words.id })).totals).toMatchObject(at(4));

    // To others it is not there; the callers have it as their own, and the owner what it has called itself.
    for (const other of [beta, gamma, none]) {
      expect((await used(other, { groupBy: ['GRANT'] })).groups).toEqual([]);
      const refused = await other.try(PRODUCT_USAGE, { product: words.id });
      expect(refused.errors?.[0]?.message).toContain('no such product');
    }
    const usageOf = async (tenant: TenantAdministrator) =>
      ((await tenant.query(OWN_USAGE)) as never as { usage: Used }).usage.groups;
    for (const [tenant, app] of [
      [acme, own.id],
      [none, elsewhere.id],
    ] as const)
      await vi.waitFor(
        async () => expect(await usageOf(tenant)).toEqual([{ product: null, grant: null, app, totals: at(1) }]),
        SOON,
      );
    expect(await usageOf(gamma)).toEqual([
      { product: words.id, grant: reader.grants[0], app: reader.id, totals: at(2) },
    ]);
    const ofBeta = await usageOf(beta);
    expect(ofBeta.map(({ totals }) => totals)).toEqual(expect.arrayContaining([at(2), at(1)]));
    const list = '{ usageRecords { nodes { productTenant product grant app key } } }';
    const { usageRecords } = (await gamma.query(list)) as never as { usageRecords: { nodes: object[] } };
    const record = { ...{ productTenant: acme.tenant, product: words.id }, grant: reader.grants[0] };
    expect(usageRecords.nodes).toEqual(Array(2).fill({ ...record, app: reader.id, key: reader.key }));

    // The owner sees no call by itself, no key and no text.
    const { text } = await acme.try('{ usageRecords(first: 500) { nodes { id app key requestId } } }');
    expect(text).toContain(own.key);
    const everything = text + JSON.stringify(groups);
    for (const hidden of [both.key, reader.key, 'planted-words', 'key-of-']) expect(everything).not.toContain(hidden);
  });

  it('is of the grant of each caller, also where tenants share a graph and products have the same fields', async () => {
    const fields = ['Query.models', 'Mutation.say', 'Mutation.chat'];
    const [wide, narrow, like] = [
      await acme.publishProduct('a-wide', { fields }),
      await acme.publishProduct('b-narrow', { fields: ['Query.models', 'Mutation.say'] }),
      await acme.publishProduct('c-like', { fields }),
    ];
    const [beta, gamma] = [await createTenant(gateway, 'beta'), await createTenant(gateway, 'gamma')];
    const first = await grantTo(beta, 'first', wide.id);
    const second = await grantTo(gamma, 'second', wide.id);
    await call(first.secret, SAY);
    await call(second.secret, SAY);
    // Two products that give the same part of the graph, and one that gives less of it.
    const third = await grantTo(beta, 'third', like.id);
    const fourth = await grantTo(gamma, 'fourth', narrow.id, like.id);
    await call(third.secret, CHAT);
    await call(fourth.secret, CHAT);
    await call(fourth.secret, SAY);
    const held = await gamma.createKey(fourth.id, 'held', { products: [like.id] });
    await call(held.secret, SAY);
    await soon(acme, 6);
    const { groups } = await used(acme, { groupBy: ['GRANT', 'PRODUCT'] });
    const told = groups.map((group) => {
      const { grant, product, totals } = group as never as { grant: string; product: string; totals: Used['totals'] };
      return [grant, product, totals.calls];
    });
    expect(told).toHaveLength(5);
    expect(told).toEqual(
      expect.arrayContaining([
        [first.grants[0], wide.id, 1],
        [second.grants[0], wide.id, 1],
        [third.grants[0], like.id, 1],
        [fourth.grants[0], narrow.id, 1],
        [fourth.grants[1], like.id, 2],
      ]),
    );

    // What was taken away goes on being told.
    await acme.revokeGrant(second.grants[0] as string);
    await vi.waitFor(async () => expect((await gateway.ask(second.secret, SAY)).status).not.toBe(200), SOON);
    expect((await used(acme, { product: wide.id })).totals.calls).toBe(2);
  });

  it('is of the product that has the AI field, where another one has the object', async () => {
    const catalog = await startCatalog();
    try {
      await acme.publishSource('catalog', catalog.options, catalog.document);
      const link =
        'mutation($input: LinkInput!) { publishLink(input: $input, message: "m") { errors { path message } } }';
      const options = { call: 'prompts.say', args: { text: '$parent.name' } };
      await acme.run(link, { input: { name: 'Product.pitch', options } });
      const fields = ['Query.product', 'Product.name'];
      const plain = await acme.publishProduct('plain', { fields });
      const pitched = await acme.publishProduct('pitched', { fields: [...fields, 'Product.pitch'] });
      const beta = await createTenant(gateway, 'beta');
      const reader = await grantTo(beta, 'reader', plain.id, pitched.id);
      await call(reader.secret, '{ product(sku: "x") { name pitch } }');
      await soon(acme, 1);
      const { groups } = await used(acme, { groupBy: ['GRANT', 'PRODUCT', 'PROMPT'] });
      expect(groups).toMatchObject([{ product: pitched.id, grant: reader.grants[1], prompt: 'say' }]);
    } finally {
      await catalog.close();
    }
  });
});
