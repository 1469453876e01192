import { expect, it } from 'vitest';
import { createMemoryLog } from '../../test/utils/call-context.ts';
import { sourceOptions } from '../config/schema.ts';
import { createCompileWorker } from './compile-worker.ts';
import { loadSource } from './load-sources.ts';

const KINDS: readonly ((host: string) => object)[] = [
  (host) => ({ kind: 'openapi', document: `http://${host}:9/a.yaml`, endpoint: 'https://a.example/' }),
  (host) => ({ kind: 'graphql', endpoint: `http://${host}:9/` }),
  (host) => ({ kind: 'soap', document: `http://${host}:9/a.wsdl`, endpoint: 'https://a.example/' }),
  (host) => ({ kind: 'grpc', endpoint: `${host}:9` }),
  (host) => ({ kind: 'federation', endpoint: `http://${host}:9/graphql` }),
];

async function load(options: object) {
  const log = createMemoryLog();
  const compiler = createCompileWorker();
  const given = sourceOptions.parse(options);
  const deps = { log, compiler, report: () => {} };
  const loaded = [await loadSource('s', given, deps), await loadSource('s', given, deps)];
  await compiler.dispose();
  return { loaded, lines: log.lines };
}

it.each(KINDS)(
  'a public source is told the same of what it cannot reach, whatever stands there: %#',
  async (options) => {
    const told = { name: 's', unreachable: 'It cannot be reached from the public network.' };
    for (const host of ['localhost', 'nobody.invalid']) {
      const { loaded, lines } = await load({ ...options(host), upstream: { network: 'public' } });
      expect(loaded).toEqual([told, told]);
      // Once, however often it is tried.
      const own = lines.filter(({ message }) => message === 'a source cannot be reached from the public network');
      expect(own).toHaveLength(1);
      const reason = expect.stringContaining(host === 'localhost' ? 'private, loopback' : 'nobody.invalid');
      expect(own[0]?.fields.reason).toEqual(reason);
    }
  },
);

it('another source is told why', async () => {
  const { loaded, lines } = await load(KINDS[0]?.('nobody.invalid') ?? {});
  expect(loaded[0]).toMatchObject({ unreachable: expect.stringContaining('nobody.invalid') });
  expect(lines).toEqual([]);
});
