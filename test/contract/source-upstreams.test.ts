import { expect, it } from 'vitest';
import type { CallContext, Source } from '../../sources/source.ts';
import { createCallContext } from '../utils/call-context.ts';
import { itemFields } from '../utils/contract-harness.ts';
import { FAULT_HEADER, itemOf, REFUSE, SLOW } from '../utils/contract-library.ts';
import { selected, unaryCall } from '../utils/contract-model.ts';
import { describeSource, failureOf, type KindUnderTest } from '../utils/contract-suite.ts';

/** A mutation that would work. */
function add({ harness, names }: KindUnderTest, source: Source, context: CallContext): Promise<unknown> {
  const { grid: _, ...item } = itemOf('new', { binding: 'PAPERBACK' });
  const binding = source.model.enumValues?.get(`${harness.prefix}Binding`)?.PAPERBACK ?? 'PAPERBACK';
  const args = { [harness.addArgument]: { ...item, binding } };
  return unaryCall(source, `Mutation.${names.add}`).invoke(args, context, selected(itemFields(harness)));
}

describeSource('calls are repeated where that is safe', (kind) => {
  it('a read whose connection is cut is sent a second time, and answered', async () => {
    const source = await kind.open();
    const before = kind.backend.seen.all.length;
    const first = kind.backend.seen.next();
    const answer = kind.item(source, SLOW);
    await first;
    const second = kind.backend.seen.next();
    kind.backend.cut();
    await second;
    await expect.poll(() => kind.backend.library.asked, { timeout: 15_000 }).toHaveLength(2);
    kind.backend.library.release();
    expect(JSON.stringify(await answer)).toContain('"Item slow"');
    expect(kind.backend.seen.all.length - before).toBe(2);
    expect(source.upstream?.()).toMatchObject({ retries: 1, active: 0, endpoints: [{ calls: 2, failures: 1 }] });
  });

  it('a read is not sent a third time', async () => {
    const source = await kind.open();
    const before = kind.backend.seen.all.length;
    const { context } = createCallContext({ headers: { [FAULT_HEADER]: 'half' } });
    const first = kind.backend.seen.next();
    const failure = failureOf(kind, kind.item(source, '1', context));
    await first;
    const second = kind.backend.seen.next();
    kind.backend.cut();
    await second;
    kind.backend.cut();
    expect((await failure).code).toMatch(/^UPSTREAM_/);
    expect(kind.backend.seen.all.length - before).toBe(2);
  });

  it('a mutation whose connection is cut is not: it may have been done', async () => {
    const source = await kind.open();
    const before = kind.backend.seen.all.length;
    const { context } = createCallContext({ headers: { [FAULT_HEADER]: 'half' } });
    const arrival = kind.backend.seen.next();
    const failure = failureOf(kind, add(kind, source, context));
    await arrival;
    kind.backend.cut();
    expect((await failure).code).toMatch(/^UPSTREAM_/);
    expect(kind.backend.seen.all.length - before).toBe(1);
    expect(source.upstream?.()).toMatchObject({ retries: 0, active: 0, endpoints: [{ calls: 1, failures: 1 }] });
  });

  it('what the service refuses is sent once, also where the fault comes with status 500', async () => {
    const source = await kind.open();
    const before = kind.backend.seen.all.length;
    await failureOf(kind, kind.item(source, REFUSE));
    expect(kind.backend.seen.all.length - before).toBe(1);
    expect(source.upstream?.()).toMatchObject({ retries: 0, endpoints: [{ failures: 0 }] });
  });

  it('and of two endpoints one goes on when the other stops, for mutations too', async () => {
    const stopping = await kind.harness.start();
    const scheme = kind.harness.kind === 'grpc' ? '' : 'http://';
    const source = await stopping.open({ upstream: { endpoints: [`${scheme}127.0.0.1:${kind.backend.port}`] } });
    try {
      const [asked, askedOther] = [kind.backend.seen.all.length, stopping.seen.all.length];
      for (let call = 0; call < 4; call += 1) await kind.item(source, '1');
      expect([kind.backend.seen.all.length - asked, stopping.seen.all.length - askedOther]).toEqual([2, 2]);
      await stopping.close();
      for (let call = 0; call < 4; call += 1) expect(JSON.stringify(await kind.item(source, '1'))).toContain('Ada');
      for (let call = 0; call < 2; call += 1) {
        expect(JSON.stringify(await add(kind, source, createCallContext().context))).toContain('"Item new"');
      }
      expect(kind.backend.seen.all.length - asked).toBe(8);
    } finally {
      await source.dispose();
    }
  });
});
