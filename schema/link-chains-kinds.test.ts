import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../kernel/ports.ts';
import { createFederationSources } from '../sources/federation/federation-source.ts';
import { federationOptions } from '../sources/federation/options.ts';
import type { Source } from '../sources/source.ts';
import { askWay } from '../test/utils/ask-way.ts';
import { createMemoryGraphqlSource, createMemorySource, type RecordedCall } from '../test/utils/memory-source.ts';
import { type SubgraphServer, startSubgraph } from '../test/utils/subgraph-server.ts';
import { mergeOptions } from './options.ts';

const BOOKS = [
  { id: '1', title: 'Dune', by: { name: 'Frank' } },
  { id: '2', title: 'Emma', by: { name: 'Jane' } },
];
const BOOK = 'type Book { id: ID! title: String! by: Person } type Person { name: String! }';
const GUIDES = `
  about(title: String!, by: PersonIn): Note
  rate(note: NoteIn!): Rating`;
const GUIDE_TYPES = `
  type Note { text: String! pages(first: Int): [Page!]! }
  type Page { number: Int! }
  type Rating { stars: Int! because: String }
  input PersonIn { name: String! }
  input NoteIn { text: String! pages: [PageIn!] }
  input PageIn { number: Int! }`;

interface About {
  readonly title: string;
  readonly by?: { readonly name: string };
}
const about = ({ title, by }: About) => ({
  text: [title, by?.name].join(' by '),
  pages: [{ number: 1 }, { number: 2 }],
});
const rate = ({ note: { text, pages } }: { note: { text: string; pages?: { number: number }[] } }) => ({
  stars: pages?.length ?? 0,
  because: text,
});

const linksTo = (target: string) => ({
  'Book.note': {
    call: `${target}.about`,
    args: { title: '$parent.title', by: '$parent.by { name }' },
  },
  'Book.rating': { call: `${target}.rate`, args: { note: '$parent.note { text pages { number } }' } },
});
const QUERY = '{ books { b: rating { because stars } note { pages(first: 1) { number } } id } }';
const ANSWER = {
  data: {
    books: [
      { b: { because: 'Dune by Frank', stars: 2 }, note: { pages: [{ number: 1 }] }, id: '1' },
      { b: { because: 'Emma by Jane', stars: 2 }, note: { pages: [{ number: 1 }] }, id: '2' },
    ],
  },
  errors: [],
};

const firstPages = (pages: readonly unknown[], first = pages.length) => pages.slice(0, first);
const graphqlNote = (given: About) => ({
  ...about(given),
  pages: ({ first }: { first?: number }) => firstPages(about(given).pages, first),
});

const KINDS: Readonly<Record<string, (calls: RecordedCall[]) => { sources: Source[]; target: string }>> = {
  'two GraphQL sources': (calls) => ({
    target: 'guides',
    sources: [
      createMemoryGraphqlSource({
        name: 'books',
        calls,
        sdl: `type Query { books: [Book!] } ${BOOK}`,
        root: { books: BOOKS },
      }),
      createMemoryGraphqlSource({
        name: 'guides',
        calls,
        sdl: `type Query { ${GUIDES} } ${GUIDE_TYPES}`,
        root: { about: graphqlNote, rate },
      }),
    ],
  }),
  'one GraphQL source that has the type itself': (calls) => ({
    target: 'books',
    sources: [
      createMemoryGraphqlSource({
        name: 'books',
        calls,
        sdl: `type Query { books: [Book!] ${GUIDES} } ${BOOK} ${GUIDE_TYPES}`,
        root: { books: BOOKS, about: graphqlNote, rate },
      }),
    ],
  }),
};

