import { describe, expect, it } from 'vitest';
import { createMemorySource } from '../test/utils/memory-source.ts';
import { createShop } from '../test/utils/shop.ts';
import { compose } from './compose.ts';
import { linkOptions, mergeOptions } from './options.ts';

function compileLink(link: object) {
  const { sources } = createShop();
  const links = { 'Review.same': linkOptions.parse({ call: 'catalog.products', ...link }) };
  const { composition, problems } = compose({ sources, links, isMissing: () => false });
  return {
    args: composition?.links[0]?.exposed.map(({ name }) => name),
    problems: problems.map(({ path, message, suggestion }) => [path?.join(' › '), message, suggestion]),
  };
}

const args = { sku: '$parents.sku' };

describe('arguments of a call that its link does not set', () => {
  it('stay arguments of the new field if nothing is said', () => {
    expect(compileLink({ args })).toEqual({ args: ['colour', 'first'], problems: [] });
  });

  it('stay if they are exposed, and are none of the caller’s business otherwise', () => {
    expect(compileLink({ args, expose: ['colour'] })).toEqual({ args: ['colour'], problems: [] });
    expect(compileLink({ args, expose: [] })).toEqual({ args: [], problems: [] });
  });

  it('cannot be exposed if the call lacks them or the link sets them', () => {
    const { problems } = compileLink({ args, expose: ['color', 'sku'] });
    expect(problems).toEqual([
      [
        'links › Review.same › expose',
        'Link "Review.same" exposes argument "color", which "products" does not have. Did you mean "colour"?',
        undefined,
      ],
      [
        'links › Review.same › expose',
        'Link "Review.same" exposes argument "sku", which it sets.',
        'Set it, or leave it to the caller.',
      ],
    ]);
  });

  it('must be exposed or set if the call needs them', () => {
    const { problems } = compileLink({ call: 'prompts.digest', args: { reviews: '$parent.sku' }, expose: [] });
    expect(problems).toContainEqual([
      'links › Review.same › args',
      'Link "Review.same" does not set argument "product", which "digest" needs.',
      'Set it in `args`, or name it in `expose`.',
    ]);
  });

  it('must be set where a merged type is asked for by its key: there is no caller', () => {
    const sdl = 'type Query { stock(sku: ID!, site: ID!): Stock } type Stock { sku: ID! }';
    const sources = ['shop', 'depot'].map((name) =>
      createMemorySource({ name, sdl: name === 'shop' ? sdl : sdl.replace('stock(', 'stored(') }),
    );
    const args = { sku: '$parent.sku' };
    const types = { Stock: mergeOptions.parse({ key: 'sku', sources: { shop: { call: 'stock', args }, depot: {} } }) };
    const { problems } = compose({ sources, links: {}, types, isMissing: () => false });
    expect(problems.map(({ message }) => message)).toEqual([
      'Type "Stock" of source "shop" does not set argument "site", which "stock" needs.',
    ]);
  });
});
