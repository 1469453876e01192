import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CliFolder, createCliFolder } from '../utils/run-cli.ts';

const OLD = 'type Query { order(id: ID!): Order orders: [Order!] }\ntype Order { id: ID! total: Float }';
const NEW = 'type Query { order(id: ID!): Order }\ntype Order { id: ID! total: Float currency: String }';
const PEOPLE = 'type Query { person(id: ID!): Person }\ntype Person { id: ID! name: String }';

const SOURCES = `sources:
  orders-v2: { kind: graphql, endpoint: "http://127.0.0.1:1/graphql", document: new.graphql }
  orders-v1: { kind: graphql, endpoint: "http://127.0.0.1:1/graphql", document: old.graphql }
  people: { kind: graphql, endpoint: "http://127.0.0.1:1/graphql", document: people.graphql }
`;
const VERSIONS = `versions:
  orders:
    versions:
      - { source: orders-v2, weight: 1 }
      - { source: orders-v1, weight: 9, deprecated: { removedOn: 2027-03-01, reason: Ask for one. } }
`;
const LINKS = 'links:\n  Person.order: { call: orders.order, args: { id: $parent.id } }\n';

describe('versions on the command line', () => {
  let folder: CliFolder;
  beforeAll(async () => {
    folder = await createCliFolder({ 'old.graphql': OLD, 'new.graphql': NEW, 'people.graphql': PEOPLE });
  });
  afterAll(() => folder.remove());

  it('prints them as one source, with what is to be removed', async () => {
    await folder.write('skein.yaml', SOURCES + VERSIONS + LINKS);
    expect(await folder.run(['validate'])).toEqual({ code: 0, stdout: 'No mistakes.\n', stderr: '' });
    const { stdout } = await folder.run(['print']);
    expect(stdout).toContain('  orders: [Order!] @deprecated(reason: "Ask for one. Removed on 2027-03-01.")\n');
    expect(stdout).toContain('type Person {\n  id: ID!\n  name: String\n  order: Order\n}\n');
    const group = await folder.run(['print', '--source', 'orders']);
    expect(group.stdout).toContain('  currency: String\n');
    const own = await folder.run(['print', '--source', 'orders-v1']);
    expect(own.stdout).not.toContain('currency');
  });

  it('tells versions that do not fit each other, and nothing that follows from it', async () => {
    await folder.write('other.graphql', NEW.replace('total: Float', 'total: Order'));
    await folder.write('skein.yaml', SOURCES.replace('new.graphql', 'other.graphql') + VERSIONS + LINKS);
    const { code, stderr } = await folder
      .run(['validate', '--format', 'json'])
      .then(({ code, stdout }) => ({ code, stderr: stdout }));
    expect(code).toBe(1);
    const { problems } = JSON.parse(stderr);
    expect(problems.map(({ option }: { option: string }) => option)).toEqual(['versions.orders']);
    expect(problems[0]).toMatchObject({ file: 'skein.yaml', line: 6 });
  });

  it('tells a mistake in the versions once, without the conflicts of sources that they would have joined', async () => {
    await folder.write('skein.yaml', SOURCES + VERSIONS.replace('weight: 9', 'weigth: 9') + LINKS);
    const { code, stderr } = await folder.run(['validate']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^skein\.yaml:9:\d+ .*"weigth".*Did you mean "weight"\?\n1 mistake\.\n$/);
  });

  it('serves the versions that are there, and says which are not', async () => {
    const late = SOURCES.replace(', document: new.graphql', '');
    await folder.write('skein.yaml', late + VERSIONS + LINKS);
    const { code, stdout, stderr } = await folder.run(['print']);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^orders-v2 cannot be reached and is not in the graph: /);
    expect(stdout).toContain('  order(id: ID!): Order');
    const checked = await folder.run(['validate']);
    // The version that is there answers what links call: they are in the graph.
    expect(checked.stdout).toMatch(/^orders-v2 cannot be reached .*\nNo mistakes\.\n$/);
    const diff = await folder.run(['diff', '--from', '@skein.yaml']);
    expect(diff).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('The source "orders-v2" cannot be reached'),
    });
  });

  it('takes no subgraph of a supergraph for a version', async () => {
    await folder.write(
      'sub.graphql',
      'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])\ntype Query { a: Int }',
    );
    const sub = '{ kind: federation, endpoint: "http://127.0.0.1:1/graphql", document: sub.graphql }';
    await folder.write(
      'skein.yaml',
      `sources:\n  a: ${sub}\n  b: ${sub}\nversions:\n  c: { versions: [{ source: a, weight: 1 }, { source: b, weight: 1 }] }\n`,
    );
    const { code, stderr } = await folder.run(['validate']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^skein\.yaml:5:\d+ .*"a" is a federation subgraph.*\nskein\.yaml:5:\d+ .*"b" is a federation subgraph.*\n2 mistakes\.\n$/,
    );
  });
});