describe.each(['direct', 'stitched'] as const)('links that read links, on the %s way', (way) => {
  it.each(Object.entries(KINDS))('work in %s', async (_name, create) => {
    const calls: RecordedCall[] = [];
    const { sources, target } = create(calls);
    expect(await askWay({ sources, links: linksTo(target) }, way, QUERY)).toEqual(ANSWER);
    const named = (name: string) => calls.filter(({ operation }) => operation === name).length;
    // A source that takes selections is asked for what is read, and for what the client selects.
    expect({ rate: named('rate'), about: named('about') }).toEqual({ rate: 2, about: 4 });
  });

  it('work in one REST source that has the type itself, under the names it has for everything', async () => {
    const calls: RecordedCall[] = [];
    const books = createMemorySource({
      name: 'books',
      calls,
      sdl: `type Query { books: [Book!] ${GUIDES} } ${BOOK} ${GUIDE_TYPES.replace('(first: Int)', '')}`,
      model: {
        properties: new Map([
          ['Book.title', 'the-title'],
          ['Book.by', 'by-whom'],
          ['Person.name', 'full-name'],
          ['Note.text', 'the-text'],
          ['Page.number', 'no'],
        ]),
      },
      unary: {
        'Query.books': () =>
          BOOKS.map(({ id, title, by }) => ({ id, 'the-title': title, 'by-whom': { 'full-name': by.name } })),
        'Query.about': (given: About) => ({
          'the-text': about(given).text,
          pages: about(given).pages.map(({ number }) => ({ no: number })),
        }),
        'Query.rate': rate,
      },
    });
    const query = '{ books { b: rating { because stars } note { pages { number } } id } }';
    const { data, errors } = await askWay({ sources: [books], links: linksTo('books') }, way, query);
    const pages = [{ number: 1 }, { number: 2 }];
    const found = ANSWER.data.books.map((book) => ({ ...book, note: { pages } }));
    expect({ data, errors }).toEqual({ data: { books: found }, errors: [] });
    expect(calls.map(({ operation }) => operation)).toEqual([
      'Query.books',
      ...['Query.about', 'Query.about', 'Query.rate', 'Query.rate'],
    ]);
  });

  it.each([
    ['a REST source', createMemorySource],
    ['a GraphQL source', createMemoryGraphqlSource],
  ])('read what a link of %s adds to its own type', async (_name, create) => {
    const calls: RecordedCall[] = [];
    const answers = {
      books: () => BOOKS,
      notes: ({ ids }: { ids: string[] }) => ids.map((id) => ({ id, text: `on ${id}` })),
    };
    const books = create({
      name: 'books',
      calls,
      sdl: `type Query { books: [Book!] notes(ids: [ID!]!): [Note!] } type Note { id: ID! text: String! }
        type Book { id: ID! title: String! }`,
      unary: { 'Query.books': answers.books, 'Query.notes': answers.notes },
      root: answers,
    });
    const prompts = createMemorySource({
      name: 'prompts',
      kind: 'prompt',
      sdl: 'type Mutation { sum(title: String!, note: NoteIn!): String more(of: String!): String } input NoteIn { text: String! }',
      unary: {
        'Mutation.sum': ({ title, note }: { title: string; note: { text: string } }) => `${title} ${note.text}`,
        'Mutation.more': ({ of }: { of: string }) => `more of ${of}`,
      },
    });
    const links = {
      'Book.note': { call: 'books.notes', args: { ids: '$parents.id' }, match: 'id' },
      'Book.sum': { call: 'prompts.sum', args: { title: '$parent.title', note: '$parent.note { text }' } },
      'Book.more': { call: 'prompts.more', args: { of: '$parent.sum' } },
    };
    expect(await askWay({ sources: [books, prompts], links }, way, '{ books { more id } }')).toEqual({
      data: {
        books: [
          { more: 'more of Dune on 1', id: '1' },
          { more: 'more of Emma on 2', id: '2' },
        ],
      },
      errors: [],
    });
    expect(calls).toHaveLength(2);
  });

  it('read what is below a type that another stub has, too', async () => {
    const shop = createMemorySource({
      name: 'shop',
      sdl: 'type Query { orders: [Order!] book: Book } type Order { id: ID! } type Book { id: ID! title: String! }',
      unary: { 'Query.orders': () => [{ id: '1' }], 'Query.book': () => BOOKS[0] },
    });
    const library = createMemorySource({
      name: 'library',
      sdl: 'type Query { shelf(order: ID!): Shelf } type Shelf { tag: String! books: Int }',
      unary: { 'Query.shelf': () => ({ tag: 'A', books: 2 }) },
    });
    const guides = createMemorySource({
      name: 'guides',
      sdl: `type Query { place(shelf: ShelfIn!): String shelfNote(tag: String!): String }
        input ShelfIn { tag: String! books: Int }`,
      unary: {
        'Query.place': ({ shelf }: { shelf: { tag: string; books: number } }) => `${shelf.tag}${shelf.books}`,
        'Query.shelfNote': ({ tag }: { tag: string }) => `note ${tag}`,
      },
    });
    const links = {
      'Order.shelf': { call: 'library.shelf', args: { order: '$parent.id' } },
      'Order.place': { call: 'guides.place', args: { shelf: '$parent.shelf { tag books }' } },
      'Shelf.note': { call: 'guides.shelfNote', args: { tag: '$parent.tag' } },
    };
    const reversed = Object.fromEntries(Object.entries(links).reverse());
    const query = '{ orders { place shelf { note } } }';
    for (const ordered of [links, reversed])
      expect(await askWay({ sources: [shop, library, guides], links: ordered }, way, query)).toEqual({
        data: { orders: [{ place: 'A2', shelf: { note: 'note A' } }] },
        errors: [],
      });
  });

  it('read a link by a key that only another source of the type has', async () => {
    const catalog = createMemorySource({
      name: 'catalog',
      sdl: 'type Query { books(ids: [ID!]): [Book!] } type Book { id: ID! title: String! }',
      model: { properties: new Map([['Book.title', 'the-title']]) },
      unary: { 'Query.books': () => BOOKS.map(({ id, title }) => ({ id, 'the-title': title })) },
    });
    const stock = createMemorySource({
      name: 'stock',
      sdl: 'type Query { shelf: [Book!] counted(ids: [ID!]!): [Book] } type Book { id: ID! inStock: Int }',
      model: { properties: new Map([['Book.inStock', 'in-stock']]) },
      unary: {
        'Query.shelf': () => [{ id: '2', 'in-stock': 20 }],
        'Query.counted': ({ ids }: { ids: string[] }) => ids.map((id) => ({ id, 'in-stock': Number(id) * 10 })),
      },
    });
    const guides = createMemorySource({
      name: 'guides',
      sdl: 'type Query { level(count: Int!, title: String): Level advice(level: LevelIn!): String } type Level { text: String! } input LevelIn { text: String! }',
      unary: {
        'Query.level': ({ count, title }: { count: number; title: string }) => ({ text: `${count} of ${title}` }),
        'Query.advice': ({ level }: { level: { text: string } }) => `take ${level.text}`,
      },
    });
    const types = {
      Book: mergeOptions.parse({
        key: 'id',
        sources: {
          catalog: { call: 'books', args: { ids: '$parents.id' }, match: 'id' },
          stock: { call: 'counted', args: { ids: '$parents.id' } },
        },
      }),
    };
    const links = {
      'Book.level': { call: 'guides.level', args: { count: '$parent.inStock', title: '$parent.title' } },
      'Book.advice': { call: 'guides.advice', args: { level: '$parent.level { text }' } },
    };
    const graph = { sources: [catalog, stock, guides], links, types };
    expect(await askWay(graph, way, '{ books { advice } shelf { advice level { text } } }')).toEqual({
      data: {
        books: [{ advice: 'take 10 of Dune' }, { advice: 'take 20 of Emma' }],
        shelf: [{ advice: 'take 20 of Emma', level: { text: '20 of Emma' } }],
      },
      errors: [],
    });
  });

  it('read a value that several sources have alike', async () => {
    const money = 'type Money { amount: Int! unit: String! }';
    const sources = [
      createMemorySource({
        name: 'books',
        sdl: `type Query { books: [Book!] } type Book { id: ID! paid: Money } ${money}`,
        unary: { 'Query.books': () => BOOKS },
      }),
      createMemorySource({
        name: 'prices',
        sdl: `type Query { price(id: ID!): Money } ${money}`,
        unary: { 'Query.price': ({ id }: { id: string }) => ({ amount: Number(id), unit: 'EUR' }) },
      }),
      createMemorySource({
        name: 'advice',
        sdl: `type Query { advise(price: Price!): Money } input Price { amount: Int! } ${money}`,
        unary: {
          'Query.advise': ({ price }: { price: { amount: number } }) => ({ amount: price.amount * 2, unit: 'EUR' }),
        },
      }),
    ];
    const types = { Money: mergeOptions.parse({ sources: { books: {}, prices: {}, advice: {} } }) };
    const links = {
      'Book.price': { call: 'prices.price', args: { id: '$parent.id' } },
      'Book.better': { call: 'advice.advise', args: { price: '$parent.price { amount }' } },
      'Book.best': { call: 'advice.advise', args: { price: '$parent.better { amount }' } },
    };
    expect(await askWay({ sources, links, types }, way, '{ books { best { amount } } }')).toEqual({
      data: { books: [{ best: { amount: 4 } }, { best: { amount: 8 } }] },
      errors: [],
    });
  });
});

