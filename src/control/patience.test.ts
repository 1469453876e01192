import { describe, expect, it } from 'vitest';
import { userError } from '../../admin/errors.ts';
import { orAgain } from './patience.ts';

const taken = () => userError('TAKEN', ['name'], 'There is one with the same name already.');

describe('what there must be one of', () => {
  it('is found where another instance makes all its parts a moment before this one', async () => {
    // A user first, then the user's token.
    const attempts = [taken(), taken()];
    await expect(
      orAgain(async () => {
        const error = attempts.shift();
        if (error !== undefined) throw error;
        return 'found';
      }),
    ).resolves.toBe('found');
  });

  it('is told to be taken where no look finds it', async () => {
    let looks = 0;
    const look = async () => {
      looks += 1;
      throw taken();
    };
    await expect(orAgain(look)).rejects.toMatchObject({ errors: [{ code: 'TAKEN' }] });
    expect(looks).toBeGreaterThan(2);
  });

  it('is not looked for again after any other failure', async () => {
    let looks = 0;
    const look = async () => {
      looks += 1;
      throw new Error('no disk');
    };
    await expect(orAgain(look)).rejects.toThrow('no disk');
    expect(looks).toBe(1);
  });
});
