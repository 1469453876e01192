import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Tenant } from '../../admin/models/tenant.ts';
import type { Webhook } from '../../admin/models/webhook.ts';
import { apps, keys } from '../../admin/stores/apps.ts';
import { webhooks as stored } from '../../admin/stores/webhooks.ts';
import { silentLog } from '../../kernel/ports.ts';
import { describeStores } from '../../test/utils/admin-suite.ts';
import { deferred } from '../../test/utils/deferred.ts';
import { createWebhooks, signatureOf, type Webhooks } from './webhooks.ts';

interface Told {
  readonly body: string;
  readonly signature: string;
}

describeStores('webhooks', (plane) => {
  let server: Server;
  let url: string;
  let told: Told[];
  let status: number;
  let now: number;
  /** Before it answers. */
  let hold: ((request: IncomingMessage, body: string) => Promise<void>) | undefined;
  const running: Webhooks[] = [];

  beforeEach(async () => {
    told = [];
    status = 204;
    hold = undefined;
    now = Date.UTC(2030, 0, 1) + 1_000;
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', async () => {
        const body = Buffer.concat(chunks).toString();
        await hold?.(request, body);
        told.push({ body, signature: String(request.headers['skein-signature']) });
        response.writeHead(status).end();
      });
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((each) => each.stop()));
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  /** An instance that knows these. */
  function start(hooks: readonly Webhook[], tenants: readonly Tenant[]): Webhooks {
    const made = createWebhooks({
      store: plane().store,
      encryption: { decrypt: (text) => Buffer.from(text.slice('sealed:'.length), 'base64').toString() },
      clock: { now: () => now },
      log: silentLog,
      webhooks: () => hooks,
      tenant: (id) => tenants.find(({ _id }) => _id === id),
    });
    running.push(made);
    return made;
  }

  async function prepare(network: 'any' | 'public' = 'any') {
    const { tenant, actors } = await plane().createTenant('acme');
    const context = plane().as(actors.owner);
    const made = await stored.createWithSecret(context, { name: 'hook', url, events: ['key.create', 'key.revoke'] });
    const app = await apps.create(context, { name: 'shop' });
    const { key } = await keys.createFor(context, app._id, { name: 'first' });
    return { ...made, context, key, tenant: { ...tenant, network } };
  }

  it('are told of what they asked for, once, whoever looks, signed with their secret', async () => {
    const { webhook, secret, tenant, context, key } = await prepare();
    const [one, other] = [start([webhook], [tenant]), start([webhook], [tenant])];
    await Promise.all([one.work(), other.work()]);
    await one.work();
    expect(told).toHaveLength(1);
    const [{ body, signature } = { body: '', signature: '' }] = told;
    const seconds = Number(/^t=(\d+),/.exec(signature)?.[1]);
    expect(signature).toBe(signatureOf(secret, seconds, body));
    expect(JSON.parse(body)).toMatchObject({
      type: 'key.create',
      tenant: tenant._id,
      data: { name: 'first', hash: '***' },
    });
    await keys.revoke(context, key._id);
    await other.work();
    expect(told.map((each) => JSON.parse(each.body).type)).toEqual(['key.create', 'key.revoke']);
  });

  it('are told again, ever more seldom, until they have taken it, and given up after a day', async () => {
    const { webhook, tenant } = await prepare();
    const hooks = start([webhook], [tenant]);
    status = 500;
    await hooks.work();
    await hooks.work();
    expect(told).toHaveLength(1);
    now += 5_001;
    await hooks.work();
    expect(told).toHaveLength(2);
    now += 86_400_001;
    await hooks.work();
    const [delivery] = await plane().store.deliveries.all({ all: true }, {});
    expect(delivery).toMatchObject({ state: 'given up', attempts: 3, answer: '500', nextAt: null });
    now += 86_400_001;
    await hooks.work();
    expect(told).toHaveLength(3);
  });

  it('are told by an instance that has not heard of them yet, and not once they are archived', async () => {
    const { webhook, tenant, context } = await prepare();
    const [one, other] = [
      start([webhook], [tenant]),
      start([{ ...webhook, _id: 'another', events: ['grant.reject'] }], [tenant]),
    ];
    status = 500;
    await one.work();
    now += 5_001;
    await other.work();
    expect(told).toHaveLength(2);
    await stored.archive(context, webhook._id, webhook.version, true);
    now += 60_001;
    await other.work();
    expect(told).toHaveLength(2);
    const [delivery] = await plane().store.deliveries.all({ all: true }, {});
    expect(delivery).toMatchObject({ state: 'given up', nextAt: null });
  });

  it('miss nothing of many events, nor of those before their instance was started', async () => {
    const { webhook, tenant, context } = await prepare();
    const app = await apps.create(context, { name: 'many' });
    for (let index = 0; index < 230; index += 1) await keys.createFor(context, app._id, { name: `key-${index}` });
    now += 3_600_000;
    const hooks = start([webhook], [tenant]);
    await hooks.work();
    await hooks.work();
    expect(new Set(told.map(({ body }) => JSON.parse(body).data.name)).size).toBe(231);
    expect(told).toHaveLength(231);
  }, 60_000);

  it('leave nothing of what was settled a month ago', async () => {
    const { webhook, tenant } = await prepare();
    const hooks = start([webhook], [tenant]);
    await hooks.work();
    expect(await plane().store.deliveries.count({ all: true }, {})).toBe(1);
    now += 31 * 86_400_000;
    await hooks.work();
    expect(await plane().store.deliveries.count({ all: true }, {})).toBe(0);
  });

  it('of a tenant that is held to public addresses are not called at private ones', async () => {
    const { webhook, tenant } = await prepare('public');
    await start([webhook], [tenant]).work();
    expect(told).toHaveLength(0);
    const [delivery] = await plane().store.deliveries.all({ all: true }, {});
    expect(delivery).toMatchObject({
      state: 'waiting',
      attempts: 1,
      answer: 'It cannot be reached from the public network.',
    });
  });

  it('of one tenant do not wait for the dead ones of another', async () => {
    const dead = await prepare();
    const app = await apps.create(dead.context, { name: 'many' });
    for (let index = 0; index < 30; index += 1) await keys.createFor(dead.context, app._id, { name: `key-${index}` });
    const { tenant, actors } = await plane().createTenant('beta');
    const context = plane().as(actors.owner);
    const live = await stored.createWithSecret(context, { name: 'live', url: `${url}?live`, events: ['key.create'] });
    const own = await apps.create(context, { name: 'shop' });
    for (let index = 0; index < 6; index += 1) await keys.createFor(context, own._id, { name: `own-${index}` });

    const [all, released] = [deferred(), deferred()];
    const [hanging, done] = [new Set<string>(), new Set<string>()];
    let most = 0;
    hold = async (request, body) => {
      const name = String(JSON.parse(body).data.name);
      if (request.url?.endsWith('?live')) {
        done.add(name);
        if (done.size === 6) all.resolve();
        return;
      }
      hanging.add(name);
      most = Math.max(most, hanging.size);
      await released.promise;
      hanging.delete(name);
    };
    const hooks = start([dead.webhook, live.webhook], [dead.tenant, { ...tenant, network: 'any' }]);
    const working = hooks.work();
    await all.promise;
    expect(hanging.size).toBeGreaterThan(0);
    released.resolve();
    await working;
    // Nor do they take more than their part, or anything twice.
    expect(most).toBe(4);
    expect(told).toHaveLength(37);
    expect(new Set(told.map(({ body }) => JSON.parse(body).delivery)).size).toBe(37);
  });

  it('have their secret and a new one shown once, and nowhere else', async () => {
    const { webhook, secret, context } = await prepare();
    const rotated = await stored.rotateSecret(context, webhook._id, webhook.version);
    expect(rotated.secret).not.toBe(secret);
    const everything = JSON.stringify(await plane().dump());
    for (const each of [secret, rotated.secret]) expect(everything).not.toContain(each);
  });
});
