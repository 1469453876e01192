import { describe, expect, it } from 'vitest';
import type { Problem } from '../../kernel/problem.ts';
import type { Source, SourceCall } from '../../sources/source.ts';
import { combineVersions, combineVersionsInSlices } from '../versions/combine-versions.ts';
import { versionOptions } from '../versions/options.ts';
import { transformOptions } from './options.ts';
import { transformSource, transformSourceInSlices } from './transform-source.ts';

const COUNT = 500;

function largeSource(name: string): Source {
  const numbers = Array.from({ length: COUNT }, (_, index) => index);
  const call: SourceCall = { type: 'unary', operation: 'any', invoke: async () => null };
  return {
    name,
    kind: 'openapi',
    model: {
      sdl: `type Query { ${numbers.map((n) => `"""Thing\n${n}"""\nthing${n}(id: ID!, size: Size = S): Thing${n}`).join('\n')} }
        enum Size { S L }
        ${numbers.map((n) => `type Thing${n} { id: ID! name: String secret: Int next: Thing${(n + 1) % COUNT} }`).join('\n')}`,
      calls: new Map(numbers.map((n) => [`Query.thing${n}`, call])),
    },
    probe: async () => {},
    dispose: async () => {},
  };
}

/** How often the event loop turned while something was done. */
async function turnsDuring<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly turns: number }> {
  let turns = 0;
  let isDone = false;
  const turn = () => {
    turns += 1;
    if (!isDone) setImmediate(turn);
  };
  setImmediate(turn);
  const result = await work();
  isDone = true;
  return { result, turns };
}

describe('A large source', () => {
  it('is transformed in slices to the same as at once, while the event loop turns', async () => {
    const options = transformOptions.parse({
      prefix: 'shop',
      types: { Size: { values: { S: { name: 'SMALL' } } } },
      fields: { '*.secret': { hide: true } },
    });
    const report = (problem: Problem) => expect.unreachable(problem.message);
    const source = largeSource('one');
    const { result, turns } = await turnsDuring(() => transformSourceInSlices(source, options, report));
    expect(turns).toBeGreaterThan(1);
    const atOnce = transformSource(source, options, report);
    expect(result.model.sdl).toBe(atOnce.model.sdl);
    expect(result.model.sdl).toContain('shopThing7(id: ID!, size: ShopSize = SMALL): ShopThing7');
    expect([...result.model.calls.keys()]).toEqual([...atOnce.model.calls.keys()]);
  });

  it('is combined with its other version in slices to the same as at once, while the event loop turns', async () => {
    const options = versionOptions.parse({
      versions: [
        { source: 'one', weight: 1 },
        { source: 'two', weight: 1 },
      ],
    });
    const sources = new Map([largeSource('one'), largeSource('two')].map((source) => [source.name, source]));
    const report = (problem: Problem) => expect.unreachable(problem.message);
    const { result, turns } = await turnsDuring(() => combineVersionsInSlices('both', options, sources, report));
    expect(turns).toBeGreaterThan(1);
    const atOnce = combineVersions('both', options, sources, report);
    expect(result?.model.sdl).toBe(atOnce?.model.sdl);
    expect([...(result?.model.calls.keys() ?? [])]).toHaveLength(COUNT);
  });
});
