import { describe, expect, it } from 'vitest';
import { SkeinError } from '../kernel/errors.ts';
import { askWay, composeGraph } from '../test/utils/ask-way.ts';
import { createMemorySource, type RecordedCall } from '../test/utils/memory-source.ts';
import type { Way } from './plan/way.ts';

const PRODUCTS = ['Lamp', 'Rope', 'Tent'].map((name, index) => ({
  sku: `p${index}`,
  name,
  size: { 'wide-cm': 10 * index },
}));

type Values = Readonly<Record<string, unknown>>;

function createSources(calls: RecordedCall[] = []) {
  const catalog = createMemorySource({
    name: 'catalog',
    calls,
    sdl: `
      type Query { products: [Product!] }
      type Product { sku: ID! name: String! size: Size }
      type Size { wideCm: Int }
    `,
    model: { properties: new Map([['Size.wideCm', 'wide-cm']]) },
    unary: { 'Query.products': () => PRODUCTS },
  });
  const reviews = createMemorySource({
    name: 'reviews',
    calls,
    sdl: `
      type Query { reviewsOf(skus: [ID!]!): [Review!] answer(verdict: OpinionIn!): Review }
      type Review { sku: ID! text: String! }
      input OpinionIn { verdict: String! }
    `,
    unary: {
      'Query.reviewsOf': ({ skus }: { skus: string[] }) => skus.map((sku) => ({ sku, text: `seen ${sku}` })),
      'Query.answer': ({ verdict }: { verdict: Values }) => ({ sku: '-', text: `re ${String(verdict.verdict)}` }),
    },
  });
  const prompts = createMemorySource({
    name: 'prompts',
    kind: 'prompt',
    calls,
    sdl: `
      type Mutation {
        summarize(text: String!, reviews: [ReviewIn!], size: SizeIn): Summary
        judge(about: SummaryIn!, notes: SummaryNotesIn): Opinion
        mood(about: MoodIn!): Mood
        phrase(text: String!, mood: Mood): String
        pair(a: String!, b: String!): String
        words(text: String!): [String!]
        count(words: [String!]!): Int
        shout(opinion: JudgedIn!, review: ReviewIn): String
      }
      type Summary { text: String! mood: Mood notes: [Note!]! }
      type Note { title: String! }
      type Opinion { verdict: String! }
      enum Mood { GOOD BAD }
      input ReviewIn { text: String! }
      input SizeIn { wideCm: Int }
      input SummaryIn { text: String! mood: Mood }
      input SummaryNotesIn { notes: [NoteIn!] }
      input MoodIn { mood: Mood }
      input NoteIn { title: String! }
      input JudgedIn { verdict: String! }
    `,
    model: {
      properties: new Map([['Summary.text', 'the-text']]),
      enumValues: new Map([['Mood', { GOOD: 'good', BAD: 'bad' }]]),
    },
    unary: {
      'Mutation.summarize': ({ text, reviews: read, size }: Values) => {
        if (text === 'Rope') throw new SkeinError('UPSTREAM_FAILED', undefined, { details: { source: 'prompts' } });
        const said = [text, ...((read ?? []) as { text: string }[]).map((each) => each.text)];
        if (size !== undefined) said.push(JSON.stringify(size));
        return { 'the-text': said.join(', '), mood: 'good', notes: [{ title: `on ${String(text)}` }] };
      },
      'Mutation.judge': ({ about, notes }: Values) => ({
        verdict: [about, notes].map((value) => (value === undefined ? '' : JSON.stringify(value))).join(''),
      }),
      'Mutation.mood': ({ about }: { about: Values }) => about.mood,
      'Mutation.phrase': ({ text, mood }: Values) => `${String(text)} is ${String(mood)}`,
      'Mutation.words': ({ text }: { text: string }) => text.split(' '),
      'Mutation.count': ({ words }: { words: string[] }) => words.length,
      'Mutation.shout': ({ opinion, review }: { opinion: { verdict: string }; review?: { text: string } }) =>
        [opinion.verdict.toUpperCase(), review?.text].join('!'),
    },
  });
  return [catalog, reviews, prompts];
}

async function ask(links: Readonly<Record<string, object>>, way: Way, text: string) {
  const calls: RecordedCall[] = [];
  const answer = await askWay({ sources: createSources(calls), links }, way, text);
  const made = calls.map(({ operation }) => operation.replace(/^\w+\./, ''));
  const counted = Object.fromEntries([...new Set(made)].map((name) => [name, made.filter((n) => n === name).length]));
  return { ...answer, calls: counted };
}