describe('what the stitched way cannot read', () => {
  it('is told where it is: a link of another source below an object of its own', async () => {
    const books = createMemorySource({
      name: 'books',
      sdl: `type Query { books: [Book!] rate(note: NoteIn!): Rating } type Book { id: ID! title: String! }
        type Rating { stars: Int! } input NoteIn { text: String! }`,
      unary: {
        'Query.books': () => BOOKS,
        'Query.rate': ({ note }: { note: { text: string } }) => ({ stars: note.text.length }),
      },
    });
    const guides = createMemorySource({
      name: 'guides',
      sdl: 'type Query { about(title: String!): Note } type Note { text: String! }',
      unary: { 'Query.about': about },
    });
    const links = {
      'Book.note': { call: 'guides.about', args: { title: '$parent.title' } },
      'Book.rating': { call: 'books.rate', args: { note: '$parent.note { text }' } },
    };
    const graph = { sources: [books, guides], links };
    const query = '{ books { rating { stars } } }';
    const direct = await askWay(graph, 'direct', query);
    expect(direct).toEqual({ data: { books: BOOKS.map(() => ({ rating: { stars: 8 } })) }, errors: [] });
    const message = 'What a link reads of Book.note cannot be had in this operation.';
    expect(await askWay(graph, 'stitched', query)).toEqual({
      data: { books: BOOKS.map(() => ({ rating: null })) },
      errors: [`books.0.rating: ${message}`, `books.1.rating: ${message}`],
    });
  });

  it('is told where it is: a field that only other sources of a type have', async () => {
    const shelves = (name: string, fields: string, calls: Readonly<Record<string, (args: never) => unknown>>) =>
      createMemorySource({ name, sdl: fields, unary: calls });
    const sources = [
      shelves('books', 'type Query { books: [Book!] } type Book { id: ID! }', { 'Query.books': () => BOOKS }),
      shelves(
        'north',
        'type Query { shelf(id: ID!): Shelf label(shelf: ShelfIn!): String } type Shelf { id: ID! } input ShelfIn { width: Int }',
        {
          'Query.shelf': ({ id }: { id: string }) => ({ id }),
          'Query.label': ({ shelf }: { shelf: { width: number } }) => `${shelf.width} wide`,
        },
      ),
      shelves('south', 'type Query { wide(id: ID!): Shelf } type Shelf { id: ID! width: Int }', {
        'Query.wide': ({ id }: { id: string }) => ({ id, width: Number(id) * 10 }),
      }),
    ];
    const args = { id: '$parent.id' };
    const types = {
      Shelf: mergeOptions.parse({
        key: 'id',
        sources: { north: { call: 'shelf', args }, south: { call: 'wide', args } },
      }),
    };
    const links = {
      'Book.shelf': { call: 'north.shelf', args },
      'Book.label': { call: 'north.label', args: { shelf: '$parent.shelf { width }' } },
    };
    const query = '{ books { label } }';
    expect(await askWay({ sources, links, types }, 'direct', query)).toEqual({
      data: { books: [{ label: '10 wide' }, { label: '20 wide' }] },
      errors: [],
    });
    const message = 'What a link reads of Book.shelf cannot be had in this operation.';
    expect(await askWay({ sources, links, types }, 'stitched', query)).toEqual({
      data: { books: [{ label: null }, { label: null }] },
      errors: [`books.0.label: ${message}`, `books.1.label: ${message}`],
    });
  });
});

