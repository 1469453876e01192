import { describe, expect, it } from 'vitest';
import { type LinkOptions, linkOptions } from '../../schema/options.ts';
import { deferred } from '../utils/deferred.ts';
import { createMemoryGraphqlSource, createMemorySource } from '../utils/memory-source.ts';
import { openaiAnswer, type ProviderHandler, sendJson } from '../utils/provider-server.ts';
import { startRestPrompts } from '../utils/rest-prompts.ts';

const SDL = `
  type Query { products: [Product!]! }
  type Product { sku: ID! name: String! kind: String! maker: Maker reviews: [Review!]! }
  type Maker { name: String! home: Place }
  type Place { city: String! }
  type Review { text: String! rating: Int! by: Person! }
  type Person { name: String! }`;
const product = (sku: string, name: string, kind: string) => ({
  ...{ sku, name, kind, maker: { name: 'Acme', home: { city: 'Oslo' } } },
  reviews: [{ text: `${name} is fine`, rating: 4, by: { name: 'Ada' } }],
});
const PRODUCTS = [product('1', 'Mug', 'cup'), product('2', 'Lamp', 'light'), product('3', 'Bowl', 'cup')];

const PROMPTS = {
  digest: {
    input: { name: 'String!', reviews: '[Said!]!', maker: 'Made' },
    types:
      'input Said { text: String! by: Who! } input Who { name: String! } input Made { home: Where } input Where { city: String! }',
    template:
      '{{ name }}:{% for said in reviews %} {{ said.by.name }} {{ said.text }}{% endfor %} {{ maker.home.city }}',
  },
  explain: { input: { kind: 'String!' }, template: 'explain {{ kind }}' },
  label: {
    input: { kind: 'String!' },
    types: 'type Label { short: String! long: String! }',
    output: 'Label!',
    template: 'label {{ kind }}',
  },
};
const LINKS: Record<string, LinkOptions> = {
  'Product.digest': linkOptions.parse({
    call: 'prompts.digest',
    args: {
      name: '$parent.name',
      reviews: '$parent.reviews { text by { name } }',
      maker: '$parent.maker { home { city } }',
    },
  }),
  'Product.explained': linkOptions.parse({ call: 'prompts.explain', args: { kind: '$parent.kind' } }),
  'Product.again': linkOptions.parse({ call: 'prompts.explain', args: { kind: '$parent.kind' } }),
  'Product.label': linkOptions.parse({ call: 'prompts.label', args: { kind: '$parent.kind' } }),
};
const echo: ProviderHandler = ({ body }, response) => {
  const [message] = body.messages as { content: string }[];
  const text = message?.content ?? '';
  if (text.includes('light')) sendJson(response, {}, 400);
  else if (body.response_format === undefined) sendJson(response, openaiAnswer(text));
  else sendJson(response, openaiAnswer(JSON.stringify({ short: text, long: `${text}!` })));
};
const KINDS = {
  'a source that answers whole objects': () =>
    createMemorySource({ name: 'shop', sdl: SDL, unary: { 'Query.products': () => PRODUCTS } }),
  'a source that answers what is selected': () =>
    createMemoryGraphqlSource({ name: 'shop', sdl: SDL, root: { products: PRODUCTS } }),
};

describe.each(Object.entries(KINDS))('an AI field of %s', (_kind, createShop) => {
  describe.each(['direct', 'stitched'] as const)('on the %s way', (way) => {
    const start = async (prompts: Readonly<Record<string, object>> = PROMPTS, answer = echo) => {
      const started = await startRestPrompts({
        prompts,
        answer,
        others: [createShop()],
        links: LINKS,
        gateway: { way },
      });
      const asked = () =>
        started.server.requests.map(({ body }) => (body.messages as { content: string }[])[0]?.content);
      return { ...started, asked };
    };

    it('reads what is nested in its object, whether or not the client asks for it', async () => {
      const { gateway } = await start();
      const digests = ['Mug: Ada Mug is fine Oslo', 'Lamp: Ada Lamp is fine Oslo', 'Bowl: Ada Bowl is fine Oslo'];
      const { body } = await gateway.post({ query: '{ products { digest } }' });
      expect(body).toMatchObject({ data: { products: digests.map((digest) => ({ digest })) } });
      const query = '{ products { sku reviews { rating } first: digest second: digest } }';
      expect((await gateway.post({ query })).body).toMatchObject({
        data: { products: digests.map((digest) => ({ reviews: [{ rating: 4 }], first: digest, second: digest })) },
      });
    });

    it('asks once for the same input, and leaves the others alone when one fails', async () => {
      const { gateway, asked } = await start();
      const { body } = await gateway.post({ query: '{ products { name explained again more: explained } }' });
      const fine = { explained: 'explain cup', again: 'explain cup', more: 'explain cup' };
      const broken = { name: 'Lamp', explained: null, again: null, more: null };
      expect(body).toMatchObject({ data: { products: [{ name: 'Mug', ...fine }, broken, { name: 'Bowl', ...fine }] } });
      const { errors } = body as { errors: { path: unknown[]; extensions: object }[] };
      const places = errors.map(({ path }) => path.join('.')).sort();
      expect(places).toEqual(['products.1.again', 'products.1.explained', 'products.1.more']);
      expect(errors[0]?.extensions).toMatchObject({ code: 'UPSTREAM_REJECTED' });
      expect(asked().sort()).toEqual(['explain cup', 'explain light']);
    });

    it('asks once for an object of which different fields are selected', async () => {
      const { gateway, asked } = await start();
      const { body } = await gateway.post({ query: '{ products { a: label { short } b: label { long } } }' });
      const given = { a: { short: 'label cup' }, b: { long: 'label cup!' } };
      expect(body).toMatchObject({ data: { products: [given, { a: null, b: null }, given] } });
      expect(asked().sort()).toEqual(['label cup', 'label light']);
    });

    it('asks no more at a time than the prompt allows', async () => {
      const gate = deferred<void>();
      let atOnce = 0;
      let most = 0;
      const answer: ProviderHandler = async (request, response) => {
        most = Math.max(most, ++atOnce);
        if (atOnce === 2) gate.resolve();
        await gate.promise;
        atOnce -= 1;
        echo(request, response);
      };
      const limited = { ...PROMPTS, digest: { ...PROMPTS.digest, concurrency: { perRequest: 2 } } };
      const { gateway } = await start(limited, answer);
      const { body } = await gateway.post({ query: '{ products { digest } }' });
      expect(body).not.toHaveProperty('errors');
      expect(most).toBe(2);
    });
  });
});

it('mutations that ask the same are each asked for themselves', async () => {
  const { gateway, server } = await startRestPrompts({ prompts: PROMPTS, answer: echo });
  await gateway.post({ query: 'mutation { a: explain(kind: "cup") b: explain(kind: "cup") }' });
  expect(server.requests).toHaveLength(2);
});
