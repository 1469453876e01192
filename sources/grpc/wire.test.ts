import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { contextOf, fixture, sourceOf, startServer, unary } from '../../test/utils/grpc-server.ts';

type Unary = ServerUnaryCall<Record<string, unknown>, unknown>;

/** Calls a method of a server that has the .proto, with a source that has the document. */
async function call(proto: string, document: string, service: string, method: string, args: object, answer?: object) {
  const seen: Record<string, unknown>[] = [];
  const handler = (request: Unary, callback: sendUnaryData<unknown>) => {
    seen.push(JSON.parse(JSON.stringify(request.request)));
    callback(null, answer ?? (request.request.raw as Buffer));
  };
  const server = await startServer(fixture(proto), service, { [method]: handler });
  const { source } = await sourceOf(fixture(document), server.endpoint);
  try {
    const [name = ''] = [...source.model.calls.keys()];
    const result = await unary(source, name).invoke({ ...args }, contextOf());
    return { sent: seen[0], result: JSON.parse(JSON.stringify(result)) };
  } finally {
    await source.dispose();
    server.stop();
  }
}

const BOX = {
  label: 'a',
  lid: { weight: 3, seal: { color: 'red' } },
  item: [{ number: '9007199254740993' }, { number: '2' }],
  size: 'LARGE',
  height: '7',
  code: 'AAE=',
  open: false,
  load: 0,
  packed: [1, -1],
  loose: [2, 3],
  odd: 'SMALL',
  shownAs: 'x',
};

describe('messages on the wire', () => {
  it.each(['old.proto', 'old.binpb'])('have groups, packed and loose lists and aliases of %s', async (document) => {
    const { sent, result } = await call('old.proto', document, 'old.Archive', 'Store', BOX);
    expect(sent).toMatchObject({
      ...{ label: 'a', lid: { weight: 3, seal: { color: 'red' } }, size: 3, height: '7', open: false },
      ...{ item: [{ number: '9007199254740993' }, { number: '2' }], packed: [1, -1], loose: [2, 3], displayText: 'x' },
    });
    expect(result).toEqual(BOX);
  });

  it.each(['old.proto', 'old.binpb'])('mean the defaults of %s where they are silent', async (document) => {
    const { result } = await call(
      'old.proto',
      document,
      'old.Archive',
      'Store',
      { label: 'a' },
      { label: 'b', odd: 2 },
    );
    expect(result).toEqual({
      ...{ label: 'b', lid: null, item: [], size: 'MIDDLE', height: '42', code: 'YWI=', open: true, load: 1.5 },
      ...{ packed: [], loose: [], odd: 'MIDDLE', shownAs: null },
    });
  });

  it('must have what proto2 requires', async () => {
    await expect(call('old.proto', 'old.proto', 'old.Archive', 'Store', {})).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining('"label" is required'),
    });
    const silent = call('old.proto', 'old.proto', 'old.Archive', 'Store', { label: 'a' }, Buffer.alloc(0));
    await expect(silent).rejects.toMatchObject({ code: 'UPSTREAM_BAD_RESPONSE' });
  });

  it.each(['modern.proto', 'modern.binpb'])('have the features of editions of %s', async (document) => {
    const thing = { name: 'a', explicit: 0, packed: [1], loose: [2, 3], needed: 'n' };
    const args = { ...thing, inner: { ...thing, inner: null } };
    const { sent, result } = await call('modern.proto', document, 'modern.Modern', 'Echo', args);
    expect(sent).toMatchObject({ ...thing, inner: thing });
    expect(result).toEqual(args);
  });
});