const link = (call: string, args: Readonly<Record<string, unknown>>) => ({ call, args, expose: [] });
const SUMMARY = link('prompts.summarize', { text: '$parent.name' });
const OPINION = link('prompts.judge', { about: '$parent.summary { text mood }' });
const REVIEWS = { call: 'reviews.reviewsOf', args: { skus: '$parents.sku' }, match: 'sku', many: true };

const ANSWER = link('reviews.answer', { verdict: '$parent.opinion { verdict }' });
const SHOUT = link('prompts.shout', { opinion: '$parent.opinion { verdict }', review: '$parent.answer { text }' });
const DEEP = {
  'Product.reviews': REVIEWS,
  'Product.summary': link('prompts.summarize', {
    text: '$parent.sku',
    reviews: '$parent.reviews { text }',
    size: '$parent.size { wideCm }',
  }),
  'Product.opinion': OPINION,
};
/** Of the product at an index. */
const verdict = (index: number) => {
  const size = JSON.stringify({ wideCm: 10 * index });
  return JSON.stringify({ text: `p${index}, seen p${index}, ${size}`, mood: 'good' });
};

describe.each(['direct', 'stitched'] as const)('a link that reads a link of its own target, on the %s way', (way) => {
  it('gets the object that the other one gives, which is asked once for both, and fails as that one does', async () => {
    const links = { 'Product.summary': SUMMARY, 'Product.opinion': OPINION };
    const text = '{ products { o: opinion { verdict } s: summary { text notes { title } } name } }';
    expect(await ask(links, way, text)).toEqual({
      data: {
        products: [
          {
            o: { verdict: '{"text":"Lamp","mood":"good"}' },
            s: { text: 'Lamp', notes: [{ title: 'on Lamp' }] },
            name: 'Lamp',
          },
          { o: null, s: null, name: 'Rope' },
          {
            o: { verdict: '{"text":"Tent","mood":"good"}' },
            s: { text: 'Tent', notes: [{ title: 'on Tent' }] },
            name: 'Tent',
          },
        ],
      },
      errors: ['products.1.o: The source failed.', 'products.1.s: The source failed.'],
      calls: { products: 1, summarize: 3, judge: 2 },
    });
  });

  it('has it without the client selecting the other one', async () => {
    const links = { 'Product.opinion': OPINION, 'Product.summary': SUMMARY };
    expect(await ask(links, way, '{ products { opinion { verdict } } }')).toMatchObject({
      errors: ['products.1.opinion: The source failed.'],
      calls: { products: 1, summarize: 3, judge: 2 },
    });
  });

  it('has what the other one reads of the object and of other sources, which may read it in turn', async () => {
    const links = { ...DEEP, 'Product.answer': ANSWER };
    const { data, errors } = await ask(links, way, '{ products { answer { text } opinion { verdict } } }');
    const products = [0, 1, 2].map((index) => ({
      answer: { text: `re ${verdict(index)}` },
      opinion: { verdict: verdict(index) },
    }));
    expect({ data, errors }).toEqual({ data: { products }, errors: [] });
  });

  it('goes to another source and back', async () => {
    const links = {
      'Product.summary': link('prompts.summarize', { text: '$parent.sku' }),
      'Product.opinion': link('prompts.judge', { about: '$parent.summary { text }' }),
      'Product.answer': ANSWER,
      'Product.shout': SHOUT,
    };
    const { data, errors } = await ask(links, way, '{ products { shout } }');
    const products = [0, 1, 2].map((index) => ({ shout: `{"TEXT":"P${index}"}!re {"text":"p${index}"}` }));
    expect({ data, errors }).toEqual({ data: { products }, errors: [] });
  });

  it('gets plain values: texts, enums and lists', async () => {
    const links = {
      'Product.summary': SUMMARY,
      'Product.mood': link('prompts.mood', { about: '$parent.summary { mood }' }),
      'Product.phrase': link('prompts.phrase', { text: '$parent.name', mood: '$parent.mood' }),
      'Product.words': link('prompts.words', { text: '$parent.phrase' }),
      'Product.count': link('prompts.count', { words: '$parent.words' }),
    };
    expect(await ask(links, way, '{ products { name mood phrase words count } }')).toEqual({
      data: {
        products: ['Lamp', 'Rope', 'Tent'].map((name) =>
          name === 'Rope'
            ? { name, mood: null, phrase: null, words: null, count: null }
            : { name, mood: 'GOOD', phrase: `${name} is good`, words: [name, 'is', 'good'], count: 3 },
        ),
      },
      errors: ['count', 'mood', 'phrase', 'words'].map((name) => `products.1.${name}: The source failed.`),
      calls: { products: 1, summarize: 3, mood: 1, phrase: 2, words: 2, count: 2 },
    });
  });

  it('reads it into several arguments, each with its own selection', async () => {
    const links = {
      'Product.summary': SUMMARY,
      'Product.opinion': link('prompts.judge', {
        about: '$parent.summary { text }',
        notes: '$parent.summary { notes { title } }',
      }),
    };
    const { data } = await ask(links, way, '{ products { opinion { verdict } } }');
    const verdict = (name: string) => `{"text":"${name}"}{"notes":[{"title":"on ${name}"}]}`;
    expect(data).toEqual({
      products: [
        { opinion: { verdict: verdict('Lamp') } },
        { opinion: null },
        { opinion: { verdict: verdict('Tent') } },
      ],
    });
  });
});

