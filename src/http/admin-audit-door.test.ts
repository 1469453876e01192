import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSchema, isInputObjectType } from 'graphql';
import { afterEach, expect, it, vi } from 'vitest';
import { type Actor, SYSTEM } from '../../admin/actor.ts';
import type { AuditEntry } from '../../admin/models/audit.ts';

import { apps } from '../../admin/stores/apps.ts';
import { AUDIT_FILTERS } from '../../admin/stores/audit-export.ts';
import { EXPORT_FIELDS } from '../../admin/stores/audit-lines.ts';
import type { AdminContext } from '../../admin/stores/context.ts';
import { secrets } from '../../admin/stores/secrets.ts';
import { SkeinError } from '../../kernel/errors.ts';
import { type ControlPlane, describeStores, PLATFORM_ADMIN } from '../../test/utils/admin-suite.ts';
import { createAuditDoor } from './admin-audit-door.ts';
import { sendErrors } from './respond.ts';

const servers: ReturnType<typeof createServer>[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

/** The door, to which a bearer is the name of an actor. */
async function open(
  plane: ControlPlane,
  actors: Readonly<Record<string, Actor>>,
  { context = (actor: Actor) => plane.as(actor), stallTimeoutMs = 60_000 } = {},
) {
  const told: unknown[] = [];
  let ended = 0;
  const tell = (fields: object) => void told.push(fields);
  const log = { trace: tell, debug: tell, info: tell, warn: tell, error: tell, fatal: tell };
  const door = createAuditDoor({
    async identify({ authorization }, requestId) {
      const actor = actors[authorization?.slice('Bearer '.length) ?? ''];
      if (actor === undefined) throw new SkeinError('UNAUTHENTICATED');
      return { ...actor, requestId };
    },
    contextOf: context,
    storeHealth: () => ({ reachable: true, silentMs: 0 }),
    clock: plane.as(PLATFORM_ADMIN).clock,
    ids: { next: () => 'req-7' },
    log: log as never,
    stallTimeoutMs,
  });
  const server = createServer((request, response) => {
    response.on('error', () => {});
    door(request, response).then(
      () => {
        ended += 1;
      },
      (error: unknown) => sendErrors(response, [error], { requestId: 'x', log: log as never }),
    );
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/admin/audit-log`;
  return {
    told,
    ended: () => ended,
    get: (who: string, query = '', headers: Record<string, string> = {}) =>
      fetch(`${base}${query}`, { headers: { authorization: `Bearer ${who}`, ...headers } }),
    async lines(who: string, query = '') {
      const text = await (await this.get(who, query)).text();
      return text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    },
    /** An answer that nobody reads yet. */
    async begin(who: string): Promise<IncomingMessage> {
      const request = send(base, { headers: { authorization: `Bearer ${who}` } });
      request.on('error', () => {});
      request.end();
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      return response;
    },
  };
}

/** Many entries with much in them, written past the way of changes. */
async function fill(plane: ControlPlane, tenant: string, count: number, characters: number) {
  const after = JSON.stringify({ note: 'x'.repeat(characters) });
  const entry: Omit<AuditEntry, '_id' | 'version' | 'seq' | 'createdAt' | 'updatedAt' | 'archivedAt'> = {
    ...{ tenant, actor: 'usr_1', actorName: 'ann', address: '', requestId: '', action: 'app.update' },
    ...{ entity: 'app_1', entityName: 'shop', before: '', after, outcome: 'done', otherTenant: '' },
  };
  for (let n = 0; n < count; n += 1) await plane.store.audit.insert({ all: true }, entry);
}

const PAGE = `query($after: String, $where: AuditEntryFilter, $tenant: ID) {
  auditEntries(first: 7, after: $after, where: $where, tenant: $tenant) {
    nodes { ${EXPORT_FIELDS.join(' ')} }
    pageInfo { hasNextPage endCursor }
  }
}`;

async function pages(plane: ControlPlane, actor: Actor, where: object = {}, tenant?: string) {
  const nodes: Record<string, unknown>[] = [];
  for (let after: string | null = null; ; ) {
    const { auditEntries }: { auditEntries: { nodes: []; pageInfo: { hasNextPage: boolean; endCursor: string } } } =
      await plane.data(actor, PAGE, { after, where, ...(tenant === undefined ? {} : { tenant }) });
    nodes.push(...auditEntries.nodes);
    if (!auditEntries.pageInfo.hasNextPage) return nodes;
    after = auditEntries.pageInfo.endCursor;
  }
}

it('takes the filters that the admin schema has', () => {
  const filter = buildSchema(readFileSync('admin/admin.graphql', 'utf8')).getType('AuditEntryFilter');
  if (!isInputObjectType(filter)) throw new Error('It is an input.');
  expect([...AUDIT_FILTERS].sort()).toEqual(Object.keys(filter.getFields()).sort());
});

describeStores('the export of the audit log', (plane) => {
  it('has what the pages of the admin schema have, and leaves an entry of who exported what', async () => {
    const { actors, tenant } = await plane().createTenant('acme');
    await plane().createTenant('globex');
    for (let n = 0; n < 30; n += 1) await apps.create(plane().as(actors.developer), { name: `app-${n}` });
    const door = await open(plane(), { ann: actors.analyst, root: PLATFORM_ADMIN });
    plane().advance(1);
    const expected = await pages(plane(), actors.analyst);
    expect(expected.length).toBeGreaterThan(30);
    const answer = await door.get('ann');
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/x-ndjson; charset=utf-8',
      'content-disposition': 'attachment; filename="audit-log-acme-20300101T000000Z.ndjson"',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-request-id': 'req-7',
    });
    const lines = (await answer.text()).split('\n').slice(0, -1);
    expect(lines.map((line) => JSON.parse(line))).toEqual(expected);
    expect(Object.keys(JSON.parse(lines[0] ?? ''))).toEqual([...EXPORT_FIELDS]);
    const [own] = await pages(plane(), actors.analyst, { action: 'audit.export' });
    expect(own).toMatchObject({
      ...{ tenant: tenant._id, actor: actors.analyst.id, requestId: 'req-7', outcome: 'done' },
      after: { format: 'ndjson' },
    });
    plane().advance(1);
    const all = await pages(plane(), PLATFORM_ADMIN);
    expect(await door.lines('root')).toEqual(all);
    expect(new Set(all.map((entry) => entry.tenant)).size).toBeGreaterThan(1);
    expect((await pages(plane(), PLATFORM_ADMIN, { action: 'audit.export' })).at(-1)).toMatchObject({
      tenant: 'platform',
    });
  });

  it('has nothing of another tenant, and is for the roles that may read the log', async () => {
    const { actors, tenant } = await plane().createTenant('acme');
    const other = await plane().createTenant('globex');
    await secrets.create(plane().as(actors.owner), { name: 'crm', value: 'hush-hush-hush' });
    const door = await open(plane(), { ann: actors.owner, eve: other.actors.owner, dev: actors.developer });
    const text = await (await door.get('eve')).text();
    expect(text).toContain(other.tenant._id);
    expect(text).not.toContain(tenant._id);
    for (const named of ['acme', tenant._id, 'nobody']) {
      const answer = await door.get('eve', `?tenant=${named}`);
      expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('There is no such tenant.')]);
    }
    expect(await (await door.get('ann')).text()).not.toContain('hush-hush');
    expect((await door.get('dev')).status).toBe(403);
    expect((await door.get('nobody')).status).toBe(401);
    expect(await plane().store.audit.count({ all: true }, { action: 'audit.export' })).toBe(2);
  });

  it('is filtered as the admin schema is, and tells all that it cannot take at once', async () => {
    const { actors, users } = await plane().createTenant('acme');
    const one = await apps.create(plane().as(actors.developer), { name: 'one' });
    plane().advance(60_000);
    await apps.update(plane().as(actors.owner), one._id, 1, { title: 'One' });
    plane().advance(60_000);
    await apps.create(plane().as(actors.owner), { name: 'two' });
    const door = await open(plane(), { ann: actors.analyst, root: PLATFORM_ADMIN });
    const [from, until] = ['2030-01-01T00:01:00Z', '2030-01-01T00:02:00Z'];
    for (const where of [
      { entity: one._id },
      { actor: users.developer._id },
      { action: 'app.create' },
      { action: 'app.create', actor: users.owner._id },
      { from },
      { from, until },
      { entity: one._id, until: from },
    ]) {
      const expected = await pages(plane(), actors.analyst, {
        ...where,
        ...('until' in where ? {} : { until: '2031-01-01T00:00:00Z' }),
      });
      const found = await door.lines('ann', `?${new URLSearchParams(where as Record<string, string>)}`);
      const told = (list: Record<string, unknown>[]) => list.filter(({ action }) => action !== 'audit.export');
      expect(told(found), JSON.stringify(where)).toEqual(told(expected));
      expect(told(found).length, JSON.stringify(where)).toBeGreaterThan(0);
    }
    expect(await door.lines('root', '?tenant=acme&action=app.create')).toEqual(
      await pages(plane(), PLATFORM_ADMIN, { action: 'app.create' }, 'acme'),
    );
    const wrong = await door.get('ann', '?actor=a&actor=b&form=csv&since=1&from=yesterday&format=xml');
    const { errors } = (await wrong.json()) as { errors: { message: string; extensions: { code: string } }[] };
    expect([wrong.status, errors[0]?.extensions.code]).toEqual([400, 'BAD_REQUEST']);
    for (const name of ['actor', 'form', 'since', 'from', 'format']) expect(errors[0]?.message).toContain(`${name}: `);
  });

  it('is a table in which nothing runs, where CSV is asked for', async () => {
    const { actors } = await plane().createTenant('acme');
    const developer = { ...actors.developer, name: '=cmd|"/c calc"!A1' };
    await apps.create(plane().as(developer), { name: 'shop', title: 'a "b", c\r\nd' });
    const door = await open(plane(), { ann: actors.analyst });
    const answer = await door.get('ann', '?format=csv&action=app.create');
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    expect(answer.headers.get('content-disposition')).toMatch(/\.csv"$/);
    const [head, line, rest] = (await answer.text()).split('\r\n');
    expect(head).toBe(EXPORT_FIELDS.join(','));
    expect(line).toContain(',"\'=cmd|""/c calc""!A1",');
    expect(line).toContain('""title"":""a \\""b\\"", c\\r\\nd""');
    expect(rest).toBe('');
    const accepted = await door.get('ann', '?action=app.create', { accept: 'text/csv' });
    expect(await accepted.text()).toContain("'=cmd");
    expect((await door.get('ann', '', { accept: 'image/png' })).status).toBe(406);
  });

  it('waits for a client that is slow, and asks the store for nothing meanwhile', { timeout: 30_000 }, async () => {
    const { actors, tenant } = await plane().createTenant('acme');
    await fill(plane(), tenant._id, 600, 40_000);
    const { context, asked } = counting(plane());
    const door = await open(plane(), { ann: actors.owner }, { context });
    const response = await door.begin('ann');
    let [before, now] = [-1, 0];
    while (before !== now) {
      before = now;
      await new Promise((resolve) => setTimeout(resolve, 200));
      now = asked();
    }
    expect(now).toBeLessThan(8);
    let bytes = 0;
    for await (const chunk of response) bytes += (chunk as Buffer).length;
    expect(bytes).toBeGreaterThan(600 * 40_000);
    expect(response.complete).toBe(true);
    expect(asked()).toBeGreaterThan(now);
  });

  it('ends with its client, and without one that takes nothing', { timeout: 30_000 }, async () => {
    const { actors, tenant } = await plane().createTenant('acme');
    await fill(plane(), tenant._id, 600, 40_000);
    const { context, asked } = counting(plane());
    const door = await open(plane(), { ann: actors.owner, bob: actors.admin }, { context, stallTimeoutMs: 300 });
    (await door.begin('ann')).destroy();
    await vi.waitFor(() => expect(door.ended()).toBe(1), { timeout: 10_000 });
    expect(asked()).toBeLessThan(8);
    expect(door.told).toEqual([]);
    const stalled = await door.begin('bob');
    await vi.waitFor(() => expect(door.told).toMatchObject([{ err: { code: 'REQUEST_TIMEOUT' } }]), {
      timeout: 10_000,
    });
    stalled.resume();
    const [error] = (await once(stalled, 'error')) as [NodeJS.ErrnoException];
    expect([error.code, stalled.complete]).toEqual(['ECONNRESET', false]);
    // Both have left their places.
    expect(door.ended()).toBe(2);
    expect((await door.lines('ann', '?action=app.create')).length).toBe(0);
    const exports = await pages(plane(), actors.owner, { action: 'audit.export' });
    expect(exports.map(({ outcome }) => outcome)).toEqual([null, null, 'done']);
  });

  it('has no clean end where the store fails on the way', async () => {
    const { actors, tenant } = await plane().createTenant('acme');
    await fill(plane(), tenant._id, 60, 100);
    const failing = (after: number) => (actor: Actor) => {
      const context = plane().as(actor);
      let left = after;
      const page: AdminContext['store']['audit']['page'] = (...given) => {
        if (left === 0) return Promise.reject(new Error('The connection is gone.'));
        left -= 1;
        return context.store.audit.page(...given);
      };
      return { ...context, store: { ...context.store, audit: { ...context.store.audit, page } } };
    };
    const late = await open(plane(), { ann: actors.owner }, { context: failing(2) });
    await expect(late.get('ann').then((answer) => answer.text())).rejects.toThrow();
    expect(late.told).toMatchObject([{ requestId: 'req-7' }]);
    const early = await open(plane(), { ann: actors.owner }, { context: failing(0) });
    expect((await early.get('ann')).status).toBe(500);
    const exports = await pages(plane(), actors.owner, { action: 'audit.export' });
    expect(exports.map(({ outcome }) => outcome)).toEqual([null, null]);
  });

  it('is given to a few at a time, and to two of a tenant', { timeout: 30_000 }, async () => {
    const { actors, tenant } = await plane().createTenant('acme');
    const other = await plane().createTenant('globex');
    await fill(plane(), tenant._id, 300, 40_000);
    const door = await open(plane(), { ann: actors.owner, eve: other.actors.owner });
    const [first, second] = [await door.begin('ann'), await door.begin('ann')];
    expect((await door.get('ann')).status).toBe(429);
    expect((await door.get('eve')).status).toBe(200);
    for (const response of [first, second]) response.resume();
    await Promise.all([once(first, 'end'), once(second, 'end')]);
    expect((await door.get('ann')).status).toBe(200);
  });

  it('is only read', async () => {
    const door = await open(plane(), { root: SYSTEM });
    const answer = await door.get('root', '', {});
    expect(answer.status).toBe(200);
    const { url } = answer;
    const posted = await fetch(url, { method: 'POST', headers: { authorization: 'Bearer root' } });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET']);
  });
});

/** Contexts that count the pages which were asked for, and know when an export has let go of them. */
function counting(plane: ControlPlane) {
  let asked = 0;
  const context = (actor: Actor): AdminContext => {
    const given = plane.as(actor);
    const { audit } = given.store;
    const page: typeof audit.page = async (...args) => {
      asked += 1;
      return audit.page(...args);
    };
    return { ...given, store: { ...given.store, audit: { ...audit, page } } };
  };
  return { context, asked: () => asked };
}
