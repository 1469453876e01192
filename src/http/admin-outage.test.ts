import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import mongoose from 'mongoose';
import { afterEach, expect, it } from 'vitest';
import type { Actor } from '../../admin/actor.ts';
import { createAdminSchema } from '../../admin/schema/index.ts';
import { connectStore } from '../../admin/store/connect.ts';
import { createStore } from '../../admin/store/store.ts';
import type { AdminContext } from '../../admin/stores/context.ts';
import { silentLog, systemClock } from '../../kernel/ports.ts';
import { type ControlPlane, describeEmbedded, describeStores, PLATFORM_ADMIN } from '../../test/utils/admin-suite.ts';
import { createTcpProxy } from '../../test/utils/contract-proxy.ts';
import { describeMongodb, freshDatabaseName } from '../../test/utils/mongodb-server.ts';
import { describeOptions } from '../config/option-types.ts';
import { createAuditDoor } from './admin-audit-door.ts';
import { createAdminDoor } from './admin-door.ts';
import { sendErrors } from './respond.ts';

const schema = createAdminSchema(describeOptions());
const servers: ReturnType<typeof createServer>[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function open(contextOf: (actor: Actor) => AdminContext, isReachable = () => true) {
  const shared = {
    ...{ contextOf, ids: { next: () => 'req-9' }, log: silentLog },
    identify: async () => PLATFORM_ADMIN,
    storeHealth: () => ({ reachable: isReachable(), silentMs: 0 }),
  };
  const door = createAdminDoor({ ...shared, schema, settled: async () => {}, rules: [] });
  const auditDoor = createAuditDoor({ ...shared, clock: systemClock });
  const server = createServer((request, response) => {
    const serve = request.url === '/admin/graphql' ? door : auditDoor;
    serve(request, response).catch((error: unknown) =>
      sendErrors(response, [error], { requestId: 'none', log: silentLog }),
    );
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/admin`;
  const read = async (response: Response) => {
    const { data, errors } = (await response.json()) as {
      data?: unknown;
      errors?: { message: string; extensions: Record<string, unknown> }[];
    };
    return { status: response.status, retryAfter: response.headers.get('retry-after'), data, error: errors?.[0] };
  };
  return {
    ask: async (query: string) =>
      read(
        await fetch(`${base}/graphql`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ query }),
        }),
      ),
    exportLog: async () => read(await fetch(`${base}/audit-log`)),
  };
}

const UNAVAILABLE = {
  status: 503,
  retryAfter: '5',
  error: {
    message: 'The store of the control plane does not answer at the moment.',
    extensions: { code: 'STORE_UNAVAILABLE', retryAfterMs: 5_000, requestId: 'req-9' },
  },
};

/** Contexts whose store loses its connection at this write of an app. */
function losing(plane: ControlPlane, isWritten: boolean) {
  return (actor: Actor): AdminContext => {
    const context = plane.as(actor);
    const { apps } = context.store;
    const insert: typeof apps.insert = async (...given) => {
      if (isWritten) await apps.insert(...given);
      throw new mongoose.mongo.MongoNetworkError('connection 7 to 10.1.2.3:27017 closed');
    };
    return { ...context, store: { ...context.store, apps: { ...apps, insert } } };
  };
}

describeEmbedded('a store that is closed', (plane) => {
  it('is told of as what it is, and to try again later', async () => {
    const { ask, exportLog } = await open((actor) => plane().as(actor));
    expect((await ask('{ tenants { nodes { name } } }')).status).toBe(200);
    await plane().store.close();
    for (const query of [
      '{ tenants { nodes { name } } }',
      '{ app(id: "app_1") { name } }',
      'mutation { createTenant(input: { name: "acme" }) { tenant { id } errors { message } } }',
    ])
      expect(await ask(query), query).toMatchObject(UNAVAILABLE);
    expect(await exportLog()).toMatchObject(UNAVAILABLE);
    expect(await ask('{ __typename }')).toMatchObject({ status: 200, data: { __typename: 'Query' } });
  });
});

describeStores('a store that does not answer', (plane) => {
  it('is told of also where it goes in the middle of a change', async () => {
    const { tenant } = await plane().createTenant('acme');
    for (const isWritten of [false, true]) {
      const { ask } = await open(losing(plane(), isWritten));
      const create = `createApp(tenant: "acme", input: { name: "shop-${isWritten}" }) { app { id } errors { message } }`;
      const answer = await ask(`mutation { ${create} }`);
      expect(answer).toMatchObject({ ...UNAVAILABLE, data: null });
      expect(JSON.stringify(answer)).not.toContain('10.1.2.3');
    }
    const { records } = await plane().store.audit.page(
      { all: false, tenant: tenant._id },
      { action: 'app.create' },
      { first: 10, sort: { field: '_id', descending: false } },
    );
    expect(records.map(({ outcome }) => outcome)).toEqual([null, null]);
  });

  it('holds up nobody who asks a server that hangs', { timeout: 20_000 }, async () => {
    let isReachable = true;
    const hanging = (actor: Actor): AdminContext => {
      const context = plane().as(actor);
      const never = () => new Promise<never>(() => {});
      return { ...context, store: { ...context.store, audit: { ...context.store.audit, page: never } } };
    };
    const { ask, exportLog } = await open(hanging, () => isReachable);
    const [asked, exported] = [ask('{ auditEntries { nodes { id } } }'), exportLog()];
    isReachable = false;
    expect(await asked).toMatchObject(UNAVAILABLE);
    expect(await exported).toMatchObject(UNAVAILABLE);
  });
});

describeMongodb('a MongoDB that goes', (uri) => {
  it('is told of as a store that does not answer', { timeout: 60_000 }, async () => {
    const target = new URL(uri);
    const proxy = await createTcpProxy(Number(target.port));
    const { port } = proxy;
    const name = freshDatabaseName();
    const connection = await connectStore({ uri: `mongodb://127.0.0.1:${port}/${name}`, log: silentLog });
    const store = await createStore(connection, { clock: systemClock });
    const { ask } = await open((actor) => ({ actor, store, clock: systemClock, ports: {} as AdminContext['ports'] }));
    expect((await ask('{ tenants { nodes { name } } }')).status).toBe(200);
    await proxy.close();
    const asked = await Promise.all([ask('{ tenants { nodes { name } } }'), ask('{ tenants { totalCount } }')]);
    for (const answer of asked) expect(answer).toMatchObject(UNAVAILABLE);
    // What is asked when the driver knows already.
    expect(await ask('mutation { createTenant(input: { name: "acme" }) { errors { message } } }')).toMatchObject(
      UNAVAILABLE,
    );
    await connection.destroy();
    const direct = mongoose.createConnection();
    await direct.openUri(`mongodb://127.0.0.1:${target.port}/${name}`);
    await direct.dropDatabase();
    await direct.destroy();
  });
});
