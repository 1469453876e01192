import { describe, expect, it } from 'vitest';
import { composeSupergraph, SHOP_SUBGRAPHS } from '../../../test/fixtures/federation/shop.ts';
import { compileSupergraph } from './compile-supergraph.ts';

const SHOP = composeSupergraph(SHOP_SUBGRAPHS);

function compile(text: string, endpoints: Readonly<Record<string, string>> = {}) {
  const { subgraphs, problems } = compileSupergraph('shop', text, 'supergraph.graphql', { endpoints });
  return { names: subgraphs.map(({ name }) => name), subgraphs, problems };
}

const withAddress = (address: string) => SHOP.replace('http://reviews.example/graphql', address);

describe('addresses of subgraphs', () => {
  it('are those of the file, or of the options', () => {
    const { subgraphs, problems } = compile(SHOP, { reviews: 'https://reviews.internal/graphql' });
    expect(problems).toEqual([]);
    expect(subgraphs.map(({ name, endpoint }) => `${name} ${endpoint}`)).toEqual([
      'shop.accounts http://accounts.example/graphql',
      'shop.catalog http://catalog.example/graphql',
      'shop.reviews https://reviews.internal/graphql',
      'shop.shipping http://shipping.example/graphql',
    ]);
  });

  it.each([
    ['', 'has no address'],
    ['reviews', 'has "reviews", which is no address,'],
    ['file:///etc/passwd', 'has an address that is neither http:// nor https://'],
    ['http://169.254.169.254/latest', 'has a link-local address'],
    ['http://169.254.169.254./latest', 'has a link-local address'],
    ['http://2852039166/', 'has a link-local address'],
    ['http://0xa9.0xfe.1.1/', 'has a link-local address'],
    ['http://[fe80::1]/', 'has a link-local address'],
    ['http://[::ffff:169.254.169.254]/', 'has a link-local address'],
    ['http://[fd00:ec2::254]/', 'has a link-local address'],
    ['http://metadata.google.internal/graphql', 'has a link-local address'],
  ])('that no service has, as %j, are refused, and the other subgraphs are there', (address, message) => {
    const { names, problems } = compile(withAddress(address));
    expect(names).toEqual(['shop.accounts', 'shop.catalog', 'shop.shipping']);
    expect(problems).toEqual([
      {
        message: `Subgraph "reviews": The supergraph ${message} for the subgraph "reviews".`,
        file: 'supergraph.graphql',
        line: expect.any(Number),
        suggestion: 'Set its address: endpoints: { "reviews": "https://…" }',
      },
    ]);
    expect(compile(withAddress(address), { reviews: 'http://169.254.1.1/graphql' }).problems).toEqual([]);
  });

  it('in the options are of subgraphs that are there', () => {
    // Also where the one that is meant has no address without it: that only follows.
    expect(compile(withAddress(''), { reveiws: 'http://localhost/' }).problems).toHaveLength(1);
    expect(compile(SHOP, { reveiws: 'http://localhost/' }).problems).toEqual([
      {
        path: ['endpoints', 'reveiws'],
        message: 'The supergraph has no subgraph "reveiws".',
        suggestion: 'Did you mean "reviews"?',
      },
    ]);
  });
});

describe('a file that cannot be read as a supergraph', () => {
  const head = (version: string) => `
    schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/${version}") { query: Query }
    directive @join__graph(name: String!, url: String!) on ENUM_VALUE
  `;
  const graphs = (...names: string[]) =>
    `enum join__Graph { ${names.map((name, index) => `G${index} @join__graph(name: ${JSON.stringify(name)}, url: "http://a.example/")`).join(' ')} }`;

  it.each([
    ['a subgraph', 'type Query { a: Int }', /^The file is no supergraph: it does not link the join specification\.$/],
    ['an unknown version', head('v9.1'), /written in join v9\.1, which is not known/],
    ['no graphs', head('v0.3'), /^The supergraph has no subgraphs\.$/],
    ['two of the same name', head('v0.3') + graphs('a', 'a'), /two subgraphs with the name "a"/],
    ['a name that is none', head('v0.3') + graphs('a/../b'), /has no name that can be the name of a source/],
    [
      'a type that is none',
      `${head('v0.3')} ${graphs('a')} type Query @join__type(graph: G0) { a: Int @join__field(graph: G0, type: "[Int") }`,
      /type that a subgraph has for a cannot be read/,
    ],
    ['no GraphQL', 'query {', /^Syntax Error/],
  ])('is told to be so: %s', (_, text, expected) => {
    const { names, problems } = compile(text);
    expect(names).toEqual([]);
    expect(problems.map(({ message }) => message)).toContainEqual(expect.stringMatching(expected));
  });

  it('is bounded where each subgraph has all of a large graph', () => {
    const ids = Array.from({ length: 900 }, (_, index) => `s${index}`);
    const fields = Array.from({ length: 2_000 }, (_, index) => `f${index}: Int`).join(' ');
    const types = ids.map((_, index) => `@join__type(graph: G${index})`).join(' ');
    const { problems } = compile(`${head('v0.3')} ${graphs(...ids)} type Query ${types} { ${fields} }`);
    expect(problems.map(({ message }) => message)).toEqual([
      'The subgraphs of the supergraph have more than 1000000 fields in all.',
    ]);
  });
});

it('leaves out fields that a gateway must give a context, and says so', () => {
  const supergraphSdl = composeSupergraph([
    {
      name: 'a',
      sdl: `extend schema @link(url: "https://specs.apollo.dev/federation/v2.8", import: ["@key", "@context", "@fromContext"])
        type Query { user: User }
        type User @key(fields: "id") @context(name: "user") { id: ID!, post: Post }
        type Post @key(fields: "id") { id: ID!, mine(user: ID @fromContext(field: "$user { id }")): Boolean }`,
    },
  ]);
  expect(supergraphSdl).toContain('contextArguments');
  const { subgraphs, problems } = compile(supergraphSdl);
  expect(problems).toEqual([]);
  expect(subgraphs[0]?.subgraph.federationSdl).not.toContain('mine');
  expect(subgraphs[0]?.subgraph.notices.map(({ message }) => message)).toEqual([
    'Fields with an argument from a context cannot be asked for and are left out: Post.mine.',
  ]);
});
