import { afterAll, describe, expect, it } from 'vitest';
import { createGuideReader } from '../utils/follow-guide.ts';

const reader = await createGuideReader({
  file: 'guides/federation.md',
  ports: ['4000', '5211', '5212', '5213'],
});

describe('the guide to federation, followed to the letter', () => {
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
      'run write write write start start',
      'write run start run',
      'write write start insert append start run',
      'stop run start start',
      'write run run',
    ]);
    expect(reader.ports()).toEqual(['4000', '5211', '5212', '5213']);
  });
});
