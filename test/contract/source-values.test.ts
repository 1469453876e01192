import { expect, it } from 'vitest';
import type { Source } from '../../sources/source.ts';
import { createCallContext } from '../utils/call-context.ts';
import { inside, itemFields, toldBy, unwrapped } from '../utils/contract-harness.ts';
import { ITEMS, type Item, itemOf } from '../utils/contract-library.ts';
import { ask } from '../utils/contract-model.ts';
import { describeSource, failureOf, type KindUnderTest } from '../utils/contract-suite.ts';

const LONG = 'Ü x'.repeat(3_000);
const TEXTS = {
  'quotes and brackets': '"double" \'single\' {curly} [square] $variable {{template}} \\ back \\n',
  'line breaks and tabs': 'one\ntwo\n\n\tthree',
  'every script and emoji': 'Zürich 東京 עברית 👩‍👩‍👧 \u{1F9EA} e\u0301 \u00a0.',
  markup: '</title></xml>]]> <!-- & &amp; &#10; <script>',
  'a path and a query': '../../admin?x=1&y=2;z=3#part %2F%2e%2e/ + %',
  'what looks like another type': 'null',
  'a number in disguise': '007',
  'nothing at all': '',
  'very much': LONG,
};

async function add(kind: KindUnderTest, source: Source, item: Item): Promise<unknown> {
  const { names, harness } = kind;
  const query = `mutation ($item: ${names.type}Input!) {
    ${names.add}(${harness.addArgument}: $item) ${itemFields(harness)}
  }`;
  const { data, errors } = await ask(source, query, { item: toldBy(harness, item) });
  expect(errors).toBeUndefined();
  return data?.[names.add];
}

describeSource('values arrive as they were given', (kind) => {
  const { harness, names } = kind;
  const fields = itemFields(harness);

  async function one(source: Source, id: string): Promise<unknown> {
    const query = `query ($id: ${harness.kind === 'grpc' || harness.kind === 'soap' ? 'String' : 'ID'}!) {
      ${names.item}(id: $id) ${fields}
    }`;
    const { data, errors } = await ask(source, query, { id });
    expect(errors).toBeUndefined();
    return data?.[names.item];
  }

  it.each(ITEMS)('with every scalar, enum, list and nested object of item $id', async (item) => {
    expect(await one(await kind.shared(), item.id)).toEqual(toldBy(harness, item));
  });

  it('in lists, in order, as long as asked for', async () => {
    const source = await kind.shared();
    const query = `{ ${names.items}(limit: 2) ${inside(harness.listIn, fields)} }`;
    const { data } = await ask(source, query);
    expect(unwrapped(harness.listIn, data?.[names.items])).toEqual(
      ITEMS.slice(0, 2).map((item) => toldBy(harness, item)),
    );
    expect(kind.backend.library.asked).toEqual(['list 2 any']);
  });

  it('in lists that are empty, and in ones that are asked for by a list', async () => {
    const source = await kind.shared();
    const list = inside(harness.listIn, '{ id }');
    const query = `{ none: ${names.items}(limit: 0) ${list} some: ${names.itemsOf}(ids: ["1", "absent", "3"]) ${list} }`;
    const { data } = await ask(source, query);
    expect(unwrapped(harness.listIn, data?.none)).toEqual([]);
    expect(unwrapped(harness.listIn, data?.some)).toEqual([{ id: '3' }, { id: '1' }]);
  });

  it('with an enum as an argument, by the name that the upstream has for it', async () => {
    const source = await kind.shared();
    const query = `query ($binding: ${harness.prefix}Binding) {
      ${names.items}(binding: $binding) ${inside(harness.listIn, '{ id binding }')}
    }`;
    const { data } = await ask(source, query, { binding: 'HARD_COVER' });
    expect(unwrapped(harness.listIn, data?.[names.items])).toEqual([{ id: '1', binding: 'HARD_COVER' }]);
    expect(kind.backend.library.asked).toEqual(['list all HARD_COVER']);
  });

  kind.itCan('give enum values a name of their own upstream', 'with enum values that are no names', async () => {
    const { model } = await kind.shared();
    // What the upstream says is no name, so that one of the two, source or model, has to know both.
    const says = JSON.stringify([...(model.enumValues?.values() ?? [])]);
    expect(harness.kind === 'grpc' || says.includes('hard/cover')).toBe(true);
  });

  it('with null for what is not there', async () => {
    expect(await kind.item(await kind.shared(), 'absent')).toBeNull();
  });

  kind.itCan('hold lists of lists', 'with lists of lists', async () => {
    const item = itemOf('grid', { grid: [[], [1], [-2, 3]] });
    expect(await add(kind, await kind.shared(), item)).toMatchObject({ grid: [[], [1], [-2, 3]] });
  });

  it('in and out again, with all of an input object', async () => {
    const source = await kind.shared();
    for (const item of ITEMS) {
      expect(await add(kind, source, item)).toEqual(toldBy(harness, item));
      expect(kind.backend.library.added.at(-1)).toEqual(
        harness.cannot['hold lists of lists'] === undefined ? item : { ...item, grid: [] },
      );
    }
  });

  it.each(Object.entries(TEXTS))('with texts of %s, wherever they stand', async (_, text) => {
    const source = await kind.shared();
    const item = itemOf('text', {
      title: text,
      note: text,
      tags: [text, 'x', text],
      author: { name: text, city: text },
    });
    expect(await add(kind, source, item)).toEqual(toldBy(harness, item));
    expect(kind.backend.library.added.at(-1)).toEqual(item);
  });

  it.each(Object.entries(TEXTS).filter(([, text]) => text !== '' && text !== LONG))(
    'with %s in an id, which stays one id',
    async (_, id) => {
      const source = await kind.shared();
      await add(kind, source, itemOf(id));
      expect(await one(source, id)).toMatchObject({ id });
      expect(kind.backend.library.asked.at(-1)).toBe(`item ${id}`);
    },
  );

  it('with control characters, or a refusal that nobody upstream sees', async () => {
    const source = await kind.shared();
    const title = 'a\u0000b\u0008c';
    if (harness.cannot['carry every character'] === undefined) {
      expect(await add(kind, source, itemOf('control', { title }))).toMatchObject({ title });
      return;
    }
    const error = await failureOf(kind, kind.item(source, title, createCallContext().context));
    expect(error.code).toBe('BAD_USER_INPUT');
    expect(kind.backend.library.asked).toEqual([]);
  });
});
