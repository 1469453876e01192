import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemorySource } from '../utils/memory-source.ts';
import { type CliFolder, createCliFolder } from '../utils/run-cli.ts';
import { startTestGateway, TEST_KEY, type TestGateway } from '../utils/test-gateway.ts';

const OLD = `type Query { product(sku: ID!): Product products: [Product!] }
type Product { sku: ID! name: String price: Float color: Color }
enum Color { RED BLUE }`;
const NEW = `type Query { product(sku: ID!, locale: String): Product products: [Product!] brand(id: ID!): Brand }
type Product { sku: ID! name: String! color: Color @deprecated(reason: "See colors.") }
type Brand { id: ID! name: String }
enum Color { RED BLUE GREEN }`;

const config = (document: string) =>
  `sources:\n  shop: { kind: graphql, endpoint: "http://127.0.0.1:1/graphql", document: ${document} }\n`;

describe('skein diff', () => {
  let folder: CliFolder;
  let gateway: TestGateway;
  let closed: Server;
  beforeAll(async () => {
    folder = await createCliFolder({
      'old.graphql': OLD,
      'new.graphql': NEW,
      'skein.yaml': config('new.graphql'),
      'before/skein.yaml': config('../old.graphql'),
    });
    const shop = createMemorySource({
      name: 'shop',
      sdl: OLD,
      unary: { 'Query.product': () => null, 'Query.products': () => [] },
    });
    gateway = await startTestGateway([shop]);
    closed = createServer((request, response) => {
      if (request.url === '/moved') response.writeHead(302, { location: '/graphql?token=hush' }).end();
      else response.writeHead(500).end(String(request.headers.authorization));
    }).listen(0, '127.0.0.1');
  });
  afterAll(async () => {
    await gateway.close();
    closed.close();
    await folder.remove();
  });

  it('shows what a change breaks, makes dangerous and adds, and exits with 1 for what it breaks', async () => {
    const { code, stdout, stderr } = await folder.run(['diff', '--from', '@old.graphql']);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toMatchInlineSnapshot(`
      "Breaking
        Field 'price' was removed from object type 'Product'
          Removing a field is a breaking change.

      Dangerous
        Enum value 'GREEN' was added to enum 'Color'
          Adding an enum value may break existing clients that were not programming defensively against an added case when querying an enum.
        Argument 'locale: String' added to field 'Query.product'

      Safe
        Type 'Brand' was added
        Field 'Product.color' is deprecated
        Field 'Product.name' changed type from 'String' to 'String!'
        Field 'brand' was added to object type 'Query'

      1 breaking, 2 dangerous, 4 safe.
      "
    `);
  });

  it('gives machines the same as JSON', async () => {
    const { code, stdout } = await folder.run(['diff', '--from', '@old.graphql', '--format', 'json']);
    expect(code).toBe(1);
    const { from, to, breaking, dangerous, safe } = JSON.parse(stdout);
    expect({ from, to, counts: [breaking.length, dangerous.length, safe.length > 0] }).toEqual({
      from: 'old.graphql',
      to: 'skein.yaml',
      counts: [1, 2, true],
    });
    expect(breaking).toEqual([
      {
        path: 'Product.price',
        message: "Field 'price' was removed from object type 'Product'",
        type: 'FIELD_REMOVED',
        reason: expect.any(String),
      },
    ]);
  });

  it('exits with 0 where nothing breaks', async () => {
    await folder.write('more.graphql', OLD.replace('type Query {', 'type Query { brand: String'));
    const added = await folder.run(['diff', '--from', '@old.graphql', '--to', '@more.graphql']);
    expect(added).toMatchObject({ code: 0, stdout: expect.stringMatching(/\n0 breaking, 0 dangerous, 1 safe\.\n$/) });
    expect(await folder.run(['diff', '--from', '@before', '--to', '@old.graphql'])).toEqual({
      code: 0,
      stdout: 'No changes.\n',
      stderr: '',
    });
  });

  it('compares alike what comes from configurations, files and gateways', async () => {
    const printed = await folder.run(['print', '--config', '@before']);
    await folder.write('printed.graphql', printed.stdout);
    const env = { SKEIN_API_KEY: TEST_KEY };
    for (const place of ['@before', '@before/skein.yaml', '@printed.graphql', gateway.url]) {
      expect(await folder.run(['diff', '--from', place, '--to', '@before'], env)).toEqual({
        code: 0,
        stdout: 'No changes.\n',
        stderr: '',
      });
      const { stdout } = await folder.run(['diff', '--from', place], env);
      expect(stdout).toMatch(/\n1 breaking, 2 dangerous, \d+ safe\.\n$/);
    }
  });

  it('asks a gateway with the key of the environment, and says so where there is none', async () => {
    const { code, stdout, stderr } = await folder.run(['diff', '--from', gateway.url]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`${gateway.url} cannot be compared:`);
    expect(stderr).toContain('401');
    expect(stderr).toContain('Set SKEIN_API_KEY to a key of that gateway.');
  });

  it.each([
    ['@none.graphql', 'it does not exist'],
    ['@none.yaml', 'it does not exist'],
    ['@broken.graphql', 'broken.graphql:2 '],
    ['@invalid.graphql', 'Unknown type "Nothing"'],
    ['@late.yaml', 'The source "shop" cannot be reached'],
    ['@mistake.yaml', 'mistake.yaml:2:'],
    ['http://127.0.0.1:1/graphql', 'cannot be reached'],
    ['http://', 'The address must be'],
  ])('compares nothing with %s, and exits with 2', async (place, message) => {
    await folder.write('broken.graphql', 'type Query {\n  a: }\n');
    await folder.write('invalid.graphql', 'type Query { a: Nothing }');
    await folder.write('late.yaml', 'sources:\n  shop: { kind: graphql, endpoint: "http://127.0.0.1:1/graphql" }\n');
    await folder.write('mistake.yaml', 'sources:\n  shop: { kind: graphq, endpoint: "http://127.0.0.1:1/graphql" }\n');
    const { code, stdout, stderr } = await folder.run(['diff', '--from', place]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('shows no key, no password and no answer of a service', async () => {
    const { port } = closed.address() as AddressInfo;
    for (const path of ['moved', 'graphql?token=hush-query']) {
      const place = `http://user:hush-pass@127.0.0.1:${port}/${path}`;
      const { code, stdout, stderr } = await folder.run(['diff', '--from', place], { SKEIN_API_KEY: 'hush-key' });
      expect(code).toBe(2);
      expect(stderr).not.toBe('');
      expect(stdout + stderr).not.toContain('hush');
    }
  });
});
