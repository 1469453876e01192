import { afterAll, describe, expect, it } from 'vitest';
import { createGuideReader } from '../utils/follow-guide.ts';

const reader = await createGuideReader({
  file: 'guides/first-graph.md',
  ports: ['4000', '5101'],
  ownBackends: { reviews: '4103', 'stand-in': '4104' },
  // Nobody is asked for a real answer here; the configuration at least is right.
  env: { OPENAI_API_KEY: 'k' },
});

describe('the guide to a first graph, followed to the letter', () => {
  afterAll(() => reader.end());

  it.each(reader.sections)(
    'gives what it shows: $title',
    async ({ steps }) => {
      for (const step of steps) await reader.follow(step);
    },
    120_000,
  );

  it('has its marked blocks in every part, and says the same of the ports throughout', () => {
    expect(reader.sections.map(({ steps }) => steps.map((step) => step.do).join(' '))).toEqual([
      'prepare',
      'write start',
      'write',
      'write run run start run run',
      'start insert append start run',
      'start append insert start run run replace',
    ]);
    expect(reader.ports()).toEqual(['4000', '4103', '4104', '5101']);
  });
});
