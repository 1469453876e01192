import { expect, it } from 'vitest';
import type { Generation } from '../../schema/registry.ts';
import { createReadiness } from './readiness.ts';

it('names what the graph that serves lacks, and whether its service is gone or wrong', () => {
  let number = 0;
  let missing = [
    { name: 'a', hasFailed: false },
    { name: 'b', hasFailed: true },
  ];
  const readiness = createReadiness({
    registry: {
      current: () => (number === 0 ? undefined : ({ number } as Generation)),
      publish: () => {
        throw new Error('not here');
      },
    },
    missing: () => missing,
  });
  expect(readiness()).toEqual({ ready: false, generation: 0, missing: ['a'], failed: ['b'] });
  number = 1;
  missing = [{ name: 'b', hasFailed: true }];
  expect(readiness()).toEqual({ ready: true, generation: 1, failed: ['b'] });
  missing = [{ name: 'b', hasFailed: false }];
  expect(readiness()).toEqual({ ready: true, generation: 1, missing: ['b'] });
  number = 2;
  missing = [];
  expect(readiness()).toEqual({ ready: true, generation: 2 });
});