describe('links that read links of a federation subgraph', () => {
  let server: SubgraphServer;
  let sources: readonly Source[];
  beforeAll(async () => {
    server = await startSubgraph({
      name: 'books',
      sdl: `extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
        type Query { books: [Book!] ${GUIDES} }
        ${BOOK.replace('type Book', 'type Book @key(fields: "id")')} ${GUIDE_TYPES}`,
      resolvers: {
        Query: {
          books: () => BOOKS,
          about: (_: unknown, given: About) => graphqlNote(given),
          rate: (_: unknown, given: never) => rate(given),
        },
        Book: { __resolveReference: ({ id }: { id: string }) => BOOKS.find((book) => book.id === id) },
      },
    });
    const options = federationOptions.parse({ kind: 'federation', endpoint: server.url });
    const opened = await createFederationSources('books', options, {}, { log: silentLog, report: () => {} });
    const orders = createMemorySource({
      name: 'orders',
      sdl: 'type Query { orders: [Order!] } type Order { title: String! }',
      unary: { 'Query.orders': () => BOOKS.map(({ title }) => ({ title })) },
    });
    sources = [...opened, orders];
  });
  afterAll(() => server.close());

  it.each(['direct', 'stitched'] as const)('are read by prompts, on the %s way', async (way) => {
    const prompts = createMemorySource({
      name: 'prompts',
      kind: 'prompt',
      sdl: 'type Mutation { sum(note: NoteSaid!): String more(of: String!): String } input NoteSaid { text: String! }',
      unary: {
        'Mutation.sum': ({ note }: { note: { text: string } }) => `sum of ${note.text}`,
        'Mutation.more': ({ of }: { of: string }) => `more of ${of}`,
      },
    });
    const links = {
      'Book.note': { call: 'books.about', args: { title: '$parent.title' }, expose: [] },
      'Book.sum': { call: 'prompts.sum', args: { note: '$parent.note { text }' } },
      'Book.more': { call: 'prompts.more', args: { of: '$parent.sum' } },
    };
    expect(await askWay({ sources: [...sources, prompts], links }, way, '{ books { more } }')).toEqual({
      data: { books: [{ more: 'more of sum of Dune by ' }, { more: 'more of sum of Emma by ' }] },
      errors: [],
    });
  });

  it.each(['direct', 'stitched'] as const)('work, whoever has the type, on the %s way', async (way) => {
    const links = Object.fromEntries(
      ['Book', 'Order'].flatMap((type) => [
        [`${type}.note`, { call: 'books.about', args: { title: '$parent.title' }, expose: [] }],
        [`${type}.rating`, { call: 'books.rate', args: { note: '$parent.note { text pages { number } }' } }],
      ]),
    );
    const both = '{ rating { because stars } note { text } }';
    const found = BOOKS.map(({ title }) => ({
      rating: { because: `${title} by `, stars: 2 },
      note: { text: `${title} by ` },
    }));
    expect(await askWay({ sources, links }, way, `{ books ${both} orders ${both} }`)).toEqual({
      data: { books: found, orders: found },
      errors: [],
    });
  });
});
