import { expect, it } from 'vitest';
import { CancellationSource } from '../../kernel/cancellation.ts';
import { SkeinError } from '../../kernel/errors.ts';
import { createCallContext } from '../utils/call-context.ts';
import { FAULT_HEADER, SLOW } from '../utils/contract-library.ts';
import { describeSource, failureOf } from '../utils/contract-suite.ts';

describeSource('calls end when they must', (kind) => {
  it('before they begin, when the client has gone', async () => {
    const source = await kind.shared();
    const asked = kind.backend.seen.all.length;
    const { context, abort } = createCallContext();
    abort();
    const error = await failureOf(kind, kind.item(source, '1', context));
    expect(error.code).toBe('CLIENT_CLOSED_REQUEST');
    await kind.item(source, '2');
    expect(kind.backend.seen.all).toHaveLength(asked + 1);
  });

  it.each([
    ['before the answer begins', SLOW, {}],
    ['in the middle of the answer', '1', { [FAULT_HEADER]: 'half' }],
  ])('%s, and the upstream sees it', async (_, id, headers) => {
    const source = await kind.shared();
    const arrival = kind.backend.seen.next();
    const { context, abort } = createCallContext({ headers });
    const failure = failureOf(kind, kind.item(source, id, context));
    const call = await arrival;
    abort();
    expect((await failure).code).toBe('CLIENT_CLOSED_REQUEST');
    expect(await call.ended).toBe('cut');
  });

  it.each(['DEADLINE_EXCEEDED', 'SHUTTING_DOWN'] as const)('with the reason that the request has, %s', async (code) => {
    const source = await kind.shared();
    const arrival = kind.backend.seen.next();
    const cancellation = new CancellationSource();
    const { context } = createCallContext({ cancellation });
    const failure = failureOf(kind, kind.item(source, SLOW, context));
    const call = await arrival;
    cancellation.cancel(new SkeinError(code));
    expect((await failure).code).toBe(code);
    expect(await call.ended).toBe('cut');
  });

  it('each by itself: others of the same source go on', async () => {
    const source = await kind.open({ upstream: { shareReads: false } });
    const { context, abort } = createCallContext();
    const first = kind.backend.seen.next();
    const failure = failureOf(kind, kind.item(source, SLOW, context));
    const one = await first;
    const second = kind.backend.seen.next();
    const answer = kind.item(source, SLOW);
    const other = await second;
    await expect.poll(() => kind.backend.library.asked, { timeout: 15_000 }).toEqual([`item ${SLOW}`, `item ${SLOW}`]);
    abort();
    expect((await failure).code).toBe('CLIENT_CLOSED_REQUEST');
    expect(await one.ended).toBe('cut');
    kind.backend.library.release();
    expect(JSON.stringify(await answer)).toContain('"Item slow"');
    expect(await other.ended).toBe('answered');
  });

  it('and are not disturbed by a cancellation that comes after them', async () => {
    const source = await kind.shared();
    const arrival = kind.backend.seen.next();
    const { context, abort } = createCallContext();
    expect(JSON.stringify(await kind.item(source, '1', context))).toContain('Ada');
    abort();
    expect(await (await arrival).ended).toBe('answered');
    expect(JSON.stringify(await kind.item(source, '2'))).toContain('Item 2');
  });

  it('when the source is disposed of, with its connections', async () => {
    const source = await kind.backend.open();
    const arrival = kind.backend.seen.next();
    const failure = failureOf(kind, kind.item(source, SLOW));
    const call = await arrival;
    await source.dispose();
    expect((await failure).code).not.toMatch(/TIMEOUT|DEADLINE/);
    expect(await call.ended).toBe('cut');
    // A request that is still on its way through the graph may come to it.
    await failureOf(kind, kind.item(source, '1'));
  });

  it('and a source that was never called can be disposed of', async () => {
    const source = await kind.backend.open();
    await source.dispose();
    await expect(source.dispose()).resolves.not.toThrow();
  });

  it('and a probe tells that the upstream is there, and can be called off', async () => {
    const source = await kind.shared();
    await expect(source.probe(new AbortController().signal)).resolves.toBeUndefined();
    const gone = AbortSignal.abort();
    await expect(source.probe(gone)).rejects.toBeInstanceOf(SkeinError);
  });

  it('and take headers of the client along, by rule, and no others', async () => {
    const source = await kind.open({
      forwardHeaders: [
        'x-tenant',
        { name: 'x-trace', as: 'x-trace-of-client' },
        { name: 'x-missing', default: 'none' },
      ],
    });
    const arrival = kind.backend.seen.next();
    const headers = { 'x-tenant': 'blue', 'x-trace': '17', 'x-private': 'mine', authorization: 'Bearer of-the-client' };
    await kind.item(source, '1', createCallContext({ headers }).context);
    const seen = (await arrival).headers;
    expect(seen).toMatchObject({ 'x-tenant': 'blue', 'x-trace-of-client': '17', 'x-missing': 'none' });
    expect(JSON.stringify(seen)).not.toMatch(/mine|of-the-client"/);
  });

  it('and of two that send a header, the rule for the client wins', async () => {
    const source = await kind.open({ headers: { 'x-tenant': 'ours' }, forwardHeaders: ['x-tenant'] });
    for (const [headers, expected] of [
      [{ 'x-tenant': 'theirs' }, 'theirs'],
      [{}, 'ours'],
    ] as const) {
      const arrival = kind.backend.seen.next();
      await kind.item(source, '1', createCallContext({ headers }).context);
      expect((await arrival).headers).toMatchObject({ 'x-tenant': expected });
    }
  });

  it('and bring headers of the answer back, by rule, and no others', async () => {
    const source = await kind.open({ returnHeaders: ['X-Returned', 'x-not-there'] });
    const returned: [string, string][] = [];
    const { context } = createCallContext({
      headers: { [FAULT_HEADER]: 'returned' },
      returnHeader: (name, value) => returned.push([name, value]),
    });
    await kind.item(source, '1', context);
    expect(returned).toEqual([['x-returned', 'by the library']]);
  });
});
