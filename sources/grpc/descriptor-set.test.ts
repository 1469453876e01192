import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import descriptor from 'protobufjs/ext/descriptor/index.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { fixture, sourceOf } from '../../test/utils/grpc-server.ts';

const NOWHERE = '127.0.0.1:1';

describe('a compiled descriptor set', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'skein-descriptors-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function problemsOf(bytes: Uint8Array): Promise<readonly Problem[]> {
    const path = join(folder, 'set.pb');
    await writeFile(path, bytes);
    try {
      const { source, problems } = await sourceOf(path, NOWHERE);
      await source.dispose();
      return problems;
    } catch (error) {
      if (error instanceof ProblemsError) return error.problems;
      throw error;
    }
  }

  it.each(['shop', 'old', 'modern', 'values'])('gives the same graph as its source %s.proto', async (name) => {
    const { source: text, problems: textProblems } = await sourceOf(fixture(`${name}.proto`), NOWHERE);
    const { source: compiled, problems } = await sourceOf(fixture(`${name}.binpb`), NOWHERE);
    expect([problems, textProblems]).toEqual([[], []]);
    const definitions = (sdl: string) => sdl.split('\n\n').sort();
    expect(definitions(compiled.model.sdl)).toEqual(definitions(text.model.sdl));
    expect([...compiled.model.calls.keys()]).toEqual([...text.model.calls.keys()]);
    expect(compiled.model.notices?.map(({ message }) => message)).toEqual(
      text.model.notices?.map(({ message }) => message),
    );
    await text.dispose();
    await compiled.dispose();
  });

  it('shows groups, defaults, aliases, names for JSON and what it leaves out', async () => {
    const { source } = await sourceOf(fixture('old.binpb'), NOWHERE);
    expect(source.model.sdl).toMatchInlineSnapshot(`
      "scalar Int64

      type Query {
        store(
          label: String!
          lid: LidInput
          item: [ItemInput!]
          size: Size
          height: Int64
          code: String
          open: Boolean
          load: Float
          packed: [Int!]
          loose: [Int!]
          odd: Size
          shownAs: String
        ): Box
      }

      type Box {
        label: String!
        lid: Lid
        item: [Item!]!
        size: Size
        height: Int64!
        code: String!
        open: Boolean!
        load: Float
        packed: [Int!]!
        loose: [Int!]!
        odd: Size
        shownAs: String
      }

      type Lid {
        weight: Int
        seal: Seal
      }

      type Item {
        number: Int64!
      }

      type Seal {
        color: String
      }

      input LidInput {
        weight: Int
        seal: SealInput
      }

      input ItemInput {
        number: Int64!
      }

      input SealInput {
        color: String
      }

      "How large."
      enum Size {
        SMALL
        "Neither."
        MIDDLE
        MEDIUM
        LARGE @deprecated
      }"
    `);
    expect(source.model.notices).toMatchInlineSnapshot(`
      [
        {
          "message": "The message old.Box has extensions, which are left out: old.secret.",
        },
      ]
    `);
    await source.dispose();
  });

  it.each([
    ['no descriptors', Buffer.from('syntax = "proto3";')],
    ['nothing', Buffer.alloc(0)],
    ['half of one', Buffer.from('0a50', 'hex')],
  ])('that is %s is refused with its file', async (_, bytes) => {
    expect(await problemsOf(bytes)).toMatchObject([
      { message: expect.stringMatching(/FileDescriptorSet/), file: expect.stringMatching(/set\.pb$/) },
    ]);
  });

  it('tells all types it lacks, and what to do', async () => {
    const field = (name: string, number: number, typeName: string) => ({ name, number, label: 1, type: 11, typeName });
    const set = descriptorSet({
      package: 'shop',
      messageType: [
        { name: 'Stock', field: [field('price', 1, '.common.Money'), field('place', 2, '.common.Place')] },
        { name: 'Unused', field: [field('other', 1, '.other.Thing')] },
      ],
      service: [
        {
          name: 'Inventory',
          method: [
            { name: 'Get', inputType: '.shop.Stock', outputType: '.shop.Stock' },
            { name: 'Find', inputType: '.shop.Query', outputType: '.shop.Stock' },
          ],
        },
      ],
    });
    expect(await problemsOf(set)).toEqual(
      [
        'common.Money, which shop.Stock.price needs',
        'common.Place, which shop.Stock.place needs',
        'shop.Query, which shop.Inventory.Find needs',
      ].map((what) => ({
        message: `The descriptors lack the type ${what}. It is left out.`,
        file: join(folder, 'set.pb'),
        suggestion: 'Compile them with the imports: protoc --include_imports.',
      })),
    );
  });

  it.each([
    ['a name that is none', { messageType: [{ name: 'A { } type B' }] }],
    ['a message twice', { messageType: [{ name: 'A' }, { name: 'A' }] }],
    ['a number twice', { messageType: [{ name: 'A', field: [1, 1].map(numbered) }] }],
    ['a number that cannot be', { messageType: [{ name: 'A', field: [numbered(0)] }] }],
    ['a package that is none', { package: 'a b', messageType: [{ name: 'A' }] }],
  ])('with %s is refused', async (_, file) => {
    expect(await problemsOf(descriptorSet(file))).toMatchObject([{ file: expect.stringMatching(/set\.pb$/) }]);
  });

  it('takes an enum without values for a number', async () => {
    const set = descriptorSet({
      messageType: [{ name: 'A', field: [{ name: 'e', number: 1, label: 1, type: 14, typeName: '.E' }] }],
      enumType: [{ name: 'E' }],
      service: [{ name: 'S', method: [{ name: 'Get', inputType: '.A', outputType: '.A' }] }],
    });
    const path = join(folder, 'enum.pb');
    await writeFile(path, set);
    const { source } = await sourceOf(path, NOWHERE);
    expect(source.model.sdl).toContain('e: Int');
    expect(source.model.notices).toMatchObject([{ message: 'The enum E has no values: A.e is a number.' }]);
    await source.dispose();
  });
});

function numbered(number: number, index = 0): object {
  return { name: `f${index}`, number, label: 1, type: 9 };
}

/** As another implementation writes it. */
function descriptorSet(file: object): Uint8Array {
  const { FileDescriptorSet } = descriptor;
  return FileDescriptorSet.encode(FileDescriptorSet.fromObject({ file: [file] })).finish();
}
