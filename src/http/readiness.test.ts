import { expect, it } from 'vitest';
import type { Generation } from '../../schema/registry.ts';
import type { SourceState } from '../graph/source-states.ts';
import { createReadiness } from './readiness.ts';

const state = (name: string, inGraph: boolean) =>
  ({ name, inGraph, unreachable: inGraph ? undefined : 'connect ECONNREFUSED 10.0.0.7:443' }) as SourceState;

it('names what the graph that serves lacks, and looks that up once for each graph', () => {
  let number = 0;
  let states: SourceState[] = [state('a', false), state('b', false)];
  let asked = 0;
  const readiness = createReadiness({
    registry: {
      current: () => (number === 0 ? undefined : ({ number } as Generation)),
      publish: () => {
        throw new Error('not here');
      },
    },
    states: () => {
      asked += 1;
      return states;
    },
  });
  expect(readiness()).toEqual({ ready: false, generation: 0, missing: ['a', 'b'] });
  number = 1;
  states = [state('a', true), state('b', false)];
  expect(readiness()).toEqual({ ready: true, generation: 1, missing: ['b'] });
  expect(readiness()).toEqual({ ready: true, generation: 1, missing: ['b'] });
  number = 2;
  states = [state('a', true), state('b', true)];
  expect(readiness()).toEqual({ ready: true, generation: 2 });
  expect(asked).toBe(3);
});
