import { expect } from 'vitest';
import type { Source } from '../../sources/source.ts';
import { createCallContext } from '../utils/call-context.ts';
import { itemFields, type SourceOptions, toldBy } from '../utils/contract-harness.ts';
import { ENDLESS_EVENTS, ITEMS } from '../utils/contract-library.ts';
import { selected, streamCall } from '../utils/contract-model.ts';
import { describeSource, failureOf, type KindUnderTest } from '../utils/contract-suite.ts';

function watch(kind: KindUnderTest, source: Source, what: string, context = createCallContext().context) {
  const call = streamCall(source, `Subscription.${kind.names.watch}`);
  return call.open({ what }, context, selected(itemFields(kind.harness)));
}

/** For machines that are busy; what is waited for comes by itself. */
const PATIENCE = { timeout: 15_000 };

async function expectClosed(kind: KindUnderTest): Promise<void> {
  await expect.poll(() => kind.backend.library.closedStreams, PATIENCE).toBe(1);
}

describeSource('streams', (kind) => {
  const { harness } = kind;
  const transports = Object.entries<SourceOptions>(harness.streamOptions ?? { 'its protocol': {} });

  for (const [transport, options] of transports) {
    kind.itCan('stream', `give their items in order, and then end, by ${transport}`, async () => {
      const items: unknown[] = [];
      for await (const item of watch(kind, await kind.open(options), 'three')) items.push(item);
      expect(items).toHaveLength(ITEMS.length);
      const told = harness.kind === 'grpc' ? items.map((item) => (item as { id: string }).id) : items;
      expect(told).toEqual(ITEMS.map((item) => (harness.kind === 'grpc' ? item.id : toldBy(harness, item))));
      await expectClosed(kind);
    });

    kind.itCan('stream', `do nothing before they are read, by ${transport}`, async () => {
      const source = await kind.open(options);
      const asked = kind.backend.library.asked.length;
      const items = watch(kind, source, 'three');
      await kind.item(source, '1');
      await items.return?.();
      expect(kind.backend.library.asked.slice(asked)).toEqual(['item 1']);
      expect(await items.next()).toEqual({ done: true, value: undefined });
    });

    kind.itCan(
      'stream',
      `close the upstream with return(), also while an item is awaited, by ${transport}`,
      async () => {
        const items = watch(kind, await kind.open(options), 'held');
        for (const { id } of ITEMS) expect(await items.next()).toMatchObject({ value: { id } });
        const awaited = items.next();
        await items.return?.();
        expect(await awaited).toEqual({ done: true, value: undefined });
        await expectClosed(kind);
        expect(await items.next()).toEqual({ done: true, value: undefined });
      },
    );

    kind.itCan('stream', `close the upstream when the client goes, by ${transport}`, async () => {
      const { context, abort } = createCallContext();
      const items = watch(kind, await kind.open(options), 'held', context);
      for (const _ of ITEMS) await items.next();
      const failure = failureOf(kind, items.next());
      abort();
      expect((await failure).code).toBe('CLIENT_CLOSED_REQUEST');
      expect(await items.next()).toEqual({ done: true, value: undefined });
      await expectClosed(kind);
    });

    kind.itCan('stream', `give an error in the middle as the last item, by ${transport}`, async () => {
      const items = watch(kind, await kind.open(options), 'held');
      for (const _ of ITEMS) await items.next();
      const failure = failureOf(kind, items.next());
      kind.backend.cut();
      const error = await failure;
      expect(error.code).toMatch(/^UPSTREAM_/);
      expect(error.extensions.source).toBe(kind.sourceName);
      expect(await items.next()).toEqual({ done: true, value: undefined });
      await expectClosed(kind);
    });

    kind.itCan('stream', `end with their source, by ${transport}`, async () => {
      const source = await kind.backend.open(options);
      const items = watch(kind, source, 'held');
      for (const _ of ITEMS) await items.next();
      const ended = failureOf(kind, items.next());
      await source.dispose();
      expect((await ended).code).not.toMatch(/TIMEOUT|DEADLINE/);
      await expectClosed(kind);
    });

    kind.itCan('stream', `fail at once when nobody is there, by ${transport}`, async () => {
      const other = await harness.start();
      const source = await other.open(options);
      await other.close();
      try {
        const items = watch(kind, source, 'three');
        expect(await failureOf(kind, items.next())).toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
        expect(await items.next()).toEqual({ done: true, value: undefined });
      } finally {
        await source.dispose();
      }
    });

    kind.itCan('hold up a stream', `stop the upstream when they are read slowly, by ${transport}`, async () => {
      const source = await kind.open(options);
      const items = watch(kind, source, 'endless');
      await items.next();
      // As many rounds as an upstream that nobody holds up needs to give them all, and more.
      let before = -1;
      await expect
        .poll(async () => {
          const given = kind.backend.library.given;
          const isStill = given === before;
          before = given;
          for (let round = 0; round < 5; round += 1) await kind.item(source, '1');
          return isStill && kind.backend.library.given === given;
        }, PATIENCE)
        .toBe(true);
      expect(kind.backend.library.given).toBeLessThan(ENDLESS_EVENTS / 2);
      await items.next();
      await items.return?.();
      await expectClosed(kind);
    });
  }

  kind.itCan('stream', 'are of values like those of single calls', async () => {
    const source = await kind.shared();
    const items = watch(kind, source, 'three');
    const { value } = await items.next();
    await items.return?.();
    expect(value).toEqual(await kind.item(source, '1'));
  });
});
