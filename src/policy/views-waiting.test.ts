import { expect, it } from 'vitest';
import { compose } from '../../schema/compose.ts';
import { createGeneration, type Generation } from '../../schema/registry.ts';
import { deferred } from '../../test/utils/deferred.ts';
import { createMemorySource } from '../../test/utils/memory-source.ts';
import { callersGraph } from '../callers-graph.ts';
import type { Caller } from '../identity/caller.ts';
import { configuredCaller } from '../identity/key-callers.ts';
import { createOperations, isRefused } from '../operations.ts';
import { createAccessPolicy } from './access.ts';
import type { GraphAccess } from './graph-access.ts';
import { visibleSchemaSteps } from './visible-schema.ts';

/** Large enough for many slices. */
const TYPES = 400;
const SDL = `type Query { ${Array.from({ length: TYPES }, (_, i) => `t${i}: T${i}`).join(' ')} secret: Int }
${Array.from({ length: TYPES }, (_, i) => `type T${i} { a: Int b(c: Int): Int d: String next: T${(i + 1) % TYPES} }`).join('\n')}`;

function generationOf(sdl: string, number = 1): Generation {
  const source = createMemorySource({ name: 'own', sdl });
  const { composition, problems } = compose({ sources: [source], links: {}, types: {}, isMissing: () => false });
  if (composition === undefined) throw new Error(JSON.stringify(problems));
  return createGeneration(number, composition, { rules: [], maxTokens: 1_000 });
}

const large = generationOf(SDL);

/** Everything but what is secret, and how often that was asked. */
class Counted extends Set<string> {
  asked = 0;
  failing = false;
  onAsked = (_asked: number) => {};

  override has(field: string): boolean {
    this.asked += 1;
    this.onAsked(this.asked);
    if (this.failing) throw new Error('It broke.');
    return field !== 'Query.secret';
  }
}

function accessOf(products: Readonly<Record<string, ReadonlySet<string>>>): GraphAccess {
  return { granted: new Map(), ownProduct: (id) => products[id] };
}

function callerOf(product: string, tenant = 'default'): Caller {
  return { ...configuredCaller('test', false), tenant, products: new Set([product]) };
}

/** Turns of the event loop until something has come. */
async function turnsUntil(coming: unknown): Promise<number> {
  let turns = 0;
  let hasCome = false;
  const turn = () => {
    turns += 1;
    if (!hasCome) setImmediate(turn);
  };
  setImmediate(turn);
  await coming;
  hasCome = true;
  return turns;
}

it('lets the event loop turn while a view of a large graph is made', async () => {
  const documents = createAccessPolicy().documentsFor(
    { generation: large, access: accessOf({ p: new Counted() }) },
    callerOf('p'),
  );
  expect(documents).toBeInstanceOf(Promise);
  expect(await turnsUntil(documents)).toBeGreaterThan(5);
});

it('may pause after every few fields, also of one large type', () => {
  const wide = generationOf(`type Query { ${Array.from({ length: 3_000 }, (_, i) => `f${i}: Int`).join(' ')} }`);
  for (const { schema } of [large, wide]) {
    let asked = 0;
    let most = 0;
    const steps = visibleSchemaSteps(schema, (field) => {
      asked += 1;
      return field !== 'Query.f1';
    });
    for (let step = steps.next(); step.done !== true; step = steps.next()) {
      most = Math.max(most, asked);
      asked = 0;
    }
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(100);
  }
});

it('is made once for all that ask for it at the same time', async () => {
  const [alone, shared] = [new Counted(), new Counted()];
  const policy = createAccessPolicy();
  await policy.documentsFor({ generation: large, access: accessOf({ p: alone }) }, callerOf('p'));
  const place = { generation: large, access: accessOf({ p: shared }) };
  const [first, second] = await Promise.all([
    policy.documentsFor(place, callerOf('p')),
    policy.documentsFor(place, callerOf('p')),
  ]);
  expect(first).toBeDefined();
  expect(second).toBe(first);
  expect(shared.asked).toBe(alone.asked);
  expect(policy.documentsFor(place, callerOf('p'))).toBe(first);
});

it('fails for those who wait, and is tried again for who comes next', async () => {
  const fields = new Counted();
  const access = accessOf({ p: fields });
  const operations = createOperations({ graphOf: () => ({ registry: { current: () => large }, access }) });
  const ask = () => operations.prepare({ query: '{ t1 { a } }' }, callerOf('p'));
  fields.failing = true;
  for (const refused of await Promise.all([ask(), ask()]))
    expect(isRefused(refused) && refused.errors).toEqual([new Error('It broke.')]);
  fields.failing = false;
  expect(isRefused(await ask())).toBe(false);
  expect(ask()).not.toBeInstanceOf(Promise);
});

it('is given up when the graph changes, and those who wait see the graph as it is then', async () => {
  const next = generationOf('type Query { t1: T secret: Int } type T { a: Int }', 2);
  const fields = new Counted();
  let current = large;
  const view = { registry: { current: () => current }, access: accessOf({ p: fields }) };
  const deps = { graphOf: () => view, access: createAccessPolicy() };
  fields.onAsked = (asked) => {
    if (asked === 50) current = next;
  };
  const [one, other] = [callersGraph(deps, callerOf('p')), callersGraph(deps, callerOf('p'))];
  for (const { generation, documents } of await Promise.all([one, other])) {
    expect(generation).toBe(next);
    expect(documents?.prepare('{ t1 { a } }').errors).toBeUndefined();
    expect(documents?.prepare('{ t2 { a } }').errors).toHaveLength(1);
  }
  expect(fields.asked).toBeLessThan(100);
});

it('does not follow a graph that changes again and again', async () => {
  let number = 1;
  const changing = () => {
    number += 1;
    return { ...large, number };
  };
  const view = { registry: { current: changing }, access: accessOf({ p: new Counted() }) };
  const asked = callersGraph({ graphOf: () => view, access: createAccessPolicy() }, callerOf('p'));
  await expect(asked).rejects.toMatchObject({ code: 'GRAPH_NOT_READY' });
});

it('is not kept back by all that another tenant waits for', async () => {
  const products = Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((id) => [id, new Counted()]));
  const policy = createAccessPolicy();
  const place = { generation: large, access: accessOf(products) };
  const done: string[] = [];
  const all = ['a', 'b', 'c', 'd'].map(async (id) => {
    await policy.documentsFor(place, callerOf(id, 'busy'));
    done.push(id);
  });
  const other = deferred<void>();
  void Promise.resolve(policy.documentsFor(place, callerOf('e', 'other'))).then(() => {
    done.push('e');
    other.resolve();
  });
  await Promise.all([...all, other.promise]);
  expect(done.indexOf('e')).toBeLessThan(3);
});