it('a way to and fro between sources that @graphql-tools cannot plan is told on the stitched way', async () => {
  const links = { ...DEEP, 'Product.answer': ANSWER, 'Product.shout': SHOUT };
  const query = '{ products { shout } }';
  const { data } = await ask(links, 'direct', query);
  const shouted = [0, 1, 2].map((index) => ({ shout: `${verdict(index).toUpperCase()}!re ${verdict(index)}` }));
  expect(data).toEqual({ products: shouted });
  const { errors } = await ask(links, 'stitched', query);
  const message = 'What a link reads of Product.answer cannot be had in this operation.';
  expect(errors).toEqual([0, 1, 2].map((index) => `products.${index}.shout: ${message}`));
});

describe('links that read links', () => {
  const told = (links: Readonly<Record<string, object>>) => {
    const { problems } = composeGraph({ sources: createSources(), links });
    return problems.map(({ path, message, suggestion }) => [path?.join(' › '), message, suggestion]);
  };
  const phrase = (read: string) => link('prompts.phrase', { text: `$parent.${read}` });

  it('cannot go round in a circle: each is told once, with all of its links', () => {
    const suggestion = 'Let one of them read fields that the object has without it.';
    expect(
      told({
        'Product.own': phrase('own'),
        'Product.outside': phrase('a'),
        'Product.a': phrase('b'),
        'Product.b': phrase('c'),
        'Product.c': phrase('a'),
        'Product.one': phrase('other'),
        'Product.other': phrase('one'),
      }),
    ).toEqual([
      ['links › Product.own › args', 'Link "Product.own" reads itself.', suggestion],
      ['links › Product.a › args', 'Links "Product.a", "Product.b" and "Product.c" read each other.', suggestion],
      ['links › Product.one › args', 'Links "Product.one" and "Product.other" read each other.', suggestion],
    ]);
  });

  it('read a bounded number of others', () => {
    const links: Record<string, object> = {};
    for (let level = 0; level < 12; level += 1) {
      const pair = link('prompts.pair', { a: `$parent.a${level - 1}`, b: `$parent.b${level - 1}` });
      for (const side of ['a', 'b']) links[`Product.${side}${level}`] = level === 0 ? phrase('name') : pair;
    }
    expect(told(links).map(([, message]) => message)).toEqual([
      'Link "Product.a6" reads 126 links, one by way of the other; 100 are allowed.',
      'Link "Product.b6" reads 126 links, one by way of the other; 100 are allowed.',
    ]);
  });

  it('must fit the arguments that they are for', () => {
    expect(
      told({
        'Product.summary': SUMMARY,
        'Product.text': { ...SUMMARY, pick: 'text' },
        'Product.asked': { call: 'prompts.pair', args: { a: '$parent.name' } },
        'Product.words': link('prompts.words', { text: '$parent.name' }),
        'Product.d': phrase('summary'),
        'Product.e': link('prompts.phrase', { text: '$parent.text { length }' }),
        'Product.f': phrase('words'),
        'Product.g': link('prompts.count', { words: '$parents.text' }),
        'Product.h': link('prompts.mood', { about: '$parent.text' }),
        'Product.i': phrase('asked'),
      }),
    ).toMatchInlineSnapshot(`
      [
        [
          "links › Product.g › args › words",
          "Link "Product.g": argument "words" reads "text", which a link adds, of all parents: write $parent.text.",
          undefined,
        ],
        [
          "links › Product.d › args",
          "Link "Product.d" reads "summary" without saying which fields of it.",
          undefined,
        ],
        [
          "links › Product.e › args",
          "Link "Product.e" reads "text" as if it had fields.",
          undefined,
        ],
        [
          "links › Product.f › args",
          "Link "Product.f" reads "words", which is [String!], where String! is taken.",
          undefined,
        ],
        [
          "links › Product.h › args",
          "Link "Product.h" reads "text", which is String, where MoodIn! is taken.",
          undefined,
        ],
        [
          "links › Product.i › args",
          "Link "Product.i" reads "asked", which needs argument "b".",
          undefined,
        ],
      ]
    `);
  });
});
