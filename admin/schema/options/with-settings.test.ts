import { expect, it } from 'vitest';
import { describeOptions } from '../../../src/config/option-types.ts';
import { withSettings } from './with-settings.ts';

it('judges the size of settings before anything is made of them', async () => {
  let reads = 0;
  const header = {
    get name() {
      reads += 1;
      return 'x';
    },
    value: 'x',
  };
  const settings = { openapi: { headers: Array.from({ length: 50_001 }, () => header) } };
  const given = withSettings(describeOptions().kinds.sources, { settings }, async () => 'made');
  await expect(given).rejects.toMatchObject({
    errors: [{ code: 'INVALID', path: ['settings'], message: expect.stringMatching(/^has more than 50000 values/) }],
  });
  expect(reads).toBe(0);
});
