import { expect, it } from 'vitest';
import { administrator } from '../utils/control-admin.ts';
import { describeControlStores } from '../utils/control-stores.ts';

const WRITES = 1_000;
const AT_ONCE = 8;
const CREATE =
  'mutation($name: String!) { createApp(tenant: "default", input: { name: $name }) { app { id } errors { message } } }';

describeControlStores('a process that is killed among a thousand writes', (store) => {
  it('has lost none that was acknowledged, and starts again on them', async () => {
    const gateway = await store.start();
    const acknowledged: string[] = [];
    let next = 0;
    const writeOn = async () => {
      while (next < WRITES) {
        const name = `app-${next++}`;
        const { data } = await gateway.admin(CREATE, { name });
        if ((data as unknown as { createApp: { app: object | null } } | undefined)?.createApp.app)
          acknowledged.push(name);
        if (acknowledged.length === WRITES / 2) gateway.process.kill('SIGKILL');
      }
    };
    await Promise.allSettled(Array.from({ length: AT_ONCE }, writeOn));
    expect(acknowledged.length).toBeGreaterThanOrEqual(WRITES / 2);
    expect(acknowledged.length).toBeLessThan(WRITES);

    const second = await store.start();
    const kept = new Set<string>();
    for (let after: string | null = null; ; ) {
      const { apps } = (await administrator(second).query(
        'query($after: String) { apps(tenant: "default", first: 500, after: $after) { nodes { name } pageInfo { hasNextPage endCursor } } }',
        { after },
      )) as never as {
        apps: { nodes: { name: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
      };
      for (const { name } of apps.nodes) kept.add(name);
      if (!apps.pageInfo.hasNextPage) break;
      after = apps.pageInfo.endCursor;
    }
    expect(acknowledged.filter((name) => !kept.has(name))).toEqual([]);
    // What was under way when it was killed may be there, or not; nothing is there by half.
    expect(kept.size - acknowledged.length).toBeLessThanOrEqual(AT_ONCE);
    expect((await second.admin(CREATE, { name: 'after' })).errors).toBeUndefined();
  });
});
