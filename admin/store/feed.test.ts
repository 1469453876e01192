import { expect, it } from 'vitest';
import { describeEmbedded, describeStores, PLATFORM_ADMIN } from '../../test/utils/admin-suite.ts';
import { apps } from '../stores/apps.ts';

async function ids(records: AsyncIterable<{ readonly _id: string }>): Promise<string[]> {
  const found: string[] = [];
  for await (const { _id } of records) found.push(_id);
  return found;
}

describeStores('the feed', (plane) => {
  it('gives each number once, also to many that ask at once', async () => {
    const { feed } = plane().store;
    const numbers = await Promise.all(Array.from({ length: 50 }, () => feed.next()));
    expect(new Set(numbers).size).toBe(50);
    expect(Math.max(...numbers) - Math.min(...numbers)).toBe(49);
  });

  it('tells of every change, and of nothing that was refused', async () => {
    const { actors } = await plane().createTenant('acme');
    const developer = plane().as(actors.developer);
    const { feed } = plane().store;
    let heard = 0;
    const stop = feed.onSignal(() => {
      heard += 1;
    });
    const before = await feed.signals();
    const app = await apps.create(developer, { name: 'shop' });
    await apps.update(developer, app._id, 1, { title: 'Shop' });
    await apps.create(developer, { name: 'shop' }).catch(() => {});
    expect([heard, (await feed.signals()) - before]).toEqual([2, 2]);
    stop();
    await apps.archive(developer, app._id, 2, true);
    expect(heard).toBe(2);
  });

  it('has the records that changed since, archived ones too, each as it is now', async () => {
    await plane().createTenant('acme');
    const root = plane().as(PLATFORM_ADMIN);
    const made = [];
    for (const name of ['a', 'b', 'c']) made.push(await apps.create(root, { name }, 'acme'));
    const [first, second, third] = made.map(({ _id }) => _id);
    await apps.archive(root, first ?? '', 1, true);
    expect(await ids(plane().store.feed.since('apps', 0))).toEqual([second, third, first]);
    // It looks back for writers that took their number before, and wrote after.
    const last = (await apps.get(root, first ?? ''))?.seq ?? 0;
    expect(await ids(plane().store.feed.since('apps', last))).toEqual([second, third, first]);
    expect(await ids(plane().store.feed.since('apps', last + 1_000))).toEqual([]);
  });
});

describeEmbedded('a store', (plane) => {
  it('answers until it is closed', async () => {
    expect(await plane().store.ping()).toBe(true);
    await plane().store.close();
    expect(await plane().store.ping()).toBe(false);
  });
});
