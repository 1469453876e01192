import { expect, it } from 'vitest';
import { describeStores, mistakes, PLATFORM_ADMIN } from '../../test/utils/admin-suite.ts';
import { furnish } from '../../test/utils/admin-world.ts';
import { apps, keys } from './apps.ts';
import { auditLog } from './audit.ts';
import { grants } from './grants.ts';
import { resources } from './resources.ts';
import { secrets } from './secrets.ts';

const REFERENCE = ['$', '{secrets.openai}'].join('');

describeStores('the audit log', (plane) => {
  it('says of every change who, from where, what it was and what it became', async () => {
    const { actors, tenant, users } = await plane().createTenant('acme');
    const developer = plane().as(actors.developer);
    const analyst = plane().as(actors.analyst);
    const app = await apps.create(developer, { name: 'shop', title: 'Shop' });
    await apps.update(developer, app._id, 1, { title: 'The shop' });
    await apps.archive(developer, app._id, 2, true);
    const { records } = await auditLog.list(analyst, { where: { entity: app._id } });
    const who = {
      actor: users.developer._id,
      actorName: users.developer.name,
      address: '192.0.2.7',
      requestId: 'req-1',
    };
    expect(records.map(({ action }) => action)).toEqual(['app.create', 'app.update', 'app.archive']);
    for (const record of records) expect(record).toMatchObject({ ...who, tenant: tenant._id, outcome: 'done' });
    expect(records[0]).toMatchObject({ entityName: 'shop', before: '' });
    expect(JSON.parse(records[0]?.after ?? '')).toMatchObject({ name: 'shop', title: 'Shop' });
    expect(JSON.parse(records[1]?.before ?? '')).toEqual({ title: 'Shop' });
    expect(JSON.parse(records[1]?.after ?? '')).toEqual({ title: 'The shop' });
  });

  it('has an entry for each thing that is made, by its id', async () => {
    const asker = await plane().createTenant('asker');
    const world = await furnish(plane(), 'acme', asker);
    const made = [world.user, world.token, world.app, world.key, world.plan, world.product, world.secret, world.asked];
    for (const { _id } of made) {
      const found = await plane().store.audit.find({ all: true }, { entity: _id, outcome: 'done' });
      expect(found?.action, _id).toMatch(/\.(create|request)$/);
    }
  });

  it('has no secret in it, in records nor in options', async () => {
    const { actors } = await plane().createTenant('acme');
    const developer = plane().as(actors.developer);
    await secrets.create(developer, { name: 'openai', value: 'hush-hush-hush' });
    const options = {
      apiKey: 'hush-hush-hush',
      headers: { Authorization: 'Bearer hush-hush-hush', 'x-api-key': ['hush-hush-hush'], accept: 'text/plain' },
      endpoint: 'https://user:hush-hush-hush@example.com/',
      reference: { password: REFERENCE },
    };
    await resources.save(developer, 'providers', { name: 'openai', options });
    const log = JSON.stringify((await auditLog.list(plane().as(actors.owner), {})).records);
    expect(log).not.toContain('hush-hush');
    expect(log).not.toContain(Buffer.from('hush-hush-hush').toString('base64'));
    expect(log).toContain('text/plain');
    expect(log).toContain(REFERENCE);
  });

  it('keeps who was refused, and leaves open what was interrupted', async () => {
    const { actors } = await plane().createTenant('acme');
    const developer = plane().as(actors.developer);
    const app = await apps.create(developer, { name: 'shop' });
    await keys.createFor(developer, app._id, { name: 'web' });
    await mistakes(keys.createFor(developer, app._id, { name: 'web' }));
    const broken = {
      ...developer,
      store: {
        ...developer.store,
        apps: { ...developer.store.apps, update: () => Promise.reject(new Error('The connection is gone.')) },
      },
    };
    await expect(apps.update(broken, app._id, 1, { title: 'x' })).rejects.toThrow('The connection is gone.');
    const { records } = await auditLog.list(plane().as(actors.owner), {});
    const told = records.map(({ action, outcome }) => `${action} ${outcome}`);
    expect(told.slice(-3)).toEqual(['key.create done', 'key.create refused', 'app.update null']);
  });

  it('is listed by actor, thing, action and time, the newest first', async () => {
    const { actors, users } = await plane().createTenant('acme');
    const [owner, developer] = [plane().as(actors.owner), plane().as(actors.developer)];
    await apps.create(developer, { name: 'one' });
    plane().advance(60_000);
    const from = new Date(owner.clock.now());
    await apps.create(owner, { name: 'two' });
    plane().advance(60_000);
    const until = new Date(owner.clock.now());
    await apps.create(developer, { name: 'three' });
    const names = async (where: Record<string, unknown>) => {
      const sort = { field: '_id', descending: true };
      return (await auditLog.list(owner, { where: { action: 'app.create', ...where }, sort })).records.map(
        (r) => r.entityName,
      );
    };
    expect(await names({})).toEqual(['three', 'two', 'one']);
    expect(await names({ actor: users.developer._id })).toEqual(['three', 'one']);
    expect(await names({ from })).toEqual(['three', 'two']);
    expect(await names({ from, until })).toEqual(['two']);
    expect(await auditLog.count(owner, { where: { action: 'app.create', until } })).toBe(2);
  });

  it('tells a decision to the tenant of who decided, and not from where to the other', async () => {
    const asker = await plane().createTenant('asker');
    const world = await furnish(plane(), 'acme', asker);
    await grants.approve(plane().as(world.actors.approver), world.asked._id, '');
    const own = await auditLog.list(plane().as(world.actors.owner), { where: { action: 'grant.approve' } });
    expect(own.records).toHaveLength(1);
    const others = await auditLog.list(plane().as(asker.actors.owner), { where: { action: 'grant.approve' } });
    expect(others.records).toEqual([]);
    const all = await auditLog.list(plane().as(PLATFORM_ADMIN), { where: { action: 'grant.approve' } });
    expect(all.records).toHaveLength(1);
  });
});
