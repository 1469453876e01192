import { buildSchema, isObjectType, validateSchema } from 'graphql';
import { expect, it } from 'vitest';
import { compose } from '../../schema/compose.ts';
import { ask } from '../utils/contract-model.ts';
import { describeSource } from '../utils/contract-suite.ts';

describeSource('what the model of a source holds', (kind) => {
  const { names, harness } = kind;

  it('is under the name of the configuration and of its kind', async () => {
    const source = await kind.open({ name: 'someLibrary' });
    expect(source).toMatchObject({ name: 'someLibrary', kind: harness.kind });
  });

  it('is valid SDL that needs nothing else, has no directives of its own and no name that GraphQL keeps', async () => {
    const { sdl } = (await kind.shared()).model;
    const schema = buildSchema(sdl);
    expect(validateSchema(schema)).toEqual([]);
    expect(sdl).not.toMatch(/@(?!deprecated|specifiedBy|oneOf)|\bextend\b|^schema\b/m);
    expect(Object.keys(schema.getTypeMap()).filter((name) => /^_[A-Z]/.test(name))).toEqual([]);
  });

  it('is a call for each root field and no other', async () => {
    const { sdl, calls } = (await kind.shared()).model;
    const schema = buildSchema(sdl);
    const fields = ['Query', 'Mutation', 'Subscription'].flatMap((root) => {
      const type = schema.getType(root);
      return isObjectType(type) ? Object.keys(type.getFields()).map((field) => `${root}.${field}`) : [];
    });
    expect([...calls.keys()].sort()).toEqual(fields.sort());
    for (const [coordinate, { type, operation }] of calls) {
      expect(type).toBe(coordinate.startsWith('Subscription.') ? 'stream' : 'unary');
      expect(operation).not.toBe('');
    }
  });

  it('names only what its SDL has', async () => {
    const { sdl, properties, enumValues, typeOf, links } = (await kind.shared()).model;
    const schema = buildSchema(sdl);
    for (const coordinate of [...(properties?.keys() ?? []), ...(links?.keys() ?? [])]) {
      const [type = '', field = ''] = coordinate.split('.');
      expect(schema.getType(type), coordinate).toBeDefined();
      if (properties?.has(coordinate))
        expect(schema.getType(type)?.toConfig(), coordinate).toHaveProperty(['fields', field]);
    }
    for (const type of [...(enumValues?.keys() ?? []), ...(typeOf?.keys() ?? [])]) {
      expect(schema.getType(type), type).toBeDefined();
    }
  });

  it('is the same whenever the same document is loaded', async () => {
    const [first, second] = [await kind.shared(), await kind.open()];
    expect(second.model.sdl).toBe(first.model.sdl);
    expect([...second.model.calls.keys()]).toEqual([...first.model.calls.keys()]);
  });

  it('is compiled to plain data that can come from another thread', async () => {
    const compiled = await kind.backend.compile();
    expect(structuredClone(compiled)).toEqual(compiled);
    expect(JSON.stringify(compiled)).toContain(names.type);
  });

  kind.itCan(
    'rename and filter by configuration',
    'has the names, and leaves out, what the configuration says',
    async () => {
      const [, list, add] = operationNames(harness.kind, names);
      const source = await kind.open({
        operations: { [harness.itemOperation]: { name: 'oneBook' }, [list]: { hide: true } },
        exclude: { operations: [add] },
      });
      const coordinates = [...source.model.calls.keys()];
      expect(coordinates).toContain('Query.oneBook');
      expect(coordinates).not.toContain(`Query.${names.item}`);
      expect(coordinates).not.toContain(`Query.${names.items}`);
      expect(coordinates).not.toContain(`Mutation.${names.add}`);
      const { data } = await ask(source, `{ oneBook(id: "1") { id } }`);
      expect(JSON.stringify(data)).toContain('"id":"1"');
    },
  );

  kind.itCan(
    'rename and filter by configuration',
    'has a query for a mutation where the configuration says so',
    async () => {
      const [, , add] = operationNames(harness.kind, names);
      if (harness.kind === 'graphql') {
        // The service has one root type for the field; there is nothing to choose.
        await expect(kind.open({ operations: { [add]: { as: 'query' } } })).rejects.toThrow(/query/);
        return;
      }
      const source = await kind.open({ operations: { [add]: { name: 'addIt', as: 'query' } } });
      expect([...source.model.calls.keys()]).toContain('Query.addIt');
    },
  );

  kind.itCan('rename and filter by configuration', 'has only what is included', async () => {
    const source = await kind.open({ include: { operations: [harness.itemOperation] } });
    expect([...source.model.calls.keys()]).toEqual([`Query.${names.item}`]);
    expect(source.model.sdl).not.toContain('Mutation');
  });

  it('cannot stand beside another of the same names, and is told how it could', async () => {
    const sources = [await kind.open({ name: 'one' }), await kind.open({ name: 'two' })];
    const { problems } = compose({ sources, links: {}, isMissing: () => false });
    if (harness.kind === 'federation') {
      // Federation has rules of its own for what subgraphs may share, and says what is against them.
      const told = problems.map(({ message }) => message).join('\n');
      expect(told).toContain(`Query.${names.item}`);
      expect(told).toContain('INVALID_FIELD_SHARING');
      return;
    }
    const ofField = problems.find(({ message }) => message.includes(`"Query.${names.item}"`));
    expect(ofField).toMatchObject({
      path: ['sources', 'two'],
      message: expect.stringContaining('source "one" and by source "two"'),
      suggestion: expect.stringContaining('two'),
    });
    const ofType = problems.find(({ message }) => message.includes(`Type "${names.type}"`));
    expect(ofType).toMatchObject({ path: ['sources', 'two'], suggestion: expect.stringContaining('transforms') });
  });
});

/** What the configuration calls the operations behind `item`, `items` and `add`. */
function operationNames(kind: string, names: { item: string; items: string; add: string }): [string, string, string] {
  return kind === 'grpc' || kind === 'soap'
    ? ['GetItem', 'ListItems', 'AddItem']
    : [names.item, names.items, names.add];
}
