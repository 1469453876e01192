import { afterAll, describe, expect, it } from 'vitest';
import { createGuideReader } from '../utils/follow-guide.ts';

const reader = await createGuideReader({
  file: 'guides/from-key-to-prompt-api.md',
  ports: ['4000'],
  ownBackends: { 'stand-in': '4104' },
});

describe('the guide from a key to a prompt API, followed to the letter', () => {
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
      'prepare start prepare',
      'write start',
      'run run run',
      'insert start run',
      'run',
      'run',
    ]);
    expect(reader.ports()).toEqual(['4000', '4104']);
  });
});
