import { buildSchema, parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CliFolder, createCliFolder } from '../utils/run-cli.ts';

const BOOKS = `"The books."
type Query { shelf: Shelf book(isbn: ID!): Book }
type Shelf { rows: Int! names: [String!]! }
type Book { isbn: ID! title: String }`;
const AUTHORS = 'type Query { author(name: String!): Author authors: [Author!]! }\ntype Author { name: String! }';

const CONFIG = `sources:
  books:
    kind: graphql
    endpoint: http://user:hush-pass@127.0.0.1:1/graphql
    headers: { authorization: hush-header }
    document: books.graphql
  authors: { kind: graphql, endpoint: "http://127.0.0.1:1/graphql", document: authors.graphql }
links:
  Book.author: { call: authors.author, args: { name: $parent.title } }
`;

describe('skein print', () => {
  let folder: CliFolder;
  beforeAll(async () => {
    folder = await createCliFolder({ 'books.graphql': BOOKS, 'authors.graphql': AUTHORS, 'skein.yaml': CONFIG });
  });
  afterAll(() => folder.remove());

  it('prints the graph as clients see it, sorted', async () => {
    const { code, stdout, stderr } = await folder.run(['print']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatchInlineSnapshot(`
      "type Author {
        name: String!
      }

      type Book {
        author: Author
        isbn: ID!
        title: String
      }

      """The books."""
      type Query {
        author(name: String!): Author
        authors: [Author!]
        book(isbn: ID!): Book
        shelf: Shelf
      }

      type Shelf {
        names: [String!]!
        rows: Int!
      }
      "
    `);
  });

  it('prints the same text, whatever the order of sources and fields', async () => {
    const { stdout } = await folder.run(['print']);
    await folder.write('other/books.graphql', BOOKS.split('\n').reverse().join('\n').replace('"The books."', ''));
    await folder.write('other/authors.graphql', AUTHORS.split('\n').reverse().join('\n'));
    const [head, ...rest] = CONFIG.split(/^(?= {2}books:| {2}authors:|links:)/m);
    const [books, authors, links] = rest as [string, string, string];
    await folder.write('other/skein.yaml', [head, authors, books, links].join(''));
    const other = await folder.run(['print', '--config', '@other']);
    expect(other.stdout).toBe(stdout.replace('"""The books."""\n', ''));
    const supergraphs = [
      await folder.run(['print', '--supergraph', '--config', '@other']),
      await folder.run(['print', '--supergraph']),
    ].map((result) => result.stdout.replace('"""The books."""\n', ''));
    expect(supergraphs[0]).toBe(supergraphs[1]);
  });

  it('prints one source as it comes into the graph', async () => {
    const { code, stdout } = await folder.run(['print', '--source', 'authors']);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `type Author {
  name: String!
}

type Query {
  author(name: String!): Author
  authors: [Author!]
}
`,
    });
  });

  it('prints the supergraph, without any address of a service', async () => {
    const { code, stdout } = await folder.run(['print', '--supergraph']);
    expect(code).toBe(0);
    expect(() => parse(stdout)).not.toThrow();
    expect(stdout).toContain('@join__graph(name: "books"');
    expect(stdout).not.toMatch(/127\.0\.0\.1|hush/);
  });

  it('guesses a source that is not there, and exits with 1', async () => {
    expect(await folder.run(['print', '--source', 'athors'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'There is no source "athors". Did you mean "authors"?\n',
    });
    expect((await folder.run(['print', '--source', 'x'])).stderr).toContain('There is: books, authors.');
  });

  it('prints no schema for a configuration with mistakes', async () => {
    await folder.write(
      'wrong/skein.yaml',
      'sources:\n  a: { kind: graphql, endpoint: "http://127.0.0.1:1", document: b.graphql }\n',
    );
    const { code, stdout, stderr } = await folder.run(['print', '--config', '@wrong']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^wrong\/skein\.yaml:2:\d+ .*\n.*\n1 mistake\.\n$/);
  });

  it('says what is missing from the graph, and prints nothing of it with --strict', async () => {
    await folder.write('books.graphql', BOOKS);
    await folder.write(
      'late.yaml',
      `${CONFIG.slice(0, CONFIG.indexOf('links:'))}  late: { kind: graphql, endpoint: "http://127.0.0.1:1/graphql" }\n`,
    );
    const lax = await folder.run(['print', '--config', '@late.yaml']);
    expect(lax.code).toBe(0);
    expect(lax.stderr).toMatch(/^late cannot be reached and is not in the graph: /);
    expect(Object.keys(buildSchema(lax.stdout).getQueryType()?.getFields() ?? {})).toEqual([
      'author',
      'authors',
      'book',
      'shelf',
    ]);
    const strict = await folder.run(['print', '--strict', '--config', '@late.yaml']);
    expect({ code: strict.code, stdout: strict.stdout }).toEqual({ code: 1, stdout: '' });
    const source = await folder.run(['print', '--source', 'late', '--config', '@late.yaml']);
    expect(source).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('so it has no SDL now') });
  });

  it('prints a source as transforms make it, and tells their mistakes where they stand', async () => {
    const transformed = (fields: string) =>
      `sources:\n  books:\n    kind: graphql\n    endpoint: http://127.0.0.1:1/graphql\n    document: books.graphql\n    transforms:\n      prefix: old\n      fields:\n        ${fields}\n`;
    await folder.write('transformed.yaml', transformed('Query.book: { name: bookByIsbn, deprecated: Use shelf. }'));
    const { code, stdout } = await folder.run(['print', '--source', 'books', '--config', '@transformed.yaml']);
    expect(code).toBe(0);
    expect(stdout).toContain(
      '  bookByIsbn(isbn: ID!): OldBook @deprecated(reason: "Use shelf.")\n  oldShelf: OldShelf\n',
    );

    await folder.write('transformed.yaml', transformed('Query.bok: { hide: true }'));
    const wrong = await folder.run(['validate', '--config', '@transformed.yaml']);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toMatch(/^transformed\.yaml:9:9 .*"Query\.bok".*Did you mean "Query\.book"/);
  });

  it('prints a source that is in the way of another, and says how both can be in the graph', async () => {
    const service = (name: string) =>
      `  ${name}: { kind: graphql, endpoint: "http://127.0.0.1:1/graphql", document: ${name}.graphql }\n`;
    const sdl = 'type Query { order: Order }\ntype Order { id: ID! }';
    await folder.write('both/v1.graphql', sdl);
    await folder.write('both/v2.graphql', sdl.replace('id: ID!', 'id: ID! total: Int'));
    await folder.write(
      'both/skein.yaml',
      `sources:\n${service('v1')}${service('v2')}links: { Order.x: { call: z.z } }\n`,
    );
    const own = await folder.run(['print', '--source', 'v2', '--config', '@both']);
    expect(own).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('total: Int') });

    await folder.write('both/skein.yaml', `sources:\n${service('v1')}${service('v2')}`);
    const { code, stderr } = await folder.run(['print', '--config', '@both']);
    expect(code).toBe(1);
    expect(stderr).toContain('Type "Order" is defined by source "v1" and by source "v2".');
    expect(stderr).toMatch(/transforms: \{ types: \{ Order: \{ name: V2Order \} \} \}.*`types`.*`versions`/);
  });
});
