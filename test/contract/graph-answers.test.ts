import {
  buildClientSchema,
  getIntrospectionQuery,
  type IntrospectionQuery,
  isObjectType,
  validateSchema,
} from 'graphql';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ContractGraph, linkNames, startContractGraph } from '../utils/contract-graph.ts';
import { inside, itemFields, namesOf, toldBy, unwrapped } from '../utils/contract-harness.ts';
import { FAIL, FAULT_HEADER, ITEMS, itemOf, REFUSE, SECRET, SLOW, UPSTREAM_KEY } from '../utils/contract-library.ts';
import { HARNESSES } from '../utils/contract-suite.ts';
import { expectNoUnhandledRejection } from '../utils/unhandled.ts';

expectNoUnhandledRejection();

describe.each(['direct', 'stitched'] as const)('the graph of all kinds, %s', (way) => {
  let graph: ContractGraph;
  beforeAll(async () => {
    graph = await startContractGraph(way);
  });
  beforeEach(() => graph.reset());
  afterAll(() => graph.close());

  describe.each(HARNESSES.map((harness) => [harness.kind, harness] as const))('over %s', (_, harness) => {
    const { type, item, items, itemsOf, add } = namesOf(harness);
    const list = (selection: string) => inside(harness.listIn, selection);
    const listed = (value: unknown) => unwrapped(harness.listIn, value);
    const [first, second, third] = ITEMS as [(typeof ITEMS)[0], (typeof ITEMS)[0], (typeof ITEMS)[0]];
    const idType = () => (harness.kind === 'soap' || harness.kind === 'grpc' ? 'String' : 'ID');

    /** The first sighting of a document is interpreted, from the second on it is compiled. */
    async function expectAnswer(query: string, data: object, variables: object = {}): Promise<void> {
      for (const _sighting of ['first', 'second', 'third']) {
        expect(await graph.ask(query, variables)).toEqual({ data });
      }
    }

    it('tells all of an item', async () => {
      await expectAnswer(`{ ${item}(id: "1") ${itemFields(harness)} }`, { [item]: toldBy(harness, first) });
    });

    it('answers aliases of fields and of calls, and the same call with other arguments', async () => {
      const query = `{ one: ${item}(id: "1") { name: title title id } two: ${item}(id: "2") { tags words: tags } }`;
      await expectAnswer(query, {
        one: { name: first.title, title: first.title, id: '1' },
        two: { tags: second.tags, words: second.tags },
      });
    });

    it('answers fragments, inline and by name, within each other and next to plain fields', async () => {
      const query = `
        query { ${item}(id: "1") { id ...Text ... { author { ...Name } } ... on ${type} { author { city } } } }
        fragment Text on ${type} { title ...Size }
        fragment Size on ${type} { pageCount author { __typename } }
        fragment Name on ${harness.prefix}Author { name }
      `;
      await expectAnswer(query, {
        [item]: {
          id: '1',
          title: first.title,
          pageCount: first.pageCount,
          author: { __typename: `${harness.prefix}Author`, name: 'Ada', city: 'Basel' },
        },
      });
    });

    it('takes variables, their defaults, and their absence', async () => {
      const query = `query ($id: ${idType()}! = "2", $limit: Int) {
        ${item}(id: $id) { id } ${items}(limit: $limit) ${list('{ id }')}
      }`;
      for (const [variables, id, ids] of [
        [{ id: '3', limit: 1 }, '3', ['1']],
        [{ limit: 2 }, '2', ['1', '2']],
        [{}, '2', ['1', '2', '3']],
      ] as const) {
        const { data, errors } = await graph.ask(query, variables);
        expect(errors).toBeUndefined();
        expect(data?.[item]).toEqual({ id });
        expect(listed(data?.[items])).toEqual(ids.map((each) => ({ id: each })));
      }
    });

    it('leaves out and takes in what conditions say, and does not ask for what is left out', async () => {
      const query = `query ($yes: Boolean!, $no: Boolean!) {
        ${item}(id: "1") @include(if: $yes) { id title @skip(if: $yes) pageCount @include(if: $yes) ... @include(if: $no) { tags } }
        left: ${items} @include(if: $no) ${list('{ id }')}
      }`;
      await expectAnswer(query, { [item]: { id: '1', pageCount: first.pageCount } }, { yes: true, no: false });
      expect(graph.backendOf(harness).library.asked).toEqual(Array(3).fill('item 1'));
    });

    it('takes enums by name, in the text and by variable, and tells them by name', async () => {
      const query = `query ($binding: ${harness.prefix}Binding) {
        text: ${items}(binding: HARD_COVER) ${list('{ id binding }')}
        variable: ${items}(binding: $binding) ${list('{ binding }')}
      }`;
      for (const _sighting of ['first', 'second']) {
        const { data, errors } = await graph.ask(query, { binding: 'PAPERBACK' });
        expect(errors).toBeUndefined();
        expect(listed(data?.text)).toEqual([{ id: '1', binding: 'HARD_COVER' }]);
        expect(listed(data?.variable)).toEqual([{ binding: 'PAPERBACK' }, { binding: 'PAPERBACK' }]);
      }
    });

    it('tells errors where they happened, and the rest of the answer', async () => {
      const query = `{ fine: ${item}(id: "2") { id } broken: ${item}(id: "${FAIL}") { id } refused: ${item}(id: "${REFUSE}") { id } absent: ${item}(id: "none") { id } }`;
      for (const _sighting of ['first', 'second']) {
        const { data, errors = [] } = await graph.ask(query);
        expect(data).toEqual({ fine: { id: '2' }, broken: null, refused: null, absent: null });
        const told = errors.map(({ path, extensions: { code, source } }) => ({ path, code, source }));
        const source = harness.prefix.toLowerCase();
        expect(told.toSorted((a, b) => String(a.path).localeCompare(String(b.path)))).toEqual([
          { path: ['broken'], code: 'UPSTREAM_FAILED', source },
          { path: ['refused'], code: 'UPSTREAM_REJECTED', source },
        ]);
        expect(JSON.stringify(errors)).not.toContain(SECRET);
      }
    });

    it('refuses what does not fit the schema without asking anybody', async () => {
      for (const [query, variables] of [
        [`{ ${item}(id: "1") { nothing } }`, {}],
        [`query ($limit: Int) { ${items}(limit: $limit) ${list('{ id }')} }`, { limit: 'many' }],
        [`{ ${items}(binding: LEATHER) ${list('{ id }')} }`, {}],
      ] as const) {
        const { data, errors = [] } = await graph.ask(query, variables);
        expect(data ?? null).toBeNull();
        expect(errors[0]?.extensions.code).toMatch(/BAD_USER_INPUT|GRAPHQL_VALIDATION_FAILED/);
      }
      expect(graph.backendOf(harness).library.asked).toEqual([]);
    });

    it('takes an input object by variable and in the text, to the last of its 64 bits', async () => {
      const given = itemOf('new', { binding: 'HARD_COVER', copies: '-9007199254740993', title: 'a "b"\n</c>' });
      const byVariable = `mutation ($item: ${type}Input!) { ${add}(${harness.addArgument}: $item) { id copies binding title } }`;
      const { copies, binding, title } = given;
      await expectAnswer(
        byVariable,
        { [add]: { id: 'new', copies, binding, title } },
        { item: toldBy(harness, given) },
      );
      const inText = `mutation { ${add}(${harness.addArgument}: {
        id: "text" title: "t" pageCount: 1 copies: 9223372036854775807 weight: 2 lent: true binding: HARD_COVER
        added: "2024-01-01T00:00:00Z" author: { name: "n" } tags: []
      }) { copies binding weight lent author { name city } tags } }`;
      const told = { copies: '9223372036854775807', binding: 'HARD_COVER', weight: 2, lent: true, tags: [] };
      await expectAnswer(inText, { [add]: { ...told, author: { name: 'n', city: null } } });
    });

    it('does mutations one after the other, in the order of the document', async () => {
      const { library } = graph.backendOf(harness);
      const adds = (id: string) => `_${id}: ${add}(${harness.addArgument}: {
        id: "${id}" title: "t" pageCount: 1 copies: 1 weight: 1 lent: true binding: PAPERBACK
        added: "2024-01-01T00:00:00Z" author: { name: "n" } tags: []
      }) { id }`;
      const { data, errors } = await graph.ask(`mutation { ${['c', 'a', FAIL, 'b'].map(adds).join(' ')} }`);
      expect(library.added.map(({ id }) => id)).toEqual(['c', 'a', 'b']);
      expect(data).toEqual({ _c: { id: 'c' }, _a: { id: 'a' }, [`_${FAIL}`]: null, _b: { id: 'b' } });
      expect(errors?.map(({ path }) => path)).toEqual([[`_${FAIL}`]]);
    });

    it('closes the call to the upstream when the client goes', async () => {
      const backend = graph.backendOf(harness);
      const arrival = backend.seen.next();
      const client = new AbortController();
      const answer = fetch(graph.gateway.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...graph.gateway.headers },
        body: JSON.stringify({ query: `{ ${item}(id: "${SLOW}") { id } }` }),
        signal: client.signal,
      });
      const gone = expect(answer).rejects.toThrow();
      const call = await arrival;
      client.abort();
      await gone;
      expect(await call.ended).toBe('cut');
    });

    it('has the list that was asked for by a list', async () => {
      const { data } = await graph.ask(`{ ${itemsOf}(ids: ["3", "2"]) ${list('{ id copies }')} }`);
      expect(listed(data?.[itemsOf])).toEqual([third, second].map(({ id, copies }) => ({ id, copies })).reverse());
    });
  });

  it('answers all kinds in one operation, and asks them at the same time', async () => {
    const query = `{ ${HARNESSES.map((harness) => `${namesOf(harness).item}(id: "${SLOW}") { id title }`).join(' ')} }`;
    const answer = graph.ask(query);
    for (const { library } of graph.backends)
      await expect.poll(() => library.asked, { timeout: 15_000 }).toEqual([`item ${SLOW}`]);
    for (const { library } of graph.backends) library.release();
    const { data } = await answer;
    expect(Object.values(data ?? {})).toEqual(HARNESSES.map(() => ({ id: SLOW, title: 'Item slow' })));
  });

  it('does mutations of all kinds in the order of the document', async () => {
    const spies = HARNESSES.map((harness) => vi.spyOn(graph.backendOf(harness).library, 'add'));
    const adds = HARNESSES.toReversed().map(
      (harness) => `${namesOf(harness).add}(${harness.addArgument}: {
        id: "order" title: "t" pageCount: 1 copies: 1 weight: 1 lent: true binding: PAPERBACK
        added: "2024-01-01T00:00:00Z" author: { name: "n" } tags: []
      }) { id }`,
    );
    await graph.ask(`mutation { ${adds.join(' ')} }`);
    const order = spies.map((spy) => spy.mock.invocationCallOrder[0] ?? 0);
    for (const spy of spies) spy.mockRestore();
    expect(order).not.toContain(0);
    expect(order).toEqual(order.toSorted((a, b) => b - a));
  });

  it('tells garbage of every kind in its place, and headers go through the whole gateway', async () => {
    const query = `{ ${HARNESSES.map((harness) => `${namesOf(harness).item}(id: "1") { id }`).join(' ')} }`;
    const { data, errors = [] } = await graph.ask(query, {}, { [FAULT_HEADER]: 'garbage' });
    expect(Object.values(data ?? {})).toEqual(HARNESSES.map(() => null));
    expect(new Set(errors.map(({ extensions }) => extensions.code))).toEqual(new Set(['UPSTREAM_BAD_RESPONSE']));
    expect(errors).toHaveLength(HARNESSES.length);
    const told = JSON.stringify(errors);
    for (const never of [SECRET, UPSTREAM_KEY, '127.0.0.1', ...graph.backends.map(({ port }) => String(port))]) {
      expect(told.replace(/"requestId":"[^"]*"/g, '')).not.toContain(never);
    }
  });

  it('is introspected as one valid schema that has all types, fields and links', async () => {
    const { data, errors } = await graph.ask(getIntrospectionQuery());
    expect(errors).toBeUndefined();
    const schema = buildClientSchema(data as unknown as IntrospectionQuery);
    expect(validateSchema(schema)).toEqual([]);
    for (const harness of HARNESSES) {
      const names = namesOf(harness);
      expect(Object.keys(schema.getQueryType()?.getFields() ?? {})).toEqual(
        expect.arrayContaining([names.item, names.items, names.itemsOf]),
      );
      expect(schema.getMutationType()?.getFields()).toHaveProperty(names.add);
      const type = schema.getType(names.type);
      const fields = isObjectType(type) ? Object.keys(type.getFields()) : [];
      for (const target of HARNESSES) expect(fields).toEqual(expect.arrayContaining(Object.values(linkNames(target))));
    }
    expect(
      Object.keys(schema.getTypeMap()).filter((name) => /^_(Any|Entity|Service)|^(join|link|core)__/.test(name)),
    ).toEqual([]);
  });
});
