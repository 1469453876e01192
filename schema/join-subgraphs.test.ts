import { expect, it } from 'vitest';
import type { Source } from '../sources/source.ts';
import { createMemorySource } from '../test/utils/memory-source.ts';
import { compose } from './compose.ts';

const HEAD =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@override", "@shareable"])';

function subgraph(name: string, sdl: string): Source {
  return createMemorySource({
    name,
    kind: 'federation',
    sdl: sdl.replace(/ @[a-z]+(\([^)]*\))?/g, ''),
    model: { federation: { sdl: `${HEAD} ${sdl}` } },
    unary: { [`Query.${name.replace(/\W/g, '')}`]: () => null },
  });
}

const composed = (sources: readonly Source[], overrideLabels: readonly string[] = []) =>
  compose({ sources, links: {}, overrideLabels, isMissing: () => false });

it('tells what the composer says at the last of the sources that it names', () => {
  const user = (field: string, type: string) =>
    `type Query { ${field}: Int } type User @key(fields: "id") { id: ID! a: ${type} @shareable }`;
  const { problems } = composed([
    subgraph('first', user('first', 'Int')),
    subgraph('shop.users', user('shopusers', 'String')),
    subgraph('third', 'type Query { third: Int }'),
  ]);
  expect(problems).toEqual([
    {
      path: ['sources', 'shop'],
      message: expect.stringMatching(/subgraph "first" .*subgraph "shop\.users" \(FIELD_TYPE_MISMATCH\)$/),
    },
  ]);
});

it('tells rules for overrides that no subgraph has', () => {
  const item = (field: string, more: string) =>
    `type Query { ${field}: Item } type Item @key(fields: "id") { id: ID! size: Int ${more} }`;
  const { composition, problems } = composed(
    [subgraph('old', item('old', '')), subgraph('new', item('new', '@override(from: "old", label: "size-moves")'))],
    ['size-moves', 'size-move'],
  );
  expect(problems).toEqual([]);
  expect(composition?.notices).toEqual([
    {
      path: ['overrides', 'size-move'],
      message:
        'No subgraph has an override with the label "size-move": its rule is for nothing. Did you mean "size-moves"?',
    },
  ]);
});
