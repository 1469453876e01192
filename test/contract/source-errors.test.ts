import { expect, it } from 'vitest';
import type { CallContext } from '../../sources/source.ts';
import { createCallContext } from '../utils/call-context.ts';
import { COMMON_OPTIONS, itemFields } from '../utils/contract-harness.ts';
import {
  FAIL,
  FAULT_HEADER,
  type Fault,
  itemOf,
  LARGE,
  MAX_RESPONSE_BYTES,
  REFUSE,
  SECRET,
  SLOW,
} from '../utils/contract-library.ts';
import { selected, unaryCall } from '../utils/contract-model.ts';
import { describeSource, failureOf } from '../utils/contract-suite.ts';

const faulty = (fault: Fault, over: Partial<CallContext> = {}) =>
  createCallContext({ headers: { [FAULT_HEADER]: fault }, ...over });

describeSource('a failing upstream is told without its words', (kind) => {
  const { harness, names } = kind;
  const scope = () => ({ source: kind.sourceName, operation: harness.itemOperation });

  it.each([
    [FAIL, 'UPSTREAM_FAILED'],
    [REFUSE, 'UPSTREAM_REJECTED'],
  ])('when an operation says "%s"', async (id, code) => {
    const { context, log } = createCallContext();
    const error = await failureOf(kind, kind.item(await kind.shared(), id, context));
    expect(error).toMatchObject({ code, extensions: scope() });
    expect(error.extensions).not.toHaveProperty('upstreamMessage');
    expect(error.extensions).not.toHaveProperty('upstreamBody');
    expect(log.lines.some(({ level, fields }) => level === 'warn' && fields.requestId === 'request-1')).toBe(true);
  });

  it('when a mutation fails, with its own operation', async () => {
    const source = await kind.shared();
    const call = unaryCall(source, `Mutation.${names.add}`);
    const { grid: _, ...item } = itemOf(REFUSE, { binding: 'PAPERBACK' });
    const args = {
      [harness.addArgument]: {
        ...item,
        binding: source.model.enumValues?.get(`${harness.prefix}Binding`)?.PAPERBACK ?? 'PAPERBACK',
      },
    };
    const { context } = createCallContext();
    const error = await failureOf(kind, call.invoke(args, context, selected(itemFields(harness))));
    expect(error).toMatchObject({ code: 'UPSTREAM_REJECTED', extensions: { operation: call.operation } });
  });

  it('with its message where `errors: message` says so, and no more', async () => {
    const source = await kind.open({ errors: 'message' });
    const error = await kind.item(source, REFUSE).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'UPSTREAM_REJECTED',
      extensions: { upstreamMessage: expect.stringContaining(SECRET) },
    });
    expect(error).not.toHaveProperty('extensions.upstreamBody');
    expect(error).toHaveProperty('message', 'The source refused the call.');
  });

  it('with all that it said where `errors: body` says so', async () => {
    const source = await kind.open({ errors: 'body' });
    const error = await kind.item(source, REFUSE).catch((reason: unknown) => reason);
    // grpc-js says nothing beside its message unless it is made to.
    const told = harness.kind === 'grpc' ? 'upstreamMessage' : 'upstreamBody';
    expect(JSON.stringify((error as { extensions: Record<string, unknown> }).extensions[told])).toContain(SECRET);
  });

  it.each(['hidden', 'message', 'body'])('without headers, addresses or keys, with `errors: %s`', async (errors) => {
    const source = await kind.open({ errors });
    const error = (await kind.item(source, FAIL).catch((reason: unknown) => reason)) as {
      message: string;
      extensions: object;
    };
    const told = JSON.stringify([error.message, error.extensions]);
    for (const never of ['x-internal', 'sk-of-the-gateway', '127.0.0.1', String(kind.backend.port)]) {
      expect(told).not.toContain(never);
    }
  });

  it('when the answer is none of its protocol', async () => {
    const error = await failureOf(kind, kind.item(await kind.shared(), '1', faulty('garbage').context));
    expect(error).toMatchObject({ code: 'UPSTREAM_BAD_RESPONSE', extensions: scope() });
  });

  it('when the answer is larger than `maxResponseBytes`, and not when it is not', async () => {
    const source = await kind.open({ maxResponseBytes: MAX_RESPONSE_BYTES });
    const error = await failureOf(kind, kind.item(source, LARGE));
    expect(error).toMatchObject({ code: 'UPSTREAM_RESPONSE_TOO_LARGE', extensions: scope() });
    expect(JSON.stringify(await kind.item(source, '1'))).toContain('Ada');
  });

  it('when it does not answer in `timeoutMs`, or not to the end, and closes the call', async () => {
    const source = await kind.open({ timeoutMs: 300 });
    // On a busy machine connecting alone may take as long.
    await kind.item(source, '1').catch(() => {});
    const before = kind.backend.seen.all.length;
    const failures = [kind.item(source, SLOW), kind.item(source, '1', faulty('half').context)];
    for (const failure of await Promise.all(failures.map((each) => failureOf(kind, each)))) {
      expect(failure).toMatchObject({ code: 'UPSTREAM_TIMEOUT', extensions: scope() });
    }
    const calls = kind.backend.seen.all.slice(before);
    expect(await Promise.all(calls.map(({ ended }) => ended))).not.toContain('answered');
  });

  it('when it cuts the connection before or in the middle of an answer, and is well again afterwards', async () => {
    const source = await kind.open({ upstream: { retries: false } });
    for (const [id, context] of [
      [SLOW, createCallContext().context],
      ['1', faulty('half').context],
    ] as const) {
      const arrival = kind.backend.seen.next();
      const failure = failureOf(kind, kind.item(source, id, context));
      await arrival;
      kind.backend.cut();
      expect(await failure).toMatchObject({ code: expect.stringMatching(/^UPSTREAM_/), extensions: scope() });
    }
    expect(JSON.stringify(await kind.item(source, '1'))).toContain('Ada');
  });

  it('when nobody is there', async () => {
    const other = await harness.start();
    const source = await other.open();
    try {
      await other.close();
      const error = await failureOf(kind, kind.item(source, '1'));
      expect(error).toMatchObject({ code: 'UPSTREAM_UNREACHABLE', extensions: scope() });
      expect(JSON.stringify(error.extensions)).not.toContain(String(other.port));
      await expect(source.probe(new AbortController().signal)).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
    } finally {
      await source.dispose();
    }
  });

  it('when a client sends a header that cannot go on', async () => {
    const source = await kind.open({ forwardHeaders: [{ name: 'x-odd', default: 'fine' }] });
    const asked = kind.backend.seen.all.length;
    const { context } = createCallContext({ headers: { 'x-odd': 'a\nb' } });
    const error = await failureOf(kind, kind.item(source, '1', context));
    expect(error).toMatchObject({ code: 'BAD_USER_INPUT', extensions: scope() });
    expect(kind.backend.seen.all).toHaveLength(asked);
  });

  it('and the key of the gateway goes to the upstream alone', async () => {
    const arrival = kind.backend.seen.next();
    await kind.item(await kind.shared(), '1');
    expect((await arrival).headers).toMatchObject(COMMON_OPTIONS.headers);
  });
});
