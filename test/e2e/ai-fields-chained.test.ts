import { describe, expect, it } from 'vitest';
import { linkOptions } from '../../schema/options.ts';
import { createMemorySource } from '../utils/memory-source.ts';
import { openaiAnswer, type ProviderHandler, sendJson } from '../utils/provider-server.ts';
import { startRestPrompts } from '../utils/rest-prompts.ts';

const PROMPTS = {
  summarize: {
    input: { text: 'String!' },
    types: 'type Summary { text: String! mood: Mood! } enum Mood { GOOD BAD }',
    output: 'Summary!',
    template: 'summarize {{ text }}',
    concurrency: { perRequest: 1 },
  },
  judge: {
    input: { about: 'About!' },
    types: 'input About { text: String! mood: String! }',
    template: 'judge {{ about.text }} {{ about.mood }}',
    concurrency: { perRequest: 1 },
  },
  improve: { input: { text: 'String!' }, template: 'improve {{ text }}', concurrency: { perRequest: 1 } },
};
const LINKS = Object.fromEntries(
  Object.entries({
    'Product.better': { call: 'prompts.improve', args: { text: '$parent.opinion' } },
    'Product.best': { call: 'prompts.improve', args: { text: '$parent.better' } },
    'Product.opinion': { call: 'prompts.judge', args: { about: '$parent.summary { text mood }' } },
    'Product.summary': { call: 'prompts.summarize', args: { text: '$parent.name' } },
  }).map(([name, link]) => [name, linkOptions.parse(link)]),
);

const answer: ProviderHandler = ({ body }, response) => {
  const [message] = body.messages as { content: string }[];
  const text = message?.content ?? '';
  if (text === 'summarize Lamp') sendJson(response, {}, 400);
  else if (body.response_format === undefined) sendJson(response, openaiAnswer(`(${text})`));
  else sendJson(response, openaiAnswer(JSON.stringify({ text: `(${text})`, mood: 'GOOD' })));
};

describe.each(['direct', 'stitched'] as const)('AI fields that build on each other, on the %s way', (way) => {
  it('are asked one after the other, each input once, and fail with the first', async () => {
    const products = ['Mug', 'Lamp', 'Mug'].map((name) => ({ name }));
    const shop = createMemorySource({
      name: 'shop',
      sdl: 'type Query { products: [Product!] } type Product { name: String! }',
      unary: { 'Query.products': () => products },
    });
    const started = await startRestPrompts({
      prompts: PROMPTS,
      answer,
      others: [shop],
      links: LINKS,
      gateway: { way },
    });
    const query = '{ products { best o: opinion again: opinion summary { mood } } }';
    const { body } = await started.gateway.post({ query });
    const opinion = '(judge (summarize Mug) GOOD)';
    const mug = { best: `(improve (improve ${opinion}))`, o: opinion, again: opinion, summary: { mood: 'GOOD' } };
    const { data, errors } = body as { data: unknown; errors: { path: string[]; extensions: { code: string } }[] };
    expect(data).toEqual({ products: [mug, { best: null, o: null, again: null, summary: null }, mug] });
    expect(errors.map(({ path, extensions }) => `${path.join('.')} ${extensions.code}`).sort()).toEqual(
      ['again', 'best', 'o', 'summary'].map((name) => `products.1.${name} UPSTREAM_REJECTED`),
    );
    const asked = started.server.requests.map(({ body: sent }) => (sent.messages as { content: string }[])[0]?.content);
    expect(asked.sort()).toEqual([
      `improve (improve ${opinion})`,
      `improve ${opinion}`,
      'judge (summarize Mug) GOOD',
      'summarize Lamp',
      'summarize Mug',
    ]);
  });
});
