import type { Model } from 'mongoose';
import { expect, it } from 'vitest';
import type { App } from '../../admin/models/app.ts';
import { createCollection, type NewRecord } from '../../admin/store/collection.ts';
import { apps } from '../../admin/stores/apps.ts';
import { type ControlPlane, describeStores, PLATFORM_ADMIN } from '../../test/utils/admin-suite.ts';
import { createFeedReader, type FeedReader } from './records.ts';

const MANY = 1_500;

/** As many numbers as other writers would take. */
async function pass(plane: ControlPlane, count: number) {
  const counters = plane.connection.model('counters') as unknown as Model<{ _id: string; value: number }>;
  await counters.updateOne({ _id: 'changes' }, { $inc: { value: count } });
}

async function names(reader: FeedReader) {
  return (await reader.read()).apps.map(({ name, title }) => [name, title].join(' ').trim());
}

describeStores('an instance that follows the store', (plane) => {
  it('converges however much was written while it was away', async () => {
    await plane().createTenant('acme');
    const root = plane().as(PLATFORM_ADMIN);
    const first = await apps.create(root, { name: 'first' }, 'acme');
    const reader = createFeedReader(plane().store.feed);
    expect(await names(reader)).toEqual(['first']);
    await apps.create(root, { name: 'second' }, 'acme');
    await pass(plane(), MANY);
    await apps.update(root, first._id, 1, { title: 'again' });
    await pass(plane(), MANY);
    await apps.create(root, { name: 'third' }, 'acme');
    expect(await names(reader)).toEqual(['second', 'first again', 'third']);
    expect(await names(reader)).toEqual([]);
  });

  it('hears of a record whose writer took its number long before, and was held up', async () => {
    const { tenant } = await plane().createTenant('acme');
    const root = plane().as(PLATFORM_ADMIN);
    const { feed } = plane().store;
    const reader = createFeedReader(feed);
    let heldUp = 0;
    const slow = createCollection<App>({
      model: plane().connection.model('apps') as unknown as Model<App>,
      prefix: 'app',
      now: () => root.clock.now(),
      async nextSeq() {
        const seq = await feed.next();
        if (heldUp > 0) {
          heldUp -= 1;
          await pass(plane(), MANY);
          await apps.create(root, { name: `meanwhile-${seq}` }, 'acme');
          await reader.read();
          plane().advance(5_000);
        }
        return seq;
      },
    });
    heldUp = 1;
    const record = { tenant: tenant._id, name: 'late', title: '', description: '', rates: [] };
    const late = await slow.insert({ all: true }, record as NewRecord<App>);
    expect(await names(reader)).toEqual(['late']);
    expect((await plane().store.apps.get({ all: true }, late._id))?.seq).toBe(late.seq);
    // Twice in a row.
    heldUp = 2;
    const changed = await slow.update({ all: true }, late._id, 1, { title: 'at last' });
    expect(changed).toMatchObject({ version: 2, title: 'at last' });
    expect(await names(reader)).toContain('late at last');
  });

  it('loses nothing of a look that came to nothing halfway', async () => {
    await plane().createTenant('acme');
    const root = plane().as(PLATFORM_ADMIN);
    const { feed } = plane().store;
    let isBroken = false;
    const reader = createFeedReader({
      ...feed,
      since(name, ...given) {
        if (isBroken && name === 'grants') throw new Error('The store is gone.');
        return feed.since(name, ...given);
      },
    });
    await reader.read();
    await apps.create(root, { name: 'first' }, 'acme');
    isBroken = true;
    await expect(reader.read()).rejects.toThrow('gone');
    isBroken = false;
    expect(await names(reader)).toEqual(['first']);
    expect(await names(reader)).toEqual([]);
  });
});
