import { expect, it } from 'vitest';
import { type ControlPlane, describeStores, mistakes } from '../../test/utils/admin-suite.ts';
import { hashSecret } from '../secrets/new-secret.ts';
import { apps, keys } from './apps.ts';
import { products } from './products.ts';

const DAY = 86_400;

async function withApp(plane: ControlPlane) {
  const members = await plane.createTenant('acme');
  const developer = plane.as(members.actors.developer);
  const app = await apps.create(developer, { name: 'shop' });
  return { ...members, developer, app };
}

describeStores('keys', (plane) => {
  it('are shown once, and kept as a hash and how they begin', async () => {
    const { developer, app } = await withApp(plane());
    const { key, secret } = await keys.createFor(developer, app._id, { name: 'web' });
    expect(secret).toMatch(/^skein_[\w-]{32}$/);
    expect(key).toMatchObject({ hash: hashSecret(secret), prefix: secret.slice(0, 12), app: app._id, revokedAt: null });
    expect(JSON.stringify(await plane().dump())).not.toContain(secret);
    const audit = JSON.stringify(await plane().store.audit.all({ all: true }, {}));
    expect(audit).not.toContain(key.hash);
  });

  it('have names that are unique in their app', async () => {
    const { developer, app } = await withApp(plane());
    await keys.createFor(developer, app._id, { name: 'web' });
    expect(await mistakes(keys.createFor(developer, app._id, { name: 'web' }))).toEqual(['TAKEN name']);
    const other = await apps.create(developer, { name: 'till' });
    expect((await keys.createFor(developer, other._id, { name: 'web' })).key.name).toBe('web');
  });

  it('are held to products, origins, addresses and limits that can be', async () => {
    const { developer, app } = await withApp(plane());
    const product = await products.create(developer, { name: 'p', fields: ['Query.a'] });
    const wrong = { name: '', origins: ['shop.example', 'https://a.example/x'], cidrs: ['10.0.0.0/33', '::1/64', 'x'] };
    expect(await mistakes(keys.createFor(developer, app._id, wrong))).toEqual([
      'INVALID name',
      'INVALID origins.0',
      'INVALID origins.1',
      'INVALID cidrs.0',
      'INVALID cidrs.2',
    ]);
    const unknown = { name: 'web', products: ['prd_none', product._id, 'prd_other'] };
    expect(await mistakes(keys.createFor(developer, app._id, unknown))).toEqual([
      'NOT_FOUND products.0',
      'NOT_FOUND products.2',
    ]);
    const { key } = await keys.createFor(developer, app._id, {
      name: 'web',
      products: [product._id],
      origins: ['https://shop.example'],
      cidrs: ['10.0.0.0/8', '::1'],
      rates: [{ limit: 10, windowSeconds: 60 }],
    });
    expect(key).toMatchObject({
      origins: ['https://shop.example'],
      rates: [{ limit: 10, windowSeconds: 60, field: null }],
    });
    const changed = await keys.update(developer, key._id, 1, { origins: [], expiresAt: new Date(0) });
    expect(changed).toMatchObject({ origins: [], cidrs: ['10.0.0.0/8', '::1'], expiresAt: new Date(0) });
    expect(await mistakes(keys.update(developer, key._id, 2, { products: ['prd_none'] }))).toEqual([
      'NOT_FOUND products.0',
    ]);
  });

  it('are replaced by one with the same rights, and work on for a while', async () => {
    const { developer, app } = await withApp(plane());
    const { key } = await keys.createFor(developer, app._id, { name: 'web', cidrs: ['10.0.0.0/8'] });
    const now = plane().as(developer.actor).clock.now();
    const rotated = await keys.rotate(developer, key._id, DAY);
    expect(rotated.old).toMatchObject({
      name: 'web (replaced)',
      expiresAt: new Date(now + DAY * 1_000),
      revokedAt: null,
    });
    expect(rotated.key).toMatchObject({ name: 'web', cidrs: ['10.0.0.0/8'], expiresAt: null, replaces: key._id });
    expect(rotated.key.hash).not.toBe(key.hash);
    const again = await keys.rotate(developer, rotated.key._id, 0);
    expect(again.old).toMatchObject({ name: `web (replaced) ${rotated.key._id.slice(-6)}`, expiresAt: new Date(now) });
    expect(await mistakes(keys.rotate(developer, again.key._id, -1))).toEqual(['INVALID overlapSeconds']);
    expect(await mistakes(keys.rotate(developer, again.key._id, 91 * DAY))).toEqual(['INVALID overlapSeconds']);
  });

  it('are not replaced where the new one could not be made, and stay as they were', async () => {
    const { developer, app } = await withApp(plane());
    const product = await products.create(developer, { name: 'p', fields: ['Query.a'] });
    const { key } = await keys.createFor(developer, app._id, { name: 'web', products: [product._id] });
    await plane().store.products.remove({ all: true }, product._id);
    expect(await mistakes(keys.rotate(developer, key._id, DAY))).toEqual(['NOT_FOUND products.0']);
    expect(await keys.get(developer, key._id)).toEqual(key);
    const { key: ending } = await keys.createFor(developer, app._id, { name: 'old', expiresAt: new Date(0) });
    expect(await mistakes(keys.rotate(developer, ending._id, DAY))).toEqual(['INVALID id']);
  });

  it('never end without one that replaces them, wherever a rotation is cut off', async () => {
    const { developer, app } = await withApp(plane());
    const { key } = await keys.createFor(developer, app._id, { name: 'web' });
    const { keys: real } = plane().store;
    const ended = () => Promise.reject(new Error('The process ended.'));
    const cutAt = (left: number): typeof developer => {
      let writes = left;
      const insert: typeof real.insert = (...given) => (writes-- > 0 ? real.insert(...given) : ended());
      const update: typeof real.update = (...given) => (writes-- > 0 ? real.update(...given) : ended());
      return { ...developer, store: { ...developer.store, keys: { ...real, insert, update } } };
    };
    for (const left of [0, 1, 2]) {
      await expect(keys.rotate(cutAt(left), key._id, 0)).rejects.toThrow('The process ended.');
      // Whoever tries again at once cannot know that it was cut off.
      plane().advance(60_000);
      expect(await keys.get(developer, key._id)).toMatchObject({ expiresAt: null, revokedAt: null });
      const successor = (await real.all({ all: true }, { replaces: key._id })).at(0);
      if (successor !== undefined) await real.remove({ all: true }, successor._id);
    }
  });

  it('have one that comes after them, whoever replaces them at the same time or again', async () => {
    const { developer, app } = await withApp(plane());
    for (const name of ['web', 'till', 'kiosk']) {
      const { key } = await keys.createFor(developer, app._id, { name });
      const results = await Promise.allSettled(Array.from({ length: 5 }, () => keys.rotate(developer, key._id, DAY)));
      const made = results.filter((result) => result.status === 'fulfilled');
      expect(made).toHaveLength(1);
      for (const result of results)
        if (result.status === 'rejected')
          expect((result.reason as { errors: object[] }).errors).toMatchObject([{ code: 'STALE' }]);
      const successors = await plane().store.keys.all({ all: true }, { replaces: key._id });
      expect(successors.map((one) => one._id)).toEqual([made[0]?.value.key._id]);
      expect(successors[0]?.name).toBe(name);
      expect(await mistakes(keys.rotate(developer, key._id, DAY))).toEqual(['STALE id']);
      await keys.revoke(developer, successors[0]?._id ?? '');
      expect((await keys.rotate(developer, key._id, DAY)).key.replaces).toBe(key._id);
    }
  });

  it('are replaced by nobody while somebody else is at it', async () => {
    const { developer, app } = await withApp(plane());
    const { key } = await keys.createFor(developer, app._id, { name: 'web' });
    const { keys: real } = plane().store;
    const between: string[] = [];
    const insert: typeof real.insert = async (...given) => {
      between.push(...(await mistakes(keys.rotate(developer, key._id, DAY))));
      return real.insert(...given);
    };
    const slow = { ...developer, store: { ...developer.store, keys: { ...real, insert } } };
    const { old } = await keys.rotate(slow, key._id, DAY);
    expect(between).toEqual(['STALE id']);
    expect(old.expiresAt).not.toBeNull();
  });

  it('stay as they were where somebody changes them while they are replaced', async () => {
    const { developer, app } = await withApp(plane());
    const { key } = await keys.createFor(developer, app._id, { name: 'web' });
    const { keys: real } = plane().store;
    const insert: typeof real.insert = async (...given) => {
      const { version } = await keys.need(developer, key._id);
      await keys.update(developer, key._id, version, { cidrs: ['10.0.0.0/8'] });
      return real.insert(...given);
    };
    const slow = { ...developer, store: { ...developer.store, keys: { ...real, insert } } };
    expect(await mistakes(keys.rotate(slow, key._id, DAY))).toEqual(['STALE version']);
    expect(await keys.need(developer, key._id)).toMatchObject({ name: 'web', expiresAt: null, cidrs: ['10.0.0.0/8'] });
    expect(await real.count({ all: true }, { replaces: key._id, revokedAt: null })).toBe(0);
    expect((await keys.rotate(developer, key._id, DAY)).key).toMatchObject({ name: 'web', cidrs: ['10.0.0.0/8'] });
  });

  it('are revoked once and for all', async () => {
    const { developer, app } = await withApp(plane());
    const { key } = await keys.createFor(developer, app._id, { name: 'web' });
    const signals = await plane().store.feed.signals();
    const revoked = await keys.revoke(developer, key._id);
    expect(revoked.revokedAt).toEqual(new Date(developer.clock.now()));
    expect(await plane().store.feed.signals()).toBe(signals + 1);
    plane().advance(1_000);
    expect((await keys.revoke(developer, key._id)).revokedAt).toEqual(revoked.revokedAt);
    expect(await mistakes(keys.rotate(developer, key._id, DAY))).toEqual(['INVALID id']);
  });

  it('are made for no app that is archived', async () => {
    const { developer, app } = await withApp(plane());
    const { key } = await keys.createFor(developer, app._id, { name: 'web' });
    await apps.archive(developer, app._id, 1, true);
    expect(await mistakes(keys.createFor(developer, app._id, { name: 'till' }))).toEqual(['INVALID app']);
    expect(await mistakes(keys.rotate(developer, key._id, DAY))).toEqual(['INVALID id']);
  });
});
