import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ContractGraph, linkNames, startContractGraph } from '../utils/contract-graph.ts';
import { type Harness, inside, namesOf, unwrapped } from '../utils/contract-harness.ts';
import { FAIL, FAULT_HEADER, ITEMS, itemOf } from '../utils/contract-library.ts';
import { HARNESSES } from '../utils/contract-suite.ts';
import { askEventStream, askWebSocket } from '../utils/fault-answers.ts';
import { expectNoUnhandledRejection } from '../utils/unhandled.ts';

expectNoUnhandledRejection();

const pairs = HARNESSES.flatMap((from) => HARNESSES.map((to) => [from.kind, to.kind, from, to] as const));
const linked = ITEMS.map(({ id, title, copies, binding }) => ({ id, title, copies, binding }));

describe.each(['direct', 'stitched'] as const)('links in the graph of all kinds, %s', (way) => {
  let graph: ContractGraph;
  beforeAll(async () => {
    graph = await startContractGraph(way);
  });
  beforeEach(() => graph.reset());
  afterAll(() => graph.close());

  async function itemsBelow(from: Harness, selection: string): Promise<unknown> {
    const { items } = namesOf(from);
    const { data, errors } = await graph.ask(`{ ${items} ${inside(from.listIn, selection)} }`);
    expect(errors).toBeUndefined();
    return unwrapped(from.listIn, data?.[items]);
  }

  describe.each(pairs)('from %s to %s', (_from, _to, from, to) => {
    const { batched, single } = linkNames(to);
    const asked = () => graph.backendOf(to).library.asked.filter((text) => text.startsWith('item'));

    it('of many parents make one call', async () => {
      for (const _sighting of ['first', 'second']) {
        graph.reset();
        const told = await itemsBelow(from, `{ id ${batched} { id title copies binding } }`);
        expect(told).toEqual(linked.map((item) => ({ id: item.id, [batched]: item })));
        expect(asked()).toEqual(['itemsOf 1,2,3']);
      }
    });

    it('need not be asked for with what they read of their parents', async () => {
      const told = await itemsBelow(from, `{ alias: ${batched} { title } }`);
      expect(told).toEqual(linked.map(({ title }) => ({ alias: { title } })));
    });

    it('of one parent each make a call each, at the same time', async () => {
      const told = await itemsBelow(from, `{ ${single} { title } }`);
      expect(told).toEqual(linked.map(({ title }) => ({ [single]: { title } })));
      expect(asked().toSorted()).toEqual(['item 1', 'item 2', 'item 3']);
    });

    it('are null where the target has nothing', async () => {
      const { library } = graph.backendOf(from);
      library.add(itemOf('elsewhere'));
      const { itemsOf } = namesOf(from);
      const ids = from === to ? ['1'] : ['1', 'elsewhere'];
      const query = `query { ${itemsOf}(ids: ${JSON.stringify(ids)}) ${inside(from.listIn, `{ id ${batched} { id } ${single} { id } }`)} }`;
      const { data, errors } = await graph.ask(query);
      expect(errors).toBeUndefined();
      const there = { id: '1', [batched]: { id: '1' }, [single]: { id: '1' } };
      const nowhere = { id: 'elsewhere', [batched]: null, [single]: null };
      expect(unwrapped(from.listIn, data?.[itemsOf])).toEqual(from === to ? [there] : [nowhere, there]);
    });
  });

  it.each(HARNESSES.map((harness) => [harness.kind, harness] as const))(
    'to %s that fail are null, told in their places, and leave the rest as it is',
    async (_, to) => {
      const from = HARNESSES.find((harness) => harness !== to) as Harness;
      graph.backendOf(from).library.add(itemOf(`${FAIL}s`));
      const library = graph.backendOf(to).library;
      const itemsOf = library.itemsOf.bind(library);
      library.itemsOf = () => itemsOf([FAIL]);
      const { items } = namesOf(from);
      const { batched } = linkNames(to);
      const query = `{ ${items}(limit: 2) ${inside(from.listIn, `{ id ${batched} { id } }`)} }`;
      const { data, errors = [] } = await graph.ask(query).finally(() => {
        library.itemsOf = itemsOf;
      });
      expect(unwrapped(from.listIn, data?.[items])).toEqual(['1', '2'].map((id) => ({ id, [batched]: null })));
      const list = from.listIn === undefined ? [] : [from.listIn];
      expect(errors.map(({ path }) => path)).toEqual([0, 1].map((index) => [items, ...list, index, batched]));
      for (const { extensions } of errors) {
        expect(extensions).toMatchObject({ code: 'UPSTREAM_FAILED', source: to.prefix.toLowerCase() });
      }
    },
  );

  it('go through all kinds, one below the other, with one call each', async () => {
    const [first, ...others] = HARNESSES as [Harness, ...Harness[]];
    const below = others.reduceRight((selection, to) => `{ id ${linkNames(to).batched} ${selection} }`, '{ id title }');
    const told = await itemsBelow(first, below);
    expect(JSON.stringify(told)).toContain(JSON.stringify(ITEMS[2]?.title));
    for (const to of others) expect(graph.backendOf(to).library.asked).toEqual(['itemsOf 1,2,3']);
  });

  it('to several kinds from one place, with one call each', async () => {
    const [first, ...others] = HARNESSES as [Harness, ...Harness[]];
    const told = await itemsBelow(first, `{ id ${others.map((to) => `${linkNames(to).batched} { id }`).join(' ')} }`);
    expect(told).toEqual(
      ITEMS.map(({ id }) => ({ id, ...Object.fromEntries(others.map((to) => [linkNames(to).batched, { id }])) })),
    );
    for (const to of others) expect(graph.backendOf(to).library.asked).toEqual(['itemsOf 1,2,3']);
  });

  it('are there below what a mutation answers', async () => {
    for (const from of HARNESSES) {
      const { add } = namesOf(from);
      const targets = HARNESSES.map((to) => `${linkNames(to).batched} { title }`).join(' ');
      const { data, errors } = await graph.ask(`mutation { ${add}(${from.addArgument}: {
        id: "2" title: "Item 2" pageCount: 1 copies: 1 weight: 1 lent: true binding: PAPERBACK
        added: "2024-01-01T00:00:00Z" author: { name: "n" } tags: []
      }) { id ${targets} } }`);
      expect(errors).toBeUndefined();
      const links = HARNESSES.map((to) => [linkNames(to).batched, { title: 'Item 2' }]);
      expect(data).toEqual({ [add]: { id: '2', ...Object.fromEntries(links) } });
    }
  });

  it.each(
    HARNESSES.filter(({ cannot }) => cannot.stream === undefined).map((harness) => [harness.kind, harness] as const),
  )('are there below each event of a subscription to %s', async (_, from) => {
    const { watch } = namesOf(from);
    const targets = HARNESSES.map((to) => `${linkNames(to).batched} { title }`).join(' ');
    const query = `subscription { ${watch}(what: "three") { id ${targets} } }`;
    for (const ask of [askEventStream, askWebSocket]) {
      const { results, completed } = await ask(graph.gateway, query);
      expect(completed).toBe(true);
      expect(results).toEqual(
        ITEMS.map(({ id, title }) => ({
          data: { [watch]: { id, ...Object.fromEntries(HARNESSES.map((to) => [linkNames(to).batched, { title }])) } },
        })),
      );
    }
  });

  it('carry headers of the client to all kinds', async () => {
    const [first, ...others] = HARNESSES as [Harness, ...Harness[]];
    const arrivals = others.map((to) => graph.backendOf(to).seen.next());
    const targets = others.map((to) => `${linkNames(to).batched} { id }`).join(' ');
    const { item } = namesOf(first);
    await graph.ask(`{ ${item}(id: "1") { ${targets} } }`, {}, { [FAULT_HEADER]: 'none' });
    for (const call of await Promise.all(arrivals)) expect(call.headers[FAULT_HEADER]).toBe('none');
  });
});
