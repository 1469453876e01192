import { afterAll, describe, expect, it } from 'vitest';
import { createGuideReader } from '../utils/follow-guide.ts';

const reader = await createGuideReader({ file: 'guides/first-tenant.md', ports: ['4000', '5101'] });

describe('the guide to a first tenant, followed to the letter', () => {
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
      'start run',
      'run run run',
      'write write start',
      'run run run',
      'run',
      'run run run',
      'run run run run run',
      'run run run',
    ]);
    expect(reader.ports()).toEqual(['4000', '5101']);
  });
});
