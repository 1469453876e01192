import { afterAll, describe, expect, it } from 'vitest';
import { createGuideReader } from '../utils/follow-guide.ts';

const reader = await createGuideReader({ file: 'guides/gitops.md', ports: [] });

describe('the guide to the control plane in git, followed to the letter', () => {
  afterAll(() => reader.end());

  it.each(reader.sections)(
    'gives what it shows: $title',
    async ({ steps }) => {
      for (const step of steps) await reader.follow(step);
    },
    120_000,
  );

  it('has its marked blocks in every part', () => {
    expect(reader.sections.map(({ steps }) => steps.map((step) => step.do).join(' '))).toEqual([
      'prepare',
      'write run run',
      'write run run',
      'run',
      'write run',
    ]);
  });
});
